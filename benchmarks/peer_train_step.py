#!/usr/bin/env python3
"""The training step of a small GPT in plain PyTorch: what the benchmarks' `train-step` and `rlhf bench` are compared with.

    peer_train_step.py [--width 384] [--layers 6] [--heads 6] [--vocabulary 4096] [--batch 64] [--length 32]
                       [--steps 20] [--threads N] [--dtype float32] [--device cpu]

Weights are float32; bfloat16 is autocast. Prints one JSON object: the median and best step in seconds, tokens per
second, the step's operations and the rate of a large matrix product of that type measured in the same process.
"""
import argparse
import json
import math
import statistics

import torch
import torch.nn.functional as F
from torch import nn

import peer_device


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.act = nn.GELU(approximate="tanh")

    def attention(self, x):
        b, s, d = x.shape
        q, k, v = (t.view(b, s, self.heads, d // self.heads).transpose(1, 2) for t in self.qkv(x).split(d, dim=2))
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q @ k.transpose(-2, -1)) / math.sqrt(q.shape[-1])
            scores = scores.masked_fill(self.mask[:s, :s], float("-inf"))
            y = scores.softmax(-1) @ v
        return self.proj(y.transpose(1, 2).contiguous().view(b, s, d))

    def forward(self, x):
        x = x + self.attention(self.ln_1(x))
        return x + self.down(self.act(self.up(self.ln_2(x))))


class Gpt(nn.Module):
    def __init__(self, vocabulary, width, layers, heads, length):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)
        mask = torch.triu(torch.ones(length, length, dtype=torch.bool), 1)
        for block in self.blocks:
            block.register_buffer("mask", mask, persistent=False)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, 0.0, 0.02)

    def forward(self, tokens):
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1], device=tokens.device))
        for block in self.blocks:
            x = block(x)
        return self.ln_f(x) @ self.wte.weight.t()


def product_rate(device, dtype, repeats=5):
    """Of a product that takes a while: a fast device needs a larger one to be busy."""
    size, best = 256, 0.0
    while best < 0.005:
        size, best = 2 * size, math.inf
        a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
        for _ in range(repeats + 1):
            start = peer_device.now(device)
            torch.mm(a, b)
            best = min(best, peer_device.now(device) - start)
    return 2 * size**3 / best


def main():
    parser = argparse.ArgumentParser()
    for name, value in dict(width=384, layers=6, heads=6, vocabulary=4096, batch=64, length=32, steps=20).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    peer_device.add_arguments(parser)
    args = parser.parse_args()
    device = peer_device.prepare(args)

    model = Gpt(args.vocabulary, args.width, args.layers, args.heads, args.length).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    tokens = torch.randint(0, args.vocabulary, (args.batch, args.length + 1), device=device)
    times, loss = [], None
    for _ in range(args.steps + 3):
        start = peer_device.now(device)
        with peer_device.autocast(args):
            logits = model(tokens[:, :-1])
            loss = F.cross_entropy(logits.float().view(-1, args.vocabulary), tokens[:, 1:].reshape(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        times.append(peer_device.now(device) - start)

    times = times[3:]
    count = args.batch * args.length
    weights = 12 * args.layers * args.width**2 + args.vocabulary * args.width
    flops = 6 * count * weights + 12 * args.layers * count * args.length * args.width
    peak = product_rate(device, peer_device.number_type(args))
    best = min(times)
    print(json.dumps({
        "peer": "pytorch", **peer_device.describe(args),
        "median_s": statistics.median(times), "best_s": best, "tokens_per_s": count / statistics.median(times),
        "gflop": flops / 1e9, "product_gflops": peak / 1e9, "utilisation": flops / statistics.median(times) / peak, "loss": loss.item(),
    }))


if __name__ == "__main__":
    main()
