"""Losses and gradients of the policy objectives by PyTorch in float64, written from the papers; the literals of Ppo/SurrogateTests.cs.

/usr/bin/python3 tests/Rlhf.Tests/python/surrogates.py
"""
import torch

torch.set_default_dtype(torch.float64)

# Two responses of 3 and 2 tokens, at most 4 long.
lengths, longest = [3, 2], 4
new = torch.tensor([-1.0, -0.7, -2.0, -0.4, -1.5], requires_grad=True)
old = torch.tensor([-1.3, -0.6, -1.9, -0.9, -0.8])
drawn = torch.tensor([-1.2, -0.6, -3.0, -0.9, -0.3])
adv = torch.tensor([1.0, 1.0, -0.5, 2.0, -1.0])
ref = torch.tensor([-1.1, -0.9, -1.0, -0.5, -1.5])
row = torch.tensor([0, 0, 0, 1, 1])
n = torch.tensor([float(lengths[i]) for i in row])

weights = {
    "token": torch.full((5,), 1 / 5),
    "sequence": 1 / (n * 2),
    "constant": torch.full((5,), 1 / (longest * 2)),
}


def clip(low, high):
    r = (new - old).exp()
    return torch.maximum(-adv * r, -adv * r.clamp(1 - low, 1 + high))


def sequence(low, high):
    mean = torch.stack([(new - old)[:3].mean(), (new - old)[3:].mean()])[row]
    s = mean.detach().exp() * (new - new.detach()).exp()
    return torch.maximum(-adv * s, -adv * s.clamp(1 - low, 1 + high))


def cispo(low, high):
    r = (new - old).exp().detach()
    return -r.clamp(1 - low, 1 + high) * adv * new


def k(kind):
    d = new - ref
    return {"k2": 0.5 * d * d, "k3": (-d).exp() - 1 + d}[kind]


def show(name, per_token, average="token"):
    new.grad = None
    loss = (per_token * weights[average]).sum()
    loss.backward()
    print(f"{name}: {loss.item():.9f} | {', '.join(f'{g:.9f}' for g in new.grad.tolist())}")


w = (old - drawn).exp()
show("clip 0.2", clip(0.2, 0.2))
show("clip 0.2/0.28", clip(0.2, 0.28))
show("clip 0.2/0.4 sequence", clip(0.2, 0.4), "sequence")
show("clip 0.2 constant", clip(0.2, 0.2), "constant")
show("sequence_clip 0.03/0.04", sequence(0.03, 0.04), "sequence")
show("sequence_clip 0.3/0.4", sequence(0.3, 0.4), "sequence")
show("clipped_weight -/0.3", cispo(1, 0.3))
show("clipped_weight 0.3/0.3", cispo(0.3, 0.3))
show("clip 0.2, truncated at 1.5", clip(0.2, 0.2) * w.clamp(max=1.5))
show("clip 0.2, masked at 1.5", clip(0.2, 0.2) * torch.where((w <= 1.5) & (w >= 1 / 1.5), w, torch.zeros_like(w)))
show("clip 0.2 + 0.3*k2", clip(0.2, 0.2) + 0.3 * k("k2"))
show("clip 0.2 + 0.3*k3 sequence", clip(0.2, 0.2) + 0.3 * k("k3"), "sequence")
# GSPO as the paper writes it, a loss per sequence, with one advantage per response
s = torch.stack([(new - old)[:3].mean(), (new - old)[3:].mean()]).exp()
A = torch.tensor([1.0, -2.0])
new.grad = None
loss = torch.maximum(-A * s, -A * s.clamp(0.7, 1.4)).mean()
loss.backward()
print(f"gspo paper 0.3/0.4: {loss.item():.9f} | {', '.join(f'{g:.9f}' for g in new.grad.tolist())}")
print("mismatch_kl", ((w - 1 - w.log()).mean()).item(), "ess", (w.sum() ** 2 / (5 * (w * w).sum())).item())
