using Rlhf.Policies.Fused;

namespace Rlhf.Policies.Tests.Fused;

/// <summary>Tests that suspend the kernels, which are everybody's: no other test runs beside them.</summary>
[CollectionDefinition(nameof(KernelRule), DisableParallelization = true)]
public sealed class KernelRuleCollection;
