"""Where policies that are tables settle, from the formulas and without the product: run it, and compare with Ppo/KnownOptimumTests.cs.

One token, three states, five actions, rewards r and reference rho. Needs nothing but Python.
"""
import itertools
import math

R = [[1, 0, -1, 0.5, 0], [0, 2, 0, -0.5, 1], [-1, -1, 1.5, 0, 0]]
LOGITS = [[0.5, 0, -0.5, 0, 1], [0, 0, 0, 0.3, -1], [1, 0, 0, 0.5, 0]]


def softmax(x):
    top = max(x)
    e = [math.exp(v - top) for v in x]
    return [v / sum(e) for v in e]


RHO = [softmax(row) for row in LOGITS]


def exponential(beta, scale=1.0):
    """max E[scale*r] - beta*KL(pi||rho)"""
    return [softmax([math.log(p) + scale * r / beta for p, r in zip(rho, row)]) for rho, row in zip(RHO, R)]


def forward(beta, scale):
    """where the gradients of E[scale*r] and of beta*KL(rho||pi) cancel, which is k3's as a loss:
    pi*(scale*(r - V)) = beta*(pi - rho)"""
    table = []
    for rho, row in zip(RHO, R):
        def total(v):
            return sum(beta * p / (beta + scale * (v - r)) for p, r in zip(rho, row))
        low, high = max(row) - beta / scale + 1e-12, max(row)
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if total(middle) > 1 else (low, middle)
        table.append([beta * p / (beta + scale * (low - r)) for p, r in zip(rho, row)])
    return table


def compositions(total, parts):
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in compositions(total - first, parts - 1):
            yield (first, *rest)


def standardised(pi, row, group):
    """E[(r_a - mean)/(sd + 1e-4) | a drawn] with the other group-1 drawn from pi, exactly"""
    expected = [0.0] * len(row)
    for others in compositions(group - 1, len(row)):
        chance = math.factorial(group - 1)
        for p, n in zip(pi, others):
            chance *= p ** n / math.factorial(n)
        for a, r in enumerate(row):
            counts = [n + (i == a) for i, n in enumerate(others)]
            mean = sum(n * x for n, x in zip(counts, row)) / group
            sd = math.sqrt(sum(n * (x - mean) ** 2 for n, x in zip(counts, row)) / (group - 1))
            expected[a] += chance * (r - mean) / (sd + 1e-4)
    return expected


def grpo(beta, group):
    """the same for GRPO's advantage, by following the expected gradient"""
    table = []
    for rho, row in zip(RHO, R):
        logits = [math.log(p) for p in rho]
        for step in range(1500):
            pi = softmax(logits)
            a = standardised(pi, row, group)
            base = sum(p * x for p, x in zip(pi, a))
            logits = [l + 0.5 * (p * (x - base) - beta * (p - q)) for l, p, q, x in zip(logits, pi, rho, a)]
        table.append(softmax(logits))
    return table


def show(name, table):
    print(name, "=", ", ".join(f"{p:.6f}" for row in table for p in row))


if __name__ == "__main__":
    show("exponential(0.5)", exponential(0.5))
    show("exponential(1)", exponential(1))
    show("exponential(0.5, 7/8)", exponential(0.5, 7 / 8))
    show("forward(0.5, 7/8)", forward(0.5, 7 / 8))
    show("grpo(0.5, 8)", grpo(0.5, 8))
    show("grpo(1, 8)", grpo(1, 8))


# Two steps: in state 0 action 0 ends with 0.4, actions 1 and 2 lead to states 1 and 2, where every action ends.
TREE_LOGITS = [[0.5, 0, 0], [0, 0.5, -0.5], [1, 0, 0]]
ENDS = {(0, 0): 0.4, (1, 0): 1.0, (1, 1): -1.0, (1, 2): 0.0, (2, 0): 0.0, (2, 1): 1.5, (2, 2): -0.5}


def tree_reward(beta):
    """KL in the reward: max E[r] - beta*KL over whole responses, by dynamic programming"""
    rho = [softmax(row) for row in TREE_LOGITS]
    rows, worth = [None] * 3, [0.0] * 3
    for s in (2, 1, 0):
        q = [ENDS.get((s, a), worth[a] if s == 0 else 0) for a in range(3)]
        rows[s] = softmax([math.log(p) + x / beta for p, x in zip(rho[s], q)])
        worth[s] = beta * math.log(sum(p * math.exp(x / beta) for p, x in zip(rho[s], q)))
    return rows


def tree_loss(beta, scale, k3):
    """KL in the loss, token by token: earlier tokens are not charged for the KL of later ones"""
    global RHO, R
    rho = [softmax(row) for row in TREE_LOGITS]
    rows, worth = [None] * 3, [0.0] * 3
    for s in (2, 1, 0):
        q = [ENDS.get((s, a), worth[a] if s == 0 else 0) for a in range(3)]
        if k3:
            RHO, R = [rho[s]], [q]
            rows[s] = forward(beta, scale)[0]
        else:
            rows[s] = softmax([math.log(p) + scale * x / beta for p, x in zip(rho[s], q)])
        worth[s] = sum(p * x for p, x in zip(rows[s], q))
    return rows


if __name__ == "__main__":
    show("tree_reward(0.5)", tree_reward(0.5))
    show("tree_loss(0.5, 7/8, k2)", tree_loss(0.5, 7 / 8, False))
    show("tree_loss(0.5, 7/8, k3)", tree_loss(0.5, 7 / 8, True))
