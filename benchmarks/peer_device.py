"""What the peers share: where they run, in which number type, and clocks that wait for a GPU."""
import os
import time

import torch


def add_arguments(parser):
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--threads", type=int, default=os.cpu_count())


def prepare(args):
    """The device. Float32 products of a GPU use TF32, as ours do."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = True
    return torch.device(args.device)


def number_type(args):
    return getattr(torch, args.dtype)


def autocast(args):
    """Float32 weights, products in bfloat16 where that is asked for."""
    return torch.autocast(args.device.split(":")[0], dtype=torch.bfloat16, enabled=args.dtype == "bfloat16")


def now(device):
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


class Laps:
    """Seconds of one phase after the other, by name."""

    def __init__(self, device):
        self.device, self.seconds, self.start = device, {}, now(device)

    def __call__(self, name):
        end = now(self.device)
        self.seconds[name], self.start = end - self.start, end


def describe(args):
    return {"torch": torch.__version__, "device": args.device, "dtype": args.dtype, "threads": torch.get_num_threads()}
