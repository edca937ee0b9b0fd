#!/usr/bin/env python3
"""What the stages of gpu-check.sh left, as summary.json (every number with its unit) and summary.txt (for docs/benchmarks.md).

    gpu_summary.py OUT DEVICE [FLAG]
"""
import json
import pathlib
import sys

UNITS = {
    "product": "operations/s", "bandwidth": "bytes/s", "training": "tokens/s", "prefill": "tokens/s", "decode": "tokens/s",
    "ppo_episodes": "episodes/s", "episodes_per_s": "episodes/s", "tokens_per_s": "tokens/s", "update_to_floor": "ratio",
    "training_of_product": "share", "prefill_of_product": "share", "decode_of_floor": "share", "utilisation": "share",
    "rollout": "s", "scoring": "s", "update": "s", "iteration": "s", "gflop": "1e9 operations", "product_gflops": "1e9 operations/s",
    "loss": "nats", "win_rate": "share", "reward_accuracy": "share", "reward_ceiling": "share", "seconds": "s",
    "length": "tokens", "new": "tokens", "new_tokens": "tokens", "prompt": "tokens", "response tokens": "tokens",
    "gold score": "score", "reward model's score": "score", "KL from the reference (nats)": "nats",
}
SUFFIXES = {"_s": "s", "_ns": "ns", "_bytes": "bytes", "_per_second": "1/s", "_gb": "GB"}
LABELS = ("peer", "size", "shape", "dtype", "operator", "name")


def unit(*names):
    """By the number's name or, where that says only when, by what it belongs to; what is merely counted has none."""
    for name in names:
        if name in UNITS:
            return UNITS[name]
    return next((value for suffix, value in SUFFIXES.items() if names[0].endswith(suffix)), "count")


def numbers(stage, found, of=()):
    of += tuple(str(found[label]) for label in LABELS if label in found)
    for name, value in found.items():
        if isinstance(value, dict):
            yield from numbers(stage, value, of + (name,))
        elif isinstance(value, list) and name != "samples":
            for one in value:
                if isinstance(one, dict):
                    yield from numbers(stage, one, of)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield {"stage": stage, "of": " ".join(of), "name": name, "value": value, "unit": unit(name, *reversed(of))}


def lines(path):
    """What a stage left; a line that a stop cut off is passed over."""
    return [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{") and line.endswith("}")] if path.exists() else []


def short(value):
    """Three digits and a letter for the size."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g} {letter}"
    return f"{value:.3g}"


def table(head, rows):
    if rows:
        yield from ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        yield from ("| " + " | ".join(row) + " |" for row in rows)
        yield ""


def speeds(results):
    for result in results.values():
        for bench in result:
            for speed in bench.get("speeds", []):
                yield bench, speed


def rows_of_speeds(results):
    for bench, speed in speeds(results):
        work = bench["workload"]
        yield [speed["size"], bench["dtype"], f"{work['rows']} × {work['length']}, {work['new_tokens']} new",
               f"{short(speed['training'])} ({speed['training_of_product']:.0%})", f"{short(speed['prefill'])} ({speed['prefill_of_product']:.0%})",
               f"{short(speed['decode'])} ({speed['decode_of_floor']:.0%})", f"{short(speed['ppo_episodes'])} ({speed['update_to_floor']:.3g})"]


def rows_of_peers(results):
    """Each peer's rate beside ours of the same workload and type."""
    for stage, result in results.items():
        if not stage.startswith("peers-"):
            continue
        dtype = stage.removeprefix("peers-")
        ours = next((bench["speeds"][0] for bench in results.get(f"bench-large-{dtype}", []) if bench["speeds"]), None)
        for peer in result:
            if "outcome" in peer:
                yield [peer["peer"], dtype, peer["outcome"], "", "", ""]
                continue
            work, theirs, name = ("PPO, episodes/s", peer["episodes_per_s"], "ppo_episodes") if "episodes_per_s" in peer else \
                ("decode, tokens/s", peer["tokens_per_s"], "decode") if "new" in peer else ("training, tokens/s", peer["tokens_per_s"], "training")
            yield [peer["peer"], dtype, work, short(theirs), short(ours[name]) if ours else "", f"{ours[name] / theirs:.2f}" if ours else ""]


def text(device, flag, stages, results):
    machine = next(iter(results.get("machine", [])), {})
    yield f"### {machine.get('gpu', 'Rehearsal without a GPU' if device == 'cpu' else 'a GPU')}\n"
    yield (f"`{' '.join(['gpu-check.sh', *flag])}`: PyTorch {machine.get('torch')} (CUDA {machine.get('cuda')}), {machine.get('cores')} cores; "
           f"{sum(stage['seconds'] for stage in stages):.0f} s in all.\n")
    yield from table(["stage", "outcome", "seconds"], [[stage["stage"], stage["outcome"], f"{stage['seconds']:.1f}"] for stage in stages])
    for found in results.get("fit", []):
        yield f"{found['libtorch']}; {found['gpu']}.\n"
    for found in results.get("tests", []):
        yield f"Tests: {found['passed']} passed, {found['failed']} failed, {found['skipped']} skipped.\n"
    for found in results.get("demo", []):
        changes = "; ".join(f"{change['name']} {change['before']:.3g} to {change['after']:.3g}" for change in found["changes"])
        yield f"Demo, {found['seconds']:.0f} s: {changes}. {found['headline']}\n"
    for found in results.get("reproducibility", []):
        yield (f"The same seed again: the same {found['episodes']} rollouts in {found['same_steps_again']} of {found['steps']} steps; "
               f"without graphs in {found['same_steps_without_graphs']}.\n")
    for stage, result in results.items():
        for bench in result:
            if "ceilings" in bench:
                yield f"Ceilings ({stage}): {bench['dtype']} product {short(bench['ceilings']['product'])}FLOP/s, copy {short(bench['ceilings']['bandwidth'])}B/s."
    yield ""
    yield from table(["size", "type", "work", "training, tokens/s (of product)", "prefill, tokens/s (of product)", "decode, tokens/s (of floor)", "PPO, episodes/s (update / floor)"],
                     list(rows_of_speeds(results)))
    yield from table(["peer", "type", "work", "peer", "ours", "ours / peer"], list(rows_of_peers(results)))


def main():
    out, device, flag = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3].split()
    stages = lines(out / "stages.jsonl")
    results = {path.stem: lines(path) for path in sorted((out / "results").glob("*.jsonl"))}
    machine = next(iter(results.get("machine", [])), {})
    (out / "summary.json").write_text(json.dumps({
        "device": device, "passed": all(stage["outcome"] == "passed" for stage in stages), "machine": machine, "stages": stages,
        "numbers": [number for stage, result in results.items() if stage not in ("machine", "fit") for found in result for number in numbers(stage, found)],
    }, indent=1) + "\n")
    (out / "summary.txt").write_text("\n".join(text(device, flag, stages, results)).rstrip() + "\n")


if __name__ == "__main__":
    main()
