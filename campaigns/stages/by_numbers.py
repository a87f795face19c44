#!/usr/bin/env python3
"""Masters listened to by numbers and pictures: what a master is beyond a linear filter of its mix.

usage: campaigns/stages/by_numbers.py ACETATE CACHE OUT [SONGS]

Masters 60 s from the middle of SONGS (10) songs, half of them with vocals, the others of the splits valid and test, without
options, and prints for each: loudness and true peak (ffmpeg); the noise-to-mask ratio (BS.1387) against the closest linear
filter of the mix, with one gain and with a slow one; how much that filter leaves of the master (null); how far the gain of
third octaves from 100 Hz to 10 kHz moves over 0.4 s (standard deviation of the median band and of the worst); and the
clicks that the check finds in the mix and in the master. OUT gets a picture a song: spectrograms of the mix, of the master,
and, 20 dB up, of what the filter leaves. Needs numpy, soundfile, ffmpeg, and the example `noise_to_mask` built beside
ACETATE.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from against_matchering import artifacts_db, linear_part  # noqa: E402
from repair import songs  # noqa: E402
from sound import RATE_HZ, read, run, write  # noqa: E402

VOCALS = "f90+jamendolyrics/mp3"
LENGTH_S = 60
WINDOW = int(0.4 * RATE_HZ)
EDGES_HZ = 100 * 2 ** (np.arange(21) / 3)
QUIET_DB = -50.0


def chosen(cache, count):
    """Songs with vocals first, then others; none twice."""
    vocals = sorted((Path(cache) / "audio" / VOCALS).iterdir())[: count // 2]
    return [*vocals, *songs({"valid", "test"}, count)][: count]


def middle(path):
    whole = read(path)
    start = max(0, (len(whole) - LENGTH_S * RATE_HZ) // 2)
    return whole[start : start + LENGTH_S * RATE_HZ]


def bands_db(mid):
    """Levels of third octaves over time, dB: [windows][bands]."""
    hop = WINDOW // 2
    hz = np.fft.rfftfreq(WINDOW, 1 / RATE_HZ)
    levels = []
    for start in range(0, len(mid) - WINDOW, hop):
        power = np.abs(np.fft.rfft(np.hanning(WINDOW) * mid[start : start + WINDOW])) ** 2
        levels.append([power[(hz >= low) & (hz < high)].sum() for low, high in zip(EDGES_HZ, EDGES_HZ[1:])])
    return 10 * np.log10(np.array(levels) + 1e-12)


def modulation_db(mix, master):
    """Standard deviation of each band's gain over time where the band sounds: the median band and the worst."""
    before, after = bands_db(mix), bands_db(master)
    spread = []
    for band in range(before.shape[1]):
        sounds = before[:, band] > before.max() + QUIET_DB
        if sounds.sum() > 20:
            spread.append(np.std((after - before)[sounds, band]))
    return np.median(spread), np.max(spread)


def loudness(path):
    words = ["ffmpeg", "-hide_banner", "-nostats", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stderr
    last = lambda pattern: float(re.findall(pattern, said)[-1])
    return last(r"I:\s+(-?[\d.]+) LUFS"), last(r"Peak:\s+(-?[\d.]+) dBFS")


def clicks(acetate, path):
    run_ = subprocess.run([str(acetate), "check", str(path), "--json"], capture_output=True, text=True, check=False)
    found = [one for one in json.loads(run_.stdout)["findings"] if one["code"] == "clicks"]
    return len(found[0]["places"]) if found else 0


def picture(parts, folder, out):
    """Spectrograms of the signals, one below the other."""
    inputs = []
    for number, signal in enumerate(parts):
        path = folder / f"part{number}.wav"
        write(path, np.column_stack([signal, signal]))
        inputs += ["-i", path]
    views = [f"[{n}:a]showspectrumpic=s=1000x260:legend=0:scale=log:drange=100:mode=combined[v{n}]" for n in range(len(parts))]
    stack = "".join(f"[v{n}]" for n in range(len(parts))) + f"vstack=inputs={len(parts)}"
    run("ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex", ";".join([*views, stack]), "-frames:v", "1", out)


def main():
    acetate, cache, out = sys.argv[1:4]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 10
    Path(out).mkdir(parents=True, exist_ok=True)
    print("| song | LUFS | dBTP | done | NMR, one gain, dB | NMR, slow gain, dB | null, dB | gain moves, median band, dB | worst band, dB | clicks, mix | clicks, master |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for number, song in enumerate(chosen(cache, count)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            mix, made = folder / "mix.wav", folder / "master.wav"
            write(mix, 0.7 * middle(song))
            done = subprocess.run([acetate, "master", mix, "-o", made, "--no-cache", "--json"], capture_output=True, text=True, check=False)
            settings = json.loads(done.stdout)["mastering"]["settings"]
            before, after = (soundfile.read(path, always_2d=True)[0].mean(axis=1) for path in (mix, made))
            frames = min(len(before), len(after))
            before, after = before[:frames], after[:frames]
            linear = linear_part(before, after)
            left = after - linear
            null_db = 10 * np.log10((left**2).sum() / (after**2).sum())
            figures = (*artifacts_db(acetate, mix, made, folder), null_db, *modulation_db(before, after))
            lufs, peak = loudness(made)
            ratio = settings["compressor"]["ratio"]
            eq_db = max(abs(db) for db in settings["eq"]["mid_db"]) if "mid_db" in settings["eq"] else float("nan")
            told = f"EQ {eq_db:.1f} dB, {ratio:.2f}:1, de-esser {settings['deesser']['max_reduction_db']:.1f} dB"
            cells = " | ".join(f"{figure:.1f}" if abs(figure) >= 10 else f"{figure:.2f}" for figure in figures)
            print(f"| {song.stem[:28]} | {lufs:.1f} | {peak:.1f} | {told} | {cells} | {clicks(acetate, mix)} | {clicks(acetate, made)} |", flush=True)
            picture([before, after, left * 10], folder, Path(out) / f"{number:02}.png")


if __name__ == "__main__":
    main()
