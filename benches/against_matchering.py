#!/usr/bin/env python3
"""`acetate master --reference` beside Matchering on the same pairs.

    python3 benches/against_matchering.py ACETATE PAIRS.csv

PAIRS.csv has the columns mix and reference. Needs the package `matchering` (2.0) and ffmpeg. Prints, for
each pair and in the median, how far mix, Matchering's and our master are from the reference in third octaves
of mid (tone) and of side against mid (width), both dB, loudness matched, 39 Hz to 16 kHz where the reference
is above -60 dB; loudness against the reference's, LU; and the true peak by the worst of two meters, dBTP.
"""

import csv
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

BANDS = range(3, 30)
HEARD_DB = -60.0


def analysis(acetate, path):
    run = subprocess.run([acetate, "analyze", path, "--json"], capture_output=True, check=True, text=True)
    return json.loads(run.stdout)["analysis"]


def distances(found, reference):
    """Tone and width, dB; loudness, LU; true peak, dBTP."""
    tone, width = [], []
    for band in BANDS:
        level = lambda one, side: one["spectrum"][side][band] - one["integrated_lufs"]
        if level(reference, "mid_db") < HEARD_DB:
            continue
        tone.append(abs(level(found, "mid_db") - level(reference, "mid_db")))
        if level(reference, "side_db") > HEARD_DB and level(found, "side_db") > HEARD_DB - 40:
            spread = lambda one: level(one, "side_db") - level(one, "mid_db")
            width.append(abs(spread(found) - spread(reference)))
    return (
        statistics.mean(tone),
        statistics.mean(width) if width else float("nan"),
        found["integrated_lufs"] - reference["integrated_lufs"],
        found["true_peak_dbtp"],
    )


def matchering(mix, reference, out):
    import matchering as mg

    mg.process(target=str(mix), reference=str(reference), results=[mg.pcm24(str(out))])


def main():
    acetate, pairs = sys.argv[1], sys.argv[2]
    rows = {"mix": [], "Matchering": [], "Acetate": []}
    with open(pairs, newline="") as lines, tempfile.TemporaryDirectory() as folder:
        for number, pair in enumerate(csv.DictReader(lines)):
            mix, reference, theirs, ours = (Path(folder) / f"{number}-{name}.wav" for name in ("mix", "ref", "m", "a"))
            for source, wav in ((pair["mix"], mix), (pair["reference"], reference)):
                subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", source, "-t", "90", "-ar", "44100", wav], check=True)
            matchering(mix, reference, theirs)
            command = [acetate, "master", mix, "-o", ours, "--reference", reference, "--max-limiting", "12", "-q"]
            subprocess.run(command, check=False)
            wanted = analysis(acetate, reference)
            for name, path in (("mix", mix), ("Matchering", theirs), ("Acetate", ours)):
                figures = distances(analysis(acetate, path), wanted)
                rows[name].append(figures)
                print(Path(pair["mix"]).name, name, " ".join(f"{figure:.2f}" for figure in figures), flush=True)
    print("\n| | tone, dB | width, dB | loudness off, LU (median of size) | true peak, worst, dBTP |\n|---|---|---|---|---|")
    for name, figures in rows.items():
        tone, width, loudness, peak = zip(*figures)
        width = [value for value in width if value == value]
        size = statistics.median(abs(value) for value in loudness)
        print(f"| {name} | {statistics.median(tone):.2f} | {statistics.median(width):.2f} | {size:.2f} | {max(peak):.2f} |")


if __name__ == "__main__":
    main()
