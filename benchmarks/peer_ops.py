"""The operator sequence of benchmarks/TensorLayer in plain PyTorch: ns per call, best of 7 rounds."""
import time
import torch

torch.set_num_threads(1)
torch.manual_seed(0)
a, b = torch.randn(8, 8), torch.randn(8, 8)
w = torch.randn(8, 8, requires_grad=True)


def sequence():
    h = a.matmul(b).relu() + a
    (h * 0.5).softmax(-1).sum(0).view(2, 4).transpose(0, 1)


def forward_backward():
    a.matmul(w).tanh().sum().backward()
    w.grad = None


OPS = {
    "add": lambda: a + b,
    "mul_scalar": lambda: a * 0.5,
    "matmul": lambda: a.matmul(b),
    "addmm": lambda: a.addmm(a, b),
    "softmax": lambda: a.softmax(-1),
    "view": lambda: a.view(64),
    "slice": lambda: a.narrow(0, 2, 4),
    "sum_dim": lambda: a.sum(-1),
    "sequence": sequence,
    "forward_backward": forward_backward,
}
for name, op in OPS.items():
    for _ in range(20_000):
        op()
    best = float("inf")
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(20_000):
            op()
        best = min(best, (time.perf_counter() - start) / 20_000)
    print(f"{name} {best * 1e9:.0f}")
