#!/usr/bin/env python3
"""What matters for the net: trains variants of the shipped recipe and prints one table.

    campaigns/training/ablations.py CACHE [--binary target/release/acetate] [--only folds|ablations]

Ablations train one member each for fewer steps, judged on the validation albums by the quick look on
band frames ("net, no gate" shows the estimator, "net" the estimator with the gate fitted for it).
Folds deal the train and validation albums anew, four ways. Test albums are not read.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import tomllib

RECIPE = pathlib.Path(__file__).parent.parent.parent / "training" / "default.toml"
GENTLE = [(0.25, 0.0, 0.1), (0.40, 0.1, 1.5), (0.23, 1.5, 3.5), (0.12, 3.5, 6.5)]
FLAT = [(0.10, 0.0, 0.3), (0.20, 0.3, 1.5), (0.35, 1.5, 3.5), (0.35, 3.5, 6.5)]


def prior(ranges):
    return {"ranges": [dict(share=s, from_db=a, to_db=b) for s, a, b in ranges]}


# Name, and what is changed in the recipe.
ABLATIONS = [
    ("as shipped, one member", {}),
    ("no band frames", {"experiment": {"hidden": ["frames"]}}),
    ("no long-term spectrum", {"experiment": {"hidden": ["pooled"]}}),
    ("half of the hidden units", {"experiment": {"units_share": 0.5}}),
    ("a quarter of the hidden units", {"experiment": {"units_share": 0.25}}),
    ("half of the albums", {"experiment": {"albums_share": 0.5}}),
    ("a quarter of the albums", {"experiment": {"albums_share": 0.25}}),
    ("no medleys", {"medleys": 0.0}),
    ("no blur", {"blur": {"band_db": 0.0, "peak_db": 0.0}}),
    ("gentle prior", {"severity": prior(GENTLE)}),
    ("flat prior", {"severity": prior(FLAT)}),
    ("no side loss", {"loss": {"side": 0.0}}),
    ("no dynamics loss", {"loss": {"dynamics": 0.0}}),
    ("likelihood x 5", {"loss": {"likelihood": 0.5}}),
    ("a floor at -55 dB that moves with the fault (a leak)", {"experiment": {"leaky_floor_db": -55.0}}),
]


def merged(recipe, changes):
    out = dict(recipe)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(out.get(key), dict):
            out[key] = {**out[key], **value}
        else:
            out[key] = value
    return out


def toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    return json.dumps(value)


def trained(binary, cache, recipe):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "recipe.toml"
        path.write_text("".join(f"{k} = {toml(v)}\n" for k, v in recipe.items()))
        subprocess.run(
            [binary, "train", "--recipe", path, "--cache", cache, "--offline", "--out-dir", folder, "--quiet"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return json.loads((pathlib.Path(folder) / "metrics.json").read_text())


def row(name, metrics, method):
    rows = [r for r in metrics["valid"] if r["method"] == method]
    cells = " | ".join(f"{r['mid_error_db']:.2f}" for r in rows)
    return f"| {name} | {cells} | {rows[3]['side_error_db']:.2f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache")
    parser.add_argument("--binary", default="target/release/acetate")
    parser.add_argument("--only", choices=["folds", "ablations"])
    parser.add_argument("--steps", type=int, default=600)
    args = parser.parse_args()
    recipe = tomllib.loads(RECIPE.read_text())
    head = "| 0 | 1 | 2 | 3 | 4 | 6 | side at 3 |\n|---|---|---|---|---|---|---|---|"
    if args.only != "folds":
        tables = {"net, no gate": [], "net": []}
        for name, changes in ABLATIONS:
            small = merged(recipe, {"name": name, "members": 1, "steps": args.steps, **changes})
            metrics = trained(args.binary, args.cache, small)
            for method, rows in tables.items():
                rows.append(row(name, metrics, method))
            print(f"{name}: done", file=sys.stderr)
        for method, rows in tables.items():
            print(f"\n| {method}: mid error, dB; severity, dB RMS {head}")
            print("\n".join(rows))
    if args.only != "ablations":
        print(f"\n| fold: mid error, dB; severity, dB RMS {head}")
        for index in range(4):
            fold = merged(
                recipe,
                {"name": f"fold {index}", "members": 3, "steps": args.steps, "experiment": {"fold": {"index": index, "of": 4}}},
            )
            metrics = trained(args.binary, args.cache, fold)
            train, valid = metrics["tracks"]
            print(row(f"{index}: {valid} of {train + valid} tracks, do nothing", metrics, "do nothing"))
            print(row(f"{index}: net, no gate", metrics, "net, no gate"))
            print(row(f"{index}: net", metrics, "net"), flush=True)


if __name__ == "__main__":
    main()
