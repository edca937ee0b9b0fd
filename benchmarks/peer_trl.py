"""One PPO iteration with the bookkeeping of TRL 0.7's PPOTrainer, which peer_ppo.py leaves out: log-probs, values and
advantages at every position of prompt and response under a mask that is made row by row, forward passes in minibatches,
entropies within the loss's graph, and the statistics of every minibatch, read at the end of the step.

What TRL does beyond this is left out here too: dropout, its DataLoader and accelerate, and padding of prompts. Gradients are
clipped and the optimizer is the one of peer_ppo.py, so that both sides do the same.
"""
import torch

import peer_device


def mean(x, mask):
    return (x * mask).sum() / mask.sum()


def variance(x, mask):
    count = mask.sum()
    return mean((x - mean(x, mask)) ** 2, mask) * count / (count - 1)


def forward(model, queries, responses, tokens, rows):
    """Log-probs, values and masks [B, S - 1], and logits, of so many rows at a time."""
    parts = []
    for first in range(0, len(queries), rows):
        some = tokens[first:first + rows]
        logits, values, _ = model(some)
        logits, values = logits[:, :-1].float(), values[:, :-1].float()
        chosen = logits.log_softmax(-1).gather(-1, some[:, 1:].unsqueeze(-1)).squeeze(-1)
        mask = torch.ones_like(some)[:, 1:]
        for i, (query, response) in enumerate(zip(queries[first:first + rows], responses[first:first + rows])):
            start = len(query) - 1
            mask[i, :start] = 0
            mask[i, start + len(response):] = 0
        parts.append((chosen, values, mask, logits))
    return [torch.cat(each) for each in zip(*parts)]


def rewarded(scores, log_probs, references, masks):
    rewards = []
    for score, log_prob, reference, mask in zip(scores, log_probs, references, masks):
        reward = -0.1 * (log_prob - reference)
        reward[mask.nonzero()[-1]] += score
        rewards.append(reward)
    return torch.stack(rewards)


def estimate(values, rewards, mask):
    """Advantages, whitened, and returns."""
    values, rewards = values * mask, rewards * mask
    length, last, reversed_ = rewards.shape[-1], 0, []
    for t in reversed(range(length)):
        following = values[:, t + 1] if t < length - 1 else 0.0
        last = rewards[:, t] + following - values[:, t] + 0.95 * last
        reversed_.append(last)
    advantages = torch.stack(reversed_[::-1], 1)
    whitened = (advantages - mean(advantages, mask)) * torch.rsqrt(variance(advantages, mask) + 1e-8)
    return values, whitened.detach(), advantages + values


def losses(old, values, advantages, returns, mask, new, new_values, logits):
    """The loss, and all that is logged of it."""
    clipped = torch.max(torch.min(new_values, values + 0.2), values - 0.2)
    value_losses, value_losses_clipped = (new_values - returns) ** 2, (clipped - returns) ** 2
    value_loss = 0.5 * mean(torch.max(value_losses, value_losses_clipped), mask)
    ratio = (new - old).exp()
    policy_losses, policy_losses_clipped = -advantages * ratio, -advantages * ratio.clamp(0.8, 1.2)
    policy_loss = mean(torch.max(policy_losses, policy_losses_clipped), mask)
    loss = policy_loss + 0.1 * value_loss
    entropies = logits.logsumexp(-1) - (logits.softmax(-1) * logits).sum(-1)
    statistics = {
        "policy_loss": policy_loss, "value_loss": value_loss, "loss": loss, "entropy": mean(entropies, mask), "ratio": ratio,
        "approximate_kl": 0.5 * mean((new - old) ** 2, mask), "policy_kl": mean(old - new, mask), "advantages": advantages,
        "clipped": mean((policy_losses_clipped > policy_losses).double(), mask), "advantages_mean": mean(advantages, mask),
        "value_clipped": mean((value_losses_clipped > value_losses).double(), mask), "value_error": mean(value_losses, mask),
        "returns_mean": mean(returns, mask), "returns_variance": variance(returns, mask), "new_values": mean(new_values, mask),
        "values_mean": mean(values, mask), "values_variance": variance(values, mask),
    }
    if mean(ratio, mask).item() > 10:
        loss = loss * 0.0
    return loss, {name: each.detach() for name, each in statistics.items()}


def step(policy, reference, optimizer, args, device, sample):
    """Seconds by phase; `sample` draws the responses."""
    lap = peer_device.Laps(device)
    queries = list(torch.randint(args.vocab, (args.episodes, args.prompt), device=device))
    with peer_device.autocast(args):
        responses = [row[args.prompt:] for row in sample(policy, torch.stack(queries), args.response)]
        lap("rollout")
        tokens = torch.stack([torch.cat(pair) for pair in zip(queries, responses)])
        rows = args.episodes // args.minibatches
        with torch.no_grad():
            old, values, masks, _ = forward(policy, queries, responses, tokens, rows)
            references = forward(reference, queries, responses, tokens, rows)[0]
    rewards = rewarded(torch.randn(args.episodes, device=device), old, references, masks)
    values, advantages, returns = estimate(values, rewards, masks)
    lap("scoring")
    logged = []
    for _ in range(args.epochs):
        for part in torch.randperm(args.episodes).split(rows):
            with peer_device.autocast(args):
                new, new_values, _, logits = forward(policy, [queries[i] for i in part], [responses[i] for i in part], tokens[part], rows)
            loss, statistics = losses(old[part], values[part], advantages[part], returns[part], masks[part], new, new_values, logits)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
            optimizer.step()
            logged.append(statistics)
    {name: torch.stack([each[name] for each in logged]).mean(0).cpu().numpy() for name in logged[0]}
    [mean(x, masks).item() for x in (old - references, -old, rewards)]
    lap("update")
    return lap.seconds
