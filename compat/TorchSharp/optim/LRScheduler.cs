namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static class lr_scheduler
        {
            public static LRScheduler LambdaLR(Optimizer optimizer, Func<int, double> lr_lambda, int last_epoch = -1, bool verbose = false) =>
                new(optimizer, (step, initial) => initial * lr_lambda(step), last_epoch, verbose);

            public static LRScheduler StepLR(Optimizer optimizer, int step_size, double gamma = 0.1, int last_epoch = -1, bool verbose = false) =>
                new(optimizer, (step, initial) => initial * Math.Pow(gamma, step / step_size), last_epoch, verbose);

            public static LRScheduler ExponentialLR(Optimizer optimizer, double gamma = 0.1, int last_epoch = -1, bool verbose = false) =>
                new(optimizer, (step, initial) => initial * Math.Pow(gamma, step), last_epoch, verbose);

            /// <summary>η_min + (η − η_min)·(1 + cos(π·t/T))/2, Loshchilov and Hutter 2017.</summary>
            public static LRScheduler CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0.0, int last_epoch = -1, bool verbose = false) =>
                new(optimizer, (step, initial) => eta_min + (initial - eta_min) * (1 + Math.Cos(Math.PI * step / T_max)) / 2, last_epoch, verbose);

            public static LRScheduler LinearLR(Optimizer optimizer, double start_factor = 1.0 / 3, double end_factor = 1.0, int total_iters = 5, int last_epoch = -1, bool verbose = false) =>
                new(optimizer, (step, initial) => initial * (start_factor + (end_factor - start_factor) * Math.Min(step, total_iters) / total_iters), last_epoch, verbose);

            /// <summary>Sets every group's learning rate as a function of the step and its initial rate.</summary>
            public sealed class LRScheduler
            {
                private readonly Optimizer _optimizer;
                private readonly Func<int, double, double> _rate;
                private readonly bool _verbose;
                private int _step;

                internal LRScheduler(Optimizer optimizer, Func<int, double, double> rate, int lastEpoch, bool verbose)
                {
                    (_optimizer, _rate, _step, _verbose) = (optimizer, rate, lastEpoch, verbose);
                    step();
                }

                public void step()
                {
                    _step++;
                    foreach (var group in _optimizer.Groups) group.LearningRate = _rate(_step, group.InitialLearningRate);
                    if (_verbose) Console.Error.WriteLine($"learning rate at step {_step}: {string.Join(", ", get_last_lr())}");
                }

                public IEnumerable<double> get_last_lr() => _optimizer.Groups.Select(g => g.LearningRate);
            }
        }
    }
}
