#!/usr/bin/env python3
"""How songs of an album are tied to their common tone, and what that can bring.

Usage: campaigns/album/tie.py

Prints the variances of crates/album/src/decide/tie.rs in modes: of finished songs around those of their album (train
split), of smooth faults of 2 dB RMS, and of the net's whole proposal around what mends such a fault (valid split).
Finished songs of the valid and test splits then go through such a fault and its mirror, and as they are; the net judges
each (`acetate master --dry-run --json`). Told is how far the relative third octaves are from the finished ones, dB,
by each song's own decision, its whole proposal, and the tie of tie.rs for several shares of the fault's and factors on
the album's variance, and what each does to songs without a fault. The EQ is applied to the third octaves of the
report, not rendered. The factors were chosen on valid.
"""

import json
import tempfile
import tomllib
from pathlib import Path

import numpy as np
from mirror import RATE, ROOT, figures, filtered, load, run, save, smooth_eq, tracks_of

BANDS, MODES, FIRST_BAND = 27, 12, 3
SONGS, SECONDS = 8, 45
CURVES = np.array([np.sqrt(2) * np.cos(np.pi * (k + 1) / BANDS * (np.arange(BANDS) + 0.5)) for k in range(MODES)])
SPREAD_SONGS = 4


def modes(curves):
    return np.asarray(curves) @ CURVES.T / BANDS


def albums_of(split, least=5):
    listed = tomllib.loads((ROOT / "datasets.toml").read_text())
    for package in listed["package"] + listed["repository"]:
        if package["split"] == split and package["role"] == "finished master":
            songs = [load(file, 10, SECONDS) for file in tracks_of(package["name"], (split,))[:SONGS]]
            songs = [song for song in songs if len(song) > 25 * RATE]
            if len(songs) >= least:
                yield songs


def within():
    """Variance of finished songs around those of their album."""
    apart = []
    for songs in albums_of("train"):
        places = modes([np.maximum(figures(song)[1], -60) for song in songs])
        apart += list((places - places.mean(0)) * np.sqrt(len(places) / (len(places) - 1)))
    return (np.array(apart) ** 2).mean(0)


def judged(songs, place):
    paths = [place / f"{number:02}.wav" for number in range(len(songs))]
    for path, song in zip(paths, songs):
        save(path, song * min(1, 0.9 / np.abs(song).max()))
    said = run("master", *paths, "--dry-run", "--json", "--no-codec-safe", "--no-cache").stdout
    found = []
    for report in map(json.loads, said.splitlines()):
        tone, before = report["mastering"]["tone"], report["mastering"]["before"]["integrated_lufs"]
        levels = np.array(report["analysis"]["spectrum"]["mid_db"])[FIRST_BAND : FIRST_BAND + BANDS] - before
        found.append((np.maximum(levels, -60), tone["open_db"], tone["mean_db"], tone["sd_db"]))
    return [np.array(values) for values in zip(*found)]


def tied(seen, variances, share, looseness):
    (places, opens, owns, deviations), (within_db2, fault_db2, proposed_db2) = seen, variances
    places, opens, owns = modes(places), modes(opens), modes(owns)
    count = len(places)
    ratio = np.mean(places.var(0) * count / (count - 1) / (within_db2 + fault_db2))
    spread = (SPREAD_SONGS + (count - 1) * ratio) / (SPREAD_SONGS + count - 1)
    measured = 1 / (proposed_db2 * np.mean(deviations**2, 1)[:, None] / 4)
    size = np.maximum(share, (owns**2).sum(1) / fault_db2.sum())[:, None]
    weight, tie = measured + 1 / (fault_db2 * size), 1 / (looseness * spread * within_db2)
    likely, left = measured * opens / weight, weight * tie / (weight + tie)
    common = ((places + likely) * left).sum(0) / left.sum(0)
    moves = (weight * likely + tie * (common - places)) / (weight + tie)
    ends = np.stack([0 * owns, owns, opens])
    return np.clip(moves, ends.min(0), ends.max(0)) @ CURVES


def off(curves, heard):
    curves = curves - curves.mean(0)
    curves = curves - curves.mean(1, keepdims=True)
    return [np.abs(row[ok]).mean() for row, ok in zip(curves, heard)]


def main():
    rng = np.random.default_rng(7)
    fault_db2 = modes([smooth_eq(rng) for _ in range(3000)]).var(0)
    within_db2 = within()
    seen, proposals = {"valid": [], "test": []}, []
    with tempfile.TemporaryDirectory() as place:
        for split, all_seen in seen.items():
            for songs in albums_of(split):
                curves = np.array([smooth_eq(rng) for _ in songs])
                heard = np.array([figures(song)[1] for song in songs]) > -60
                for sign in (1, -1, 0):
                    moved = [filtered(song, sign * curve) for song, curve in zip(songs, curves)]
                    found = judged(moved, Path(place))
                    all_seen.append((sign * curves, found, heard, sign))
                    if split == "valid" and sign:
                        proposals += list(modes(found[1] + sign * curves))
    variances = within_db2, fault_db2, (np.array(proposals) ** 2).mean(0)
    for name, values in zip(("WITHIN_DB2", "FAULT_DB2", "PROPOSED_DB2"), variances):
        print(name, ", ".join(f"{value:.3g}" for value in values))
    ways = {"nothing": lambda s: 0 * s[2], "own decision": lambda s: s[2], "whole proposal": lambda s: s[1]}
    for share in (0.25, 0.4, 0.6, 1):
        for looseness in (1, 2, 4):
            ways[f"tie, faults {share}, album {looseness}"] = lambda s, share=share, looseness=looseness: tied(s, variances, share, looseness)
    for way, move in ways.items():
        told = []
        for split, all_seen in seen.items():
            for is_moved in (True, False):
                rows = [off(curve + move(found), heard) for curve, found, heard, sign in all_seen if bool(sign) == is_moved]
                told.append(f"{split} {'moved' if is_moved else 'untouched'} {np.mean(np.concatenate(rows)):.3f} dB")
        print(f"{way}: {', '.join(told)}")


main()
