"""What plain PyTorch makes of the files this project writes; one JSON object on stdout.

    peer.py tensors FILE                     sha256 of every tensor's bytes
    peer.py logits FOLDER TOKENS             logits of rows of tokens, given as JSON
    peer.py lora FOLDER ADAPTER TOKENS       mean next-token loss under an adapter, and its gradients
"""
import hashlib
import json
import sys

import torch
import torch.nn.functional as F

from checkpoint import Model, read_safetensors


def tensors(path):
    return {name: {"dtype": str(tensor.dtype), "shape": list(tensor.shape), "sha256": hashlib.sha256(tensor.reshape(-1).view(torch.uint8).numpy().tobytes()).hexdigest()}
            for name, tensor in read_safetensors(path).items()}


def logits(folder, tokens):
    with torch.no_grad():
        return Model(folder).logits(torch.tensor(json.loads(tokens))).tolist()


def lora(folder, adapter, tokens):
    model, rows = Model(folder, adapter), torch.tensor(json.loads(tokens))
    loss = F.cross_entropy(model.logits(rows)[:, :-1].flatten(0, 1), rows[:, 1:].flatten())
    loss.backward()
    return {"loss": loss.item(), "gradients": {name: tensor.grad.flatten().tolist() for name, tensor in model.adapter.items()}}


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    json.dump({"tensors": tensors, "logits": logits, "lora": lora}[command](*arguments), sys.stdout)
