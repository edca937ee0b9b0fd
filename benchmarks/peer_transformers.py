#!/usr/bin/env python3
"""Hugging Face's transformers on GPT-2's architecture with random weights: the peer of `rlhf bench`, and of the benchmarks' `ppo`.

    peer_transformers.py generate [--shape gpt2_124m] [--batch 64] [--prompt 1] [--new 128] [--repeats 3] [--device cuda] [--dtype bfloat16]
    peer_transformers.py ppo [--shape a] [--episodes 64] [--prompt 8] [--response 24] [--epochs 4] [--generate 4] [--trl] [--device cuda] [--dtype bfloat16]

`generate` is the model's own generate(); `ppo` is the step of peer_ppo.py, or with --trl that of peer_trl.py, around transformers'
model with a value head, which draws --generate episodes at a time: TRL 0.7 draws 4, unless told otherwise; by default all.
Prints one JSON object; ends with 77 where transformers is not installed.
"""
import argparse
import json
import statistics
import sys

import torch
from torch import nn

import peer_device
import peer_ppo
import peer_trl

try:
    import transformers
except ImportError:
    print("peer_transformers: transformers is not installed", file=sys.stderr)
    sys.exit(77)


def gpt2(args):
    shape = peer_ppo.SHAPES[args.shape]
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(
        n_embd=shape["d"], n_layer=shape["layers"], n_head=shape["heads"], vocab_size=shape["vocab"], n_positions=1024,
        bos_token_id=0, eos_token_id=0, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0))


def sample(model, prompts, length):
    """The finished sequences; the end of text is held back, so that every run does the same work."""
    return model.generate(input_ids=prompts, attention_mask=torch.ones_like(prompts), do_sample=True, top_k=0, top_p=1.0, temperature=1.0,
                          min_new_tokens=length, max_new_tokens=length, pad_token_id=0)


class ActorCritic(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.model = gpt2(args)
        self.value = nn.Linear(self.model.config.n_embd, 1)

    def forward(self, tokens):
        hidden = self.model.transformer(input_ids=tokens, use_cache=False).last_hidden_state
        return self.model.lm_head(hidden), self.value(hidden).squeeze(-1), None


def generation(args, device):
    model = gpt2(args).to(device, peer_device.number_type(args)).eval()
    prompts = torch.randint(0, model.config.vocab_size, (args.batch, args.prompt), device=device)
    times = []
    with torch.inference_mode():
        for _ in range(args.repeats + 1):
            start = peer_device.now(device)
            found = sample(model, prompts, args.new)
            times.append(peer_device.now(device) - start)
            assert found.shape == (args.batch, args.prompt + args.new), found.shape
    median = statistics.median(times[1:])
    return {"batch": args.batch, "prompt": args.prompt, "new": args.new, "median_s": median, "tokens_per_s": args.batch * args.new / median}


def ppo(args, device):
    policy, reference = ActorCritic(args).to(device), ActorCritic(args).to(device)
    args.vocab = policy.model.config.vocab_size

    def draw(model, prompts, length):
        return torch.cat([sample(model.model, some, length) for some in prompts.split(args.generate or args.episodes)])

    best = peer_ppo.measure(policy, reference, args, device, draw, peer_trl.step if args.trl else peer_ppo.step)
    return {"episodes": args.episodes, "trl": args.trl, "generate": args.generate or args.episodes, **best, "episodes_per_s": args.episodes / best["iteration"]}


def main():
    parser = argparse.ArgumentParser()
    modes = parser.add_subparsers(dest="mode", required=True)
    generate = modes.add_parser("generate")
    for name, value in dict(batch=64, prompt=1, new=128, repeats=3).items():
        generate.add_argument(f"--{name}", type=int, default=value)
    peer_device.add_arguments(generate)
    step = modes.add_parser("ppo")
    step.add_argument("--generate", type=int, default=0)
    step.add_argument("--trl", action="store_true")
    peer_ppo.add_arguments(step)
    for mode in (generate, step):
        mode.add_argument("--shape", choices=peer_ppo.SHAPES, default="gpt2_124m")
    args = parser.parse_args()
    device = peer_device.prepare(args)
    found = generation(args, device) if args.mode == "generate" else ppo(args, device)
    print(json.dumps({"peer": f"transformers-{args.mode}", "transformers": transformers.__version__, **peer_device.describe(args), "shape": args.shape, **found}))


if __name__ == "__main__":
    main()
