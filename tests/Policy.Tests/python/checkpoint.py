"""Checkpoints read without this project's code: safetensors by the format's description, models in plain PyTorch."""
import json
import os

import torch
import torch.nn.functional as F

TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        tensors[name] = torch.frombuffer(bytearray(data[start + begin:start + end]), dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


class Model:
    """Weights of a folder, with the adapter of another where one is given: W x + alpha/r · B A x, by PEFT's names."""

    def __init__(self, folder, adapter=None):
        with open(os.path.join(folder, "config.json")) as file:
            self.config = json.load(file)
        self.weights = {name: tensor.float() for name, tensor in read_safetensors(os.path.join(folder, "model.safetensors")).items()}
        self.adapter, self.scale = {}, 0
        if adapter:
            with open(os.path.join(adapter, "adapter_config.json")) as file:
                settings = json.load(file)
            self.scale = settings["lora_alpha"] / settings["r"]
            self.adapter = {name: tensor.float().requires_grad_() for name, tensor in read_safetensors(os.path.join(adapter, "adapter_model.safetensors")).items()}

    def linear(self, x, module, transposed=False):
        weight = self.weights[f"{module}.weight"]
        y = F.linear(x, weight.t() if transposed else weight, self.weights.get(f"{module}.bias"))
        down, up = (self.adapter.get(f"base_model.model.{module}.lora_{side}.weight") for side in "AB")
        return y if down is None else y + self.scale * F.linear(F.linear(x, down), up)

    def logits(self, tokens):
        return (self.llama if self.config["model_type"] == "llama" else self.gpt2)(tokens)

    def llama(self, tokens):
        c = self.config
        heads, shared = c["num_attention_heads"], c["num_key_value_heads"]
        width = c["hidden_size"] // heads
        x = self.weights["model.embed_tokens.weight"][tokens]
        batch, length = tokens.shape
        angles = torch.outer(torch.arange(length, dtype=torch.float64), c.get("rope_theta", 10000.0) ** (-torch.arange(0, width, 2, dtype=torch.float64) / width))
        cosines, sines = (torch.cat([f(angles)] * 2, 1).float() for f in (torch.cos, torch.sin))

        def norm(x, name):
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + c["rms_norm_eps"]) * self.weights[f"{name}.weight"]

        def turn(x):
            return x * cosines + torch.cat([-x[..., width // 2:], x[..., :width // 2]], -1) * sines

        for layer in range(c["num_hidden_layers"]):
            name = f"model.layers.{layer}"
            h = norm(x, f"{name}.input_layernorm")
            q, k, v = (self.linear(h, f"{name}.self_attn.{kind}_proj").view(batch, length, -1, width).transpose(1, 2) for kind in "qkv")
            k, v = (t.repeat_interleave(heads // shared, 1) for t in (turn(k), v))
            x = x + self.linear(self.attend(turn(q), k, v), f"{name}.self_attn.o_proj")
            h = norm(x, f"{name}.post_attention_layernorm")
            x = x + self.linear(F.silu(self.linear(h, f"{name}.mlp.gate_proj")) * self.linear(h, f"{name}.mlp.up_proj"), f"{name}.mlp.down_proj")
        head = self.weights.get("lm_head.weight", self.weights["model.embed_tokens.weight"])
        return F.linear(norm(x, "model.norm"), head)

    def gpt2(self, tokens):
        c = self.config
        batch, length = tokens.shape
        x = self.weights["transformer.wte.weight"][tokens] + self.weights["transformer.wpe.weight"][:length]

        def norm(x, name):
            return F.layer_norm(x, x.shape[-1:], self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], c["layer_norm_epsilon"])

        for layer in range(c["n_layer"]):
            name = f"transformer.h.{layer}"
            q, k, v = (t.view(batch, length, c["n_head"], -1).transpose(1, 2) for t in self.linear(norm(x, f"{name}.ln_1"), f"{name}.attn.c_attn", True).chunk(3, -1))
            x = x + self.linear(self.attend(q, k, v), f"{name}.attn.c_proj", True)
            h = F.gelu(self.linear(norm(x, f"{name}.ln_2"), f"{name}.mlp.c_fc", True), approximate="tanh")
            x = x + self.linear(h, f"{name}.mlp.c_proj", True)
        return F.linear(norm(x, "transformer.ln_f"), self.weights["transformer.wte.weight"])

    @staticmethod
    def attend(q, k, v):
        length = q.shape[2]
        scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
        hidden = torch.triu(torch.ones(length, length, dtype=torch.bool), 1)
        mixed = scores.masked_fill(hidden, float("-inf")).softmax(-1) @ v
        return mixed.transpose(1, 2).reshape(q.shape[0], length, -1)
