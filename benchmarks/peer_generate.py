#!/usr/bin/env python3
"""Sampling from a small GPT in plain PyTorch: what the benchmarks' `generate` is compared with.

    peer_generate.py cached|recompute [--width 384] [--layers 6] [--heads 6] [--vocabulary 4096]
                     [--batch 64] [--prompt 32] [--new 64] [--repeats 3] [--device cpu] [--dtype float32]

`recompute` runs the whole prefix through the model for every token, as the shortest sampling loops do; `cached` keeps
keys and values in buffers of fixed size and runs the newest token alone. Logits are taken at the last position only in
both. Prints one JSON object.
"""
import argparse
import json
import math
import statistics

import torch

import peer_device
from peer_train_step import Gpt


def heads(block, x):
    b, s, d = x.shape
    return (t.view(b, s, block.heads, d // block.heads).transpose(1, 2) for t in block.qkv(x).split(d, dim=2))


class Cached:
    def __init__(self, model, batch, columns, width):
        self.model, self.length = model, 0
        block = model.blocks[0]
        shape = (batch, block.heads, columns, width // block.heads)
        self.buffers = [tuple(torch.zeros(shape, dtype=model.wte.weight.dtype, device=model.wte.weight.device) for _ in range(2)) for _ in model.blocks]

    def last(self, tokens):
        """Logits [B, V] behind the tokens [B, n], which follow those of earlier calls."""
        start, end = self.length, self.length + tokens.shape[1]
        x = self.model.wte(tokens) + self.model.wpe(torch.arange(start, end, device=tokens.device))
        for block, (keys, values) in zip(self.model.blocks, self.buffers):
            q, k, v = heads(block, block.ln_1(x))
            keys[:, :, start:end], values[:, :, start:end] = k, v
            scores = q @ keys[:, :, :end].transpose(-2, -1) / math.sqrt(q.shape[-1])
            if start == 0:
                scores = scores.masked_fill(block.mask[:end, :end], float("-inf"))
            y = scores.softmax(-1) @ values[:, :, :end]
            x = x + block.proj(y.transpose(1, 2).reshape(x.shape))
            x = x + block.down(block.act(block.up(block.ln_2(x))))
        self.length = end
        return self.model.ln_f(x[:, -1]) @ self.model.wte.weight.t()


def recomputed(model, tokens):
    x = model.wte(tokens) + model.wpe(torch.arange(tokens.shape[1], device=tokens.device))
    for block in model.blocks:
        x = block(x)
    return model.ln_f(x[:, -1]) @ model.wte.weight.t()


def generate(model, prompts, new, mode, width):
    tokens = prompts
    cache = Cached(model, prompts.shape[0], prompts.shape[1] + new, width) if mode == "cached" else None
    latest = prompts
    for _ in range(new):
        logits = cache.last(latest) if cache else recomputed(model, tokens)
        latest = torch.multinomial(logits.float().softmax(-1), 1)
        tokens = torch.cat([tokens, latest], 1)
    return tokens


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["cached", "recompute"])
    for name, value in dict(width=384, layers=6, heads=6, vocabulary=4096, batch=64, prompt=32, new=64, repeats=3).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    peer_device.add_arguments(parser)
    args = parser.parse_args()
    device = peer_device.prepare(args)
    model = Gpt(args.vocabulary, args.width, args.layers, args.heads, args.prompt + args.new).to(device, peer_device.number_type(args))
    prompts = torch.randint(0, args.vocabulary, (args.batch, args.prompt), device=device)
    times = []
    with torch.inference_mode():
        # Both ways have to agree on what comes next before either is timed.
        probe, some = Cached(model, args.batch, args.prompt + 2, args.width), torch.cat([prompts, prompts[:, :1]], 1)
        probe.last(some[:, :-1])
        assert torch.allclose(probe.last(some[:, -1:]), recomputed(model, some), atol=1e-4 if args.device == "cpu" and args.dtype == "float32" else 0.1)
        generate(model, prompts, 2, args.mode, args.width)
        for _ in range(args.repeats):
            start = peer_device.now(device)
            generate(model, prompts, args.new, args.mode, args.width)
            times.append(peer_device.now(device) - start)
    median = statistics.median(times)
    print(json.dumps({"peer": f"pytorch-{args.mode}", **peer_device.describe(args), "batch": args.batch,
                      "prompt": args.prompt, "new": args.new, "median_s": median, "tokens_per_s": args.batch * args.new / median}))


if __name__ == "__main__":
    main()
