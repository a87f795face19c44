#!/usr/bin/env python3
"""How strongly songs of an album are to be tied to their common tone.

Usage: campaigns/album/tie.py [ALBUM ...]

Finished songs of the valid and test splits go through a smooth EQ of 2 dB RMS and its mirror; the net judges each
(`acetate master --dry-run --json`). Told is how much nearer relative tones come to the finished ones, percent of what was
moved, by each song's own decision, by its whole proposal, and by the tie of crates/album/src/decide/tie.rs for several
values of `TAU_DB`. The EQ is applied to the third octaves of the report, not rendered.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from mirror import DEFAULT, RATE, filtered, load, run, save, smooth_eq, tracks_of

BANDS, MODES = 27, 12
FIRST_BAND = 3
ALBUMS = sys.argv[1:] or DEFAULT
SONGS, SECONDS = 9, 60
CURVES = np.array([np.sqrt(2) * np.cos(np.pi * (k + 1) / BANDS * (np.arange(BANDS) + 0.5)) for k in range(MODES)])


def judged(samples, place):
    path = place / "song.wav"
    save(path, samples * min(1, 0.9 / np.abs(samples).max()))
    report = json.loads(run("master", path, "--dry-run", "--json", "--no-codec-safe", "--no-cache").stdout)
    tone = report["mastering"]["tone"]
    loudness = report["mastering"]["before"]["integrated_lufs"]
    levels = np.array(report["analysis"]["spectrum"]["mid_db"])[FIRST_BAND : FIRST_BAND + BANDS] - loudness
    return np.maximum(levels, -60), np.array(tone["open_db"]), np.array(tone["mean_db"]), np.array(tone["sd_db"])


def tied(places, opens, owns, deviations, tau_db):
    places, opens, owns = (values @ CURVES.T / BANDS for values in (places, opens, owns))
    weights = 1 / np.mean(deviations**2, 1)
    tie, count = 1 / tau_db**2, len(weights)
    matrix, right = np.zeros((count + 1, count + 1)), np.zeros((count + 1, MODES))
    for song in range(count):
        matrix[song, song] = weights[song] + tie
        matrix[song, count] = matrix[count, song] = -tie
        matrix[count, count] += tie
        right[song] = weights[song] * owns[song] - tie * places[song]
        right[count] += tie * places[song]
    moves = np.linalg.solve(matrix, right)[:count]
    return np.clip(moves, np.minimum(owns, opens), np.maximum(owns, opens)) @ CURVES


def main():
    rng = np.random.default_rng(7)
    ways = {"own decision": lambda s, o, p, d: p, "whole proposal": lambda s, o, p, d: o}
    for tau_db in (1, 1.5, 2, 2.5, 3, 4):
        ways[f"tie, {tau_db} dB"] = lambda s, o, p, d, tau_db=tau_db: tied(s, o, p, d, tau_db)
    left, moved = {way: [] for way in ways}, []
    with tempfile.TemporaryDirectory() as place:
        for name in ALBUMS:
            songs = [load(file, 15, SECONDS) for file in tracks_of(name)[:SONGS]]
            songs = [song for song in songs if len(song) > 25 * RATE]
            curves = np.array([smooth_eq(rng) for _ in songs])
            for sign in (1, -1):
                seen = [judged(filtered(song, sign * curve), Path(place)) for song, curve in zip(songs, curves)]
                seen = [np.array(values) for values in zip(*seen)]
                flat = lambda values: (values - values.mean(0)) - (values - values.mean(0)).mean(1, keepdims=True)
                moved += list(np.abs(flat(sign * curves)).mean(1))
                for way, move in ways.items():
                    left[way] += list(np.abs(flat(sign * curves + move(*seen))).mean(1))
    for way, values in left.items():
        print(f"{way}: {100 * (1 - np.mean(values) / np.mean(moved)):.1f} % closer, {np.mean(values):.2f} of {np.mean(moved):.2f} dB left, {len(values)} songs")


main()
