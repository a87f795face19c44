#!/usr/bin/env python3
"""`acetate master --reference` beside Matchering on the same pairs.

    python3 campaigns/against_matchering.py ACETATE PAIRS.csv

PAIRS.csv has the columns mix and reference. Needs the package `matchering` (2.0), ffmpeg, and
the example `noise_to_mask` built beside ACETATE. Prints, for
each pair and in the median, how far mix, Matchering's and our master are from the reference in third octaves
of mid (tone) and of side against mid (width), both dB, loudness matched, 39 Hz to 16 kHz where the reference
is above -60 dB; loudness against the reference's, LU; the true peak by the worst of two meters, dBTP; and
artifacts: the noise-to-mask ratio (BS.1387) of mid against the linear filter of the mix's mid that comes
closest to it, dB, with one gain ("whole": moving gains are noise) and with a gain slower than 0.2 s ("slow":
limiting and clipping are). Tone is given twice: at equal loudness, and with the mean over the bands
taken away (shape alone), since mid's level at equal loudness depends on side and on gating too. "As loud" is
our master with tone and width alone, which is all that Matchering does beside its limiter, at the loudness that
Matchering's has when it is turned down to our ceiling of -1 dBTP.
"""

import csv
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

BANDS = range(3, 30)
HEARD_DB = -60.0
# What every master of ours keeps.
CEILING_DBTP = -1.0
# Window of the linear filter, samples.
WINDOW = 32_768


def analysis(acetate, path):
    run = subprocess.run([acetate, "analyze", path, "--json"], capture_output=True, check=True, text=True)
    return json.loads(run.stdout)["analysis"]


def distances(found, reference):
    """Tone at equal loudness, its shape, and width, dB; loudness, LU; true peak, dBTP."""
    tone, width = [], []
    for band in BANDS:
        level = lambda one, side: one["spectrum"][side][band] - one["integrated_lufs"]
        if level(reference, "mid_db") < HEARD_DB:
            continue
        tone.append(level(found, "mid_db") - level(reference, "mid_db"))
        if level(reference, "side_db") > HEARD_DB and level(found, "side_db") > HEARD_DB - 40:
            spread = lambda one: level(one, "side_db") - level(one, "mid_db")
            width.append(abs(spread(found) - spread(reference)))
    return (
        statistics.mean(abs(off) for off in tone),
        statistics.mean(abs(off - statistics.mean(tone)) for off in tone),
        statistics.mean(width) if width else float("nan"),
        found["integrated_lufs"] - reference["integrated_lufs"],
        found["true_peak_dbtp"],
    )


def linear_part(before, after):
    """What one linear filter makes of `before` to come closest to `after`."""
    window, half = np.hanning(WINDOW), WINDOW // 2
    xx, xy = 0.0, 0.0
    for start in range(0, len(before) - WINDOW, half):
        x, y = (np.fft.rfft(window * signal[start : start + WINDOW]) for signal in (before, after))
        xx, xy = xx + abs(x) ** 2, xy + np.conj(x) * y
    taps = np.roll(np.fft.irfft(xy / (xx + 1e-9 * xx.max())), half) * np.hanning(WINDOW)
    size = 1 << (len(before) + WINDOW).bit_length()
    whole = np.fft.irfft(np.fft.rfft(before, size) * np.fft.rfft(taps, size), size)
    return whole[half : half + len(before)]


def artifacts_db(acetate, mix, master, folder):
    """Noise-to-mask ratio of the master's mid against a linear filter of the mix's, dB: whole and slow."""
    before, after = (soundfile.read(path, always_2d=True)[0].mean(axis=1) for path in (mix, master))
    frames = min(len(before), len(after))
    files = [Path(folder) / name for name in ("linear.wav", "mid.wav")]
    for path, signal in zip(files, (linear_part(before[:frames], after[:frames]), after[:frames])):
        soundfile.write(path, signal, 44_100, subtype="FLOAT")
    command = [Path(acetate).parent / "examples" / "noise_to_mask", *files]
    ratio = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return ratio["whole_db"], ratio["slow_db"]


def matchering(mix, reference, out):
    import matchering as mg

    mg.process(target=str(mix), reference=str(reference), results=[mg.pcm24(str(out))])


def main():
    acetate, pairs = sys.argv[1], sys.argv[2]
    rows = {"mix": [], "Matchering": [], "Acetate": [], "Acetate, as loud": []}
    with open(pairs, newline="") as lines, tempfile.TemporaryDirectory() as folder:
        for number, pair in enumerate(csv.DictReader(lines)):
            names = ("mix", "ref", "m", "a", "as-loud")
            mix, reference, theirs, ours, as_loud = (Path(folder) / f"{number}-{name}.wav" for name in names)
            for source, wav in ((pair["mix"], mix), (pair["reference"], reference)):
                subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", source, "-t", "90", "-ar", "44100", wav], check=True)
            matchering(mix, reference, theirs)
            command = [acetate, "master", mix, "--reference", reference, "--max-limiting", "12", "-q", "--no-cache", "-o"]
            subprocess.run([*command, ours], check=False)
            reached = analysis(acetate, theirs)
            over_db = max(0.0, reached["true_peak_dbtp"] - CEILING_DBTP)
            alone = ["--match", "tone,width", "--bypass", "compressor", "--bypass", "saturation"]
            loudness = str(round(reached["integrated_lufs"] - over_db, 2))
            subprocess.run([*command, as_loud, *alone, "--lufs", loudness], check=False)
            wanted = analysis(acetate, reference)
            for name, path in zip(rows, (mix, theirs, ours, as_loud)):
                figures = (*distances(analysis(acetate, path), wanted), *artifacts_db(acetate, mix, path, folder))
                rows[name].append(figures)
                print(Path(pair["mix"]).name, name, " ".join(f"{figure:.2f}" for figure in figures), flush=True)
    print("\n| | tone, dB | shape, dB | width, dB | loudness off, LU (median of size) | true peak, worst, dBTP | artifacts, whole, dB | slow, dB |\n|---|---|---|---|---|---|---|---|")
    for name, figures in rows.items():
        tone, shape, width, loudness, peak, whole, slow = zip(*figures)
        width = [value for value in width if value == value]
        size = statistics.median(abs(value) for value in loudness)
        print(f"| {name} | {statistics.median(tone):.2f} | {statistics.median(shape):.2f} | {statistics.median(width):.2f} | {size:.2f} | {max(peak):.2f} | {statistics.median(whole):.1f} | {statistics.median(slow):.1f} |")


if __name__ == "__main__":
    main()
