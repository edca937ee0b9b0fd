"""Preference losses and gradients by PyTorch in float64, written from the papers; the literals of Dpo/PairLossTests.cs and Dpo/KtoLossTests.cs.

/usr/bin/python3 tests/Rlhf.Tests/python/preferences.py
"""
import torch
from torch.nn.functional import logsigmoid

torch.set_default_dtype(torch.float64)

chosen = torch.tensor([-6.0, -20.0, -3.0], requires_grad=True)
rejected = torch.tensor([-9.0, -12.0, -3.5], requires_grad=True)
ref_chosen = torch.tensor([-7.0, -18.0, -2.0])
ref_rejected = torch.tensor([-8.0, -15.0, -6.0])
n_chosen = torch.tensor([4.0, 10.0, 2.0])
n_rejected = torch.tensor([6.0, 5.0, 7.0])


def show(name, losses):
    chosen.grad = rejected.grad = None
    losses.sum().backward()
    numbers = [losses.tolist(), chosen.grad.tolist(), rejected.grad.tolist()]
    print(name, "|", " | ".join(", ".join(f"{x:.9f}" for x in row) for row in numbers))


def h(mean=False):
    a, b = chosen - ref_chosen, rejected - ref_rejected
    return a / n_chosen - b / n_rejected if mean else a - b


show("sigmoid", -logsigmoid(0.1 * h()))
show("sigmoid smoothed 0.1", -0.9 * logsigmoid(0.1 * h()) - 0.1 * logsigmoid(-0.1 * h()))
show("sigmoid mean", -logsigmoid(5 * h(True)))
show("sigmoid + likelihood 0.5", -logsigmoid(0.1 * h()) - 0.5 * chosen / n_chosen)
show("ipo", (h() - 5) ** 2)
show("ipo mean", (h(True) - 0.1) ** 2)


def means():
    return chosen / n_chosen, rejected / n_rejected


c, r = means()
show("simpo", -logsigmoid(2 * (c - r) - 1))
c, r = means()
show("simpo 2.5 0.75", -logsigmoid(2.5 * (c - r) - 0.75))
c, r = means()
odds = (c - r) - (torch.log(1 - c.exp()) - torch.log(1 - r.exp()))
show("orpo", -c - 0.1 * logsigmoid(odds))

drift = torch.tensor([2.0, -1.0, 0.5, 3.0], requires_grad=True)
good = torch.tensor([True, True, False, False])
for z in (0.8, 0.0):
    drift.grad = None
    losses = torch.where(good, 1.5 * (1 - torch.sigmoid(0.1 * (drift - z))), 0.5 * (1 - torch.sigmoid(0.1 * (z - drift))))
    losses.sum().backward()
    print("kto z =", z, "|", ", ".join(f"{x:.9f}" for x in losses.tolist()), "|", ", ".join(f"{x:.9f}" for x in drift.grad.tolist()))
