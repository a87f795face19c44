#!/usr/bin/env python3
"""What retraining on a catalog buys: 5, 10, 20 and 50 tracks of real albums that the shipped weights
were not fitted on, each as a catalog for `acetate train --masters`; prints one row per catalog.

    campaigns/training/retraining.py ACETATE CACHE [GROUP ...]

ACETATE is the binary, CACHE the folder that `acetate dataset fetch` filled, GROUP an album group of
datasets.toml (default: groups of the valid split, so that early stopping and gates of the shipped
weights have seen them, but no gradient has). Tracks are taken round robin over the groups' packages in
listed order, so that a smaller catalog is part of a larger one."""

import json
import subprocess
import sys
import tempfile
import tomllib
from itertools import chain, zip_longest
from pathlib import Path

SIZES = (5, 10, 20, 50)
GROUPS = ("singularity", "hedgewars")


def tracks(cache, groups):
    """(package, file) of every finished master of the groups, packages taken in turn."""
    listed = tomllib.loads(Path("datasets.toml").read_text())["package"]
    albums = []
    for package in listed:
        if package["group"] in groups and package["role"] == "finished master":
            folder = cache / "audio" / package["name"]
            paths = [folder / path for tier in "AB" for path in package["tracks"].get(tier, [])]
            albums.append([(package["name"], path) for path in paths if path.exists()])
    return [track for track in chain.from_iterable(zip_longest(*albums)) if track]


def retrain(acetate, cache, catalog, work):
    masters = work / f"masters{len(catalog)}"
    for number, (album, path) in enumerate(catalog):
        link = masters / album / f"{number:03}_{path.name}"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path.resolve())
    command = [acetate, "train", "--masters", masters, "--cache", cache, "--json", "--quiet"]
    command += ["--out-dir", work / f"out{len(catalog)}", "--offline"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if ran.returncode > 1:
        sys.exit(ran.returncode)
    return json.loads(ran.stdout)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    acetate, cache = sys.argv[1], Path(sys.argv[2])
    found = tracks(cache, tuple(sys.argv[3:]) or GROUPS)
    print("| tracks | held out | own: shipped | retrained | gain, 95 % interval | public: shipped | retrained | share | answer |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as work:
        for size in SIZES:
            if size > len(found):
                print(f"| {size} | only {len(found)} tracks in the cache |", flush=True)
                continue
            row = retrain(acetate, cache, found[:size], Path(work))
            own, public = row["own"], row["public"]
            cells = [size, row["songs"][2]]
            if own:
                low, high = own["gain_interval_db"] or (float("nan"),) * 2
                cells += [f"{own['shipped']['mid_db']:.3f}", f"{own['retrained']['mid_db']:.3f}"]
                cells += [f"{own['gain_db']:.3f} ({low:.3f} to {high:.3f})"]
            else:
                cells += ["–"] * 3
            cells += (
                [f"{public[key]['mid_db']:.3f}" for key in ("shipped", "retrained")]
                if public
                else ["–"] * 2
            )
            cells += [row["lambda"], row["answer"]]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
