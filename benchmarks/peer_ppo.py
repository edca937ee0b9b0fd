"""One PPO iteration in plain PyTorch, eager, step for step as TRL 0.7 makes it: the peer of `rlhf bench`'s PPO.

Cached generation of the whole batch at once, one forward pass each of policy and reference over the finished
sequences, generalised advantage estimation, then epochs of minibatches through a policy with a value head.
TRL itself generates in batches of 4 by default and does more bookkeeping (peer_trl.py); this peer is the quicker of the two.

    python3 benchmarks/peer_ppo.py --shape b --repeats 3 --json
    python3 benchmarks/peer_ppo.py --shape gpt2_124m --prompt 128 --response 128 --device cuda --dtype bfloat16 --json
"""
import argparse
import json

import torch
from torch import nn
from torch.nn import functional as F

import peer_device

SHAPES = {
    "a": dict(d=128, layers=4, heads=4, vocab=512),
    "b": dict(d=384, layers=6, heads=6, vocab=4096),
    "gpt2_124m": dict(d=768, layers=12, heads=12, vocab=50257),
}


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.up, self.down = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x, bias, past):
        b, s, d = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(b, s, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        weights = (q @ k.transpose(-1, -2) / (d // self.heads) ** 0.5 + bias).softmax(-1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(b, s, d))
        return x + self.down(F.gelu(self.up(self.ln2(x)))), (k, v)


class Gpt(nn.Module):
    """GPT-2's block with learned positions, a tied head and a value head."""

    def __init__(self, d, layers, heads, vocab, context):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab, d), nn.Embedding(context, d)
        self.blocks = nn.ModuleList(Block(d, heads) for _ in range(layers))
        self.ln, self.value = nn.LayerNorm(d), nn.Linear(d, 1)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.02)

    def forward(self, tokens, past=None):
        start = 0 if past is None else past[0][0].shape[2]
        s = tokens.shape[1]
        x = self.wte(tokens) + self.wpe(torch.arange(start, start + s, device=tokens.device))
        bias = torch.full((s, start + s), float("-inf"), device=tokens.device).triu(start + 1)
        caches = []
        for i, block in enumerate(self.blocks):
            x, cache = block(x, bias, None if past is None else past[i])
            caches.append(cache)
        x = self.ln(x)
        return x @ self.wte.weight.T, self.value(x).squeeze(-1), caches


@torch.no_grad()
def generate(model, prompts, length):
    logits, _, past = model(prompts)
    rows = [prompts]
    for t in range(length):
        token = torch.multinomial(logits[:, -1].float().softmax(-1), 1)
        rows.append(token)
        if t + 1 < length:
            logits, _, past = model(token, past)
    return torch.cat(rows, 1)


def log_probs(logits, tokens, prompt):
    logits = logits[:, prompt - 1:-1]
    return logits, logits.log_softmax(-1).gather(-1, tokens[:, prompt:].unsqueeze(-1)).squeeze(-1)


def whiten(x):
    return (x - x.mean()) * torch.rsqrt(x.var() + 1e-8)


def step(policy, reference, optimizer, args, device, sample=generate):
    """Seconds by phase; `sample` draws the responses."""
    lap = peer_device.Laps(device)
    prompts = torch.randint(args.vocab, (args.episodes, args.prompt), device=device)
    with peer_device.autocast(args):
        tokens = sample(policy, prompts, args.response)
        lap("rollout")
        with torch.no_grad():
            logits, values, _ = policy(tokens)
            _, old = log_probs(logits.float(), tokens, args.prompt)
            values = values.float()[:, args.prompt - 1:-1]
            _, ref = log_probs(reference(tokens)[0].float(), tokens, args.prompt)
    rewards = -0.1 * (old - ref)
    rewards[:, -1] += torch.randn(args.episodes, device=device)
    advantages, last = [], torch.zeros(args.episodes, device=device)
    for t in reversed(range(args.response)):
        following = values[:, t + 1] if t + 1 < args.response else 0.0
        last = rewards[:, t] + following - values[:, t] + 0.95 * last
        advantages.append(last)
    advantages = torch.stack(advantages[::-1], 1)
    returns, advantages = advantages + values, whiten(advantages)
    lap("scoring")
    for _ in range(args.epochs):
        for rows in torch.randperm(args.episodes, device=device).chunk(args.minibatches):
            with peer_device.autocast(args):
                logits, new_values, _ = policy(tokens[rows])
                logits, new = log_probs(logits.float(), tokens[rows], args.prompt)
                new_values = new_values.float()[:, args.prompt - 1:-1]
            ratio = (new - old[rows]).exp()
            a = advantages[rows]
            loss = torch.max(-a * ratio, -a * ratio.clamp(0.8, 1.2)).mean()
            clipped = torch.max(torch.min(new_values, values[rows] + 0.2), values[rows] - 0.2)
            value_loss = 0.5 * torch.max((new_values - returns[rows]) ** 2, (clipped - returns[rows]) ** 2).mean()
            with torch.no_grad():
                p = logits.softmax(-1)
                (torch.logsumexp(logits, -1) - (p * logits).sum(-1)).mean()
            optimizer.zero_grad()
            (loss + 0.1 * value_loss).backward()
            torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
            optimizer.step()
    lap("update")
    return lap.seconds


def add_arguments(parser):
    parser.add_argument("--episodes", type=int, default=64)
    parser.add_argument("--prompt", type=int, default=8)
    parser.add_argument("--response", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--minibatches", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    peer_device.add_arguments(parser)


def measure(policy, reference, args, device, sample=generate, step=step):
    """Best seconds of each phase and of a whole iteration, after one that warms up."""
    reference.load_state_dict(policy.state_dict())
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-5, foreach=True)
    runs = [step(policy, reference, optimizer, args, device, sample) for _ in range(args.repeats + 1)][1:]
    best = {name: min(run[name] for run in runs) for name in runs[0]}
    best["iteration"] = min(sum(run.values()) for run in runs)
    return best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shape", choices=SHAPES, default="a")
    add_arguments(parser)
    args = parser.parse_args()
    device = peer_device.prepare(args)
    shape = dict(SHAPES[args.shape], context=args.prompt + args.response)
    args.vocab = shape["vocab"]
    best = measure(Gpt(**shape).to(device), Gpt(**shape).to(device), args, device)
    if args.json:
        print(json.dumps({"peer": "pytorch", **peer_device.describe(args), "shape": args.shape, "episodes": args.episodes, **best,
                          "episodes_per_s": args.episodes / best["iteration"]}))
    else:
        print(f"({args.shape}) " + ", ".join(f"{name} {value:.3f} s" for name, value in best.items()))


if __name__ == "__main__":
    main()
