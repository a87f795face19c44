#!/usr/bin/env python3
"""How well `acetate learn` recovers settings that are known.

    python3 campaigns/learn.py FOLDER [SONGS] [SEED]

Takes up to SONGS (12) sound files of FOLDER, 45 s from each one's middle, masters each with settings drawn
at random (a smooth EQ of at most 3 dB, width within 2 dB, ratio 1 to 2, -16 to -12 LUFS), gives mix and
master to `acetate learn`, and prints what it recovered beside what was set. Needs ffmpeg.
"""

import json
import math
import random
import statistics
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from campaign import acetate, sound_files

# Knots between 56 Hz and 10 kHz: the outer two hold what hardly any music has.
JUDGED = range(1, 11)


def drawn(chance):
    """Settings as TOML."""
    knots, slope = [0.0], 0.0
    for _ in range(11):
        slope = 0.6 * slope + chance.uniform(-0.8, 0.8)
        knots.append(knots[-1] + slope)
    middle = statistics.mean(knots)
    knots = [round(max(-3.0, min(3.0, knot - middle)), 2) for knot in knots]
    side_db = round(chance.uniform(-2.0, 2.0), 2)
    return "\n".join(
        [
            'schema = "acetate.settings/1"',
            f"[target]\nintegrated_lufs = {chance.uniform(-16.0, -12.0):.1f}",
            f"[eq]\nmid_db = {knots}",
            f"[compressor]\nthreshold_lu = -4.0\nratio = {chance.uniform(1.0, 2.0):.2f}",
            f"[stereo]\nlow_db = {min(side_db, 0.0)}\nmid_db = {side_db}\nhigh_db = {side_db}",
        ]
    )


def shape(settings):
    """The judged knots less their mean, dB."""
    knots = [settings["eq"]["mid_db"][knot] for knot in JUDGED]
    return [knot - statistics.mean(knots) for knot in knots]


def length_s(path):
    query = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path]
    return float(subprocess.run(query, capture_output=True, text=True, check=True).stdout)


def main():
    songs = int(sys.argv[2]) if len(sys.argv) > 2 else 12
    chance = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    files = sound_files(Path(sys.argv[1]).iterdir())
    chance.shuffle(files)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        mix, wanted, master, found = (Path(folder) / name for name in ("mix.wav", "set.toml", "master.wav", "got.toml"))
        for path in files:
            if len(rows) == songs:
                break
            start = max(0.0, length_s(path) / 2 - 22.5)
            cut = ["ffmpeg", "-v", "error", "-y", "-ss", str(start), "-i", path, "-t", "45", "-ac", "2", mix]
            subprocess.run(cut, check=True)
            wanted.write_text(drawn(chance))
            made = acetate("master", mix, "-o", master, "--overwrite", "--settings", wanted, "--json")
            if made.returncode != 0:
                print(f"{path.name}: no master with these settings ({made.returncode})")
                continue
            set_ = tomllib.loads(wanted.read_text())
            drive_db = json.loads(made.stdout)["mastering"]["settings"]["limiter"]["drive_db"]
            learned = acetate("learn", "--mix", mix, "--master", master, "--save-settings", found, "--json")
            got = tomllib.loads(found.read_text())
            off = [a - b for a, b in zip(shape(got), shape(set_))]
            row = (
                math.sqrt(statistics.mean(db**2 for db in shape(set_))),
                math.sqrt(statistics.mean(db**2 for db in off)),
                abs(got["stereo"]["mid_db"] - set_["stereo"]["mid_db"]),
                abs(got["compressor"]["ratio"] - set_["compressor"]["ratio"]),
                abs(got["limiter"]["drive_db"] - drive_db),
                json.loads(learned.stdout)["tone_left_db"],
            )
            rows.append(row)
            print(path.name, " ".join(f"{figure:.2f}" for figure in row), flush=True)
    print("\n| | EQ set, RMS dB | EQ off, RMS dB | side off, dB | ratio off | drive off, dB | tone left, dB |")
    print("|---|---|---|---|---|---|---|")
    for name, figure in (("median", statistics.median), ("worst", max)):
        print(f"| {name} of {len(rows)} | " + " | ".join(f"{figure(column):.2f}" for column in zip(*rows)) + " |")


if __name__ == "__main__":
    main()
