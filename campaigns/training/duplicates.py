#!/usr/bin/env python3
"""Finds music that `datasets.toml` lists twice, by acoustic fingerprint.

Usage: campaigns/training/duplicates.py CACHE [DATASETS_TOML]

CACHE is a folder that `acetate dataset fetch` filled. Every listed track (of a mix its render) is
fingerprinted by Chromaprint: 32 bits about every 0.124 s over the first two minutes. Two tracks
are the same recording where, at the offset that most equal 32-bit words vote for, at most 20 % of
the bits differ over 20 s or more; unrelated music differs in 40 to 50 %. Prints the pairs, those
across packages first, and exits with 1 where one crosses a split. Needs Debian's
`libchromaprint-tools` (fpcalc).
"""

import collections
import json
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SECONDS = 120
WORDS_PER_S = 11025 / (4096 / 3)  # Chromaprint's hop is a third of a 4096-sample frame at 11025 Hz
LEAST_OVERLAP = round(20 * WORDS_PER_S)
MOST_DIFFERENT = 0.20
LEAST_VOTES = 8
COMMON = 60  # words in more tracks than this (silence, single tones) do not vote
FOLDERS = {"unmastered mix": "mixes", "pair": "pairs"}


def tracks(datasets, cache):
    for package in datasets["package"]:
        folder = cache / FOLDERS.get(package["role"], "audio") / package["name"]
        ending = ".flac" if package["role"] == "unmastered mix" else ""
        for path in (path for paths in package["tracks"].values() for path in paths):
            yield package, path, folder / (path + ending)
    for repository in datasets.get("repository", []):
        folder = cache / "audio" / repository["name"]
        for path in (track["path"] for track in repository["tracks"]):
            yield repository, path, folder / path


def fingerprint(file):
    command = ["fpcalc", "-raw", "-json", "-length", str(SECONDS), str(file)]
    result = subprocess.run(command, capture_output=True, text=True)
    return json.loads(result.stdout)["fingerprint"] if result.stdout else []


def candidates(prints):
    """(a, b) -> offset of b against a that most words vote for."""
    places = collections.defaultdict(list)
    for track, words in enumerate(prints):
        for at, word in enumerate(words):
            places[word].append((track, at))
    votes = collections.Counter()
    for found in places.values():
        if len({track for track, _ in found}) > COMMON:
            continue
        for i, (a, at_a) in enumerate(found):
            for b, at_b in found[i + 1 :]:
                if a < b:
                    votes[a, b, at_b - at_a] += 1
    best = {}
    for (a, b, offset), count in sorted(votes.items()):
        if count >= LEAST_VOTES and count > best.get((a, b), (0, 0))[0]:
            best[a, b] = (count, offset)
    return {pair: offset for pair, (_, offset) in best.items()}


def difference(a, b, offset):
    """Share of different bits where both overlap, and the overlap in words."""
    overlap = [(a[at], b[at + offset]) for at in range(max(0, -offset), min(len(a), len(b) - offset))]
    different = sum((x ^ y).bit_count() for x, y in overlap)
    return different / max(1, 32 * len(overlap)), len(overlap)


def main():
    cache = Path(sys.argv[1])
    default = Path(__file__).resolve().parent.parent.parent / "datasets.toml"
    toml = Path(sys.argv[2]) if len(sys.argv) > 2 else default
    listed = list(tracks(tomllib.loads(toml.read_text()), cache))
    there = [(package, path, file) for package, path, file in listed if file.is_file()]
    with ThreadPoolExecutor() as pool:
        prints = list(pool.map(fingerprint, (file for _, _, file in there)))
    empty = sum(not words for words in prints)
    print(f"{len(there)} of {len(listed)} tracks are in the cache, {empty} have no fingerprint")
    rows = []
    for (a, b), offset in candidates(prints).items():
        share, overlap = difference(prints[a], prints[b], offset)
        if share <= MOST_DIFFERENT and overlap >= LEAST_OVERLAP:
            (first, path, _), (second, other, _) = there[a], there[b]
            crosses = first["name"] != second["name"]
            rows.append((not crosses, share, first, path, second, other, offset))
    rows.sort(key=lambda row: (row[0], row[1], row[3], row[5]))
    for same, share, first, path, second, other, offset in rows:
        kind = "same package" if same else "two packages"
        leak = " CROSSES A SPLIT" if first["split"] != second["split"] else ""
        print(
            f"{kind}, {100 * share:.1f} % different, offset {offset / WORDS_PER_S:+.1f} s{leak}: "
            f"{first['name']}: {path} | {second['name']}: {other}"
        )
    leaks = sum(first["split"] != second["split"] for _, _, first, _, second, _, _ in rows)
    across = sum(not row[0] for row in rows)
    print(f"{len(rows)} pairs of duplicates, {across} across packages, {leaks} across splits")
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
