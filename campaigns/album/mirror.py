#!/usr/bin/env python3
"""What mastering an album together is worth: finished albums are detuned and mastered again.

Usage: campaigns/album/mirror.py [--seconds N] [--songs N] [--seed N] [ALBUM ...]

Each song of a finished album of the corpus (`acetate dataset fetch`; split valid or test) is moved in level by up
to 4 dB and through a smooth EQ of 2 dB RMS; then all of them by the mirrored moves. Both albums are mastered song
by song (`acetate master`) and together (`acetate album`). Told is how far the *relative* body loudness (95th
percentile of the short-term loudness) and the relative third octaves of the songs are from those of the finished
album, as a mean over songs, with bootstrap intervals over songs; the second run of the album on its own output; and
how far each song's tone is from its own single master. All figures are measured here, by numpy, on what was written.
The binary is ACETATE, or that of a release build. Needs numpy, scipy and ffmpeg.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
import wave
from pathlib import Path

import numpy as np
from scipy.fft import next_fast_len
from scipy.signal import lfilter

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("ACETATE", str(ROOT / "target/release/acetate"))
MUSIC = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "acetate/datasets/audio"
RATE = 44100
CENTERS = 1000 * 2 ** (np.arange(-14, 13) / 3)
LOG = np.log2(CENTERS)
DEFAULT = ["amoebax-data", "freedroidrpg-data", "hedgewars-data", "hyperrogue-music", "widelands-data"]


def tracks_of(name, splits=("valid", "test")):
    """The loud and the finished tracks of a package of these splits, in the order of the list."""
    listed = tomllib.loads((ROOT / "datasets.toml").read_text())
    for package in listed["package"] + listed["repository"]:
        if package["name"] == name and package["role"] == "finished master":
            assert package["split"] in splits, f"{name}: split {package['split']}"
            tracks = package["tracks"]
            if isinstance(tracks, dict):
                tracks = [path for tier in ("A", "B") for path in tracks.get(tier, [])]
            else:
                tracks = [track["path"] for track in tracks if track["tier"] in "AB"]
            files = [MUSIC / name / path.replace("!/", "/") for path in tracks]
            return [file for file in files if file.exists()]
    sys.exit(f"{name}: not in datasets.toml")


def load(path, start=None, seconds=None):
    cut = [] if start is None else ["-ss", str(start), "-t", str(seconds)]
    command = ["ffmpeg", "-v", "error", *cut, "-i", str(path), "-map", "0:a:0", "-ac", "2", "-ar", str(RATE)]
    raw = subprocess.run([*command, "-f", "f32le", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.float32).reshape(-1, 2).astype(np.float64)


def save(path, samples):
    whole = np.round(np.clip(samples, -1, 1 - 2**-23) * 2**23).astype("<i4")
    data = whole.reshape(-1, 1).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(3)
        out.setframerate(RATE)
        out.writeframes(data)


def smooth_eq(rng, rms_db=2.0):
    """Tilt, bells and a shelf at random, without level."""
    curve = rng.normal() * (LOG - LOG.mean()) / 3
    for _ in range(rng.integers(0, 5)):
        width = rng.uniform(0.5, 1.5)
        curve = curve + 1.5 * rng.normal() * np.exp(-0.5 * ((LOG - rng.uniform(LOG[0], LOG[-1])) / width) ** 2)
    if rng.random() < 0.5:
        curve = curve + 2 * rng.normal() / (1 + np.exp(-2 * (LOG - rng.uniform(LOG[0], LOG[-1]))))
    curve -= curve.mean()
    return rms_db * curve / np.sqrt((curve**2).mean())


def filtered(samples, curve_db):
    length = next_fast_len(len(samples), real=True)
    spectrum = np.fft.rfft(samples, length, axis=0)
    at = np.log2(np.maximum(np.fft.rfftfreq(length, 1 / RATE), 20))
    gain = 10 ** (np.interp(at, LOG, curve_db) / 20)
    return np.fft.irfft(spectrum * gain[:, None], length, axis=0)[: len(samples)]


def weighting():
    """BS.1770 at 44.1 kHz, from the analog prototypes."""
    shelf_b, shelf_a = [1.5308412300498355, -2.6509799951536985, 1.1690790799210682], [1, -1.6636551132560204, 0.7125954280732254]
    high_b, high_a = [1, -2, 1], [1, -1.9891696736297957, 0.9891990357870394]
    return (shelf_b, shelf_a), (high_b, high_a)


def figures(samples):
    """Body loudness, and third octaves relative to the integrated loudness."""
    (shelf, high), weighted = weighting(), samples
    weighted = lfilter(*high, lfilter(*shelf, samples, axis=0), axis=0)
    steps = len(weighted) // 441
    power = (weighted[: steps * 441] ** 2).reshape(steps, 441, 2).mean(1).sum(1)
    total = np.concatenate([[0], np.cumsum(power)])
    blocks = (total[40:] - total[:-40])[::10] / 40
    lufs = lambda value: -0.691 + 10 * np.log10(value + 1e-20)
    loud = blocks[lufs(blocks) > -70]
    integrated = lufs(loud[lufs(loud) > lufs(loud.mean()) - 10].mean())
    short = lufs((total[300:] - total[:-300])[::10] / 300)
    body = np.percentile(short[short > short.max() - 40], 95)
    mid = samples.mean(1)[: len(samples) // 8192 * 8192].reshape(-1, 8192) * np.hanning(8192)
    spectrum = (np.abs(np.fft.rfft(mid, axis=1)) ** 2).mean(0)
    at = np.fft.rfftfreq(8192, 1 / RATE)
    edges = [(center * 2 ** (-1 / 6), center * 2 ** (1 / 6)) for center in CENTERS]
    bands = np.array([10 * np.log10(spectrum[(at >= low) & (at < high)].sum() + 1e-12) for low, high in edges])
    return body, bands - integrated, bands


def run(*words):
    done = subprocess.run([BINARY, *map(str, words)], capture_output=True, text=True)
    if done.returncode == 2:
        sys.exit(done.stderr)
    return done


def masters(folder):
    return [figures(load(path)) for path in sorted(folder.glob("*.wav"))]


def apart(made, truth):
    """How far relative levels and tones are from the finished ones, for each song."""
    level = np.array([m[0] for m in made]) - np.array([t[0] for t in truth])
    level -= level.mean()
    heard = np.array([t[1] for t in truth]) > -60
    tone = np.array([m[1] for m in made]) - np.array([t[1] for t in truth])
    tone -= tone.mean(0)
    tone -= tone.mean(1, keepdims=True)
    return np.abs(level), np.array([np.abs(row[ok]).mean() for row, ok in zip(tone, heard)])


def album(name, options, rng, place):
    files = tracks_of(name)[: options.songs]
    songs = [load(file, 10, options.seconds) for file in files]
    songs = [song for song in songs if len(song) > 25 * RATE]
    moves = [(rng.uniform(-4, 4), smooth_eq(rng)) for _ in songs]
    truth = [figures(song) for song in songs]
    rows = {key: [] for key in ("level", "tone")}
    for sign in (1, -1):
        mixes, single, together, again = (place / f"{name}{sign}-{part}" for part in ("mixes", "single", "album", "again"))
        mixes.mkdir()
        for number, (song, (gain, curve)) in enumerate(zip(songs, moves), 1):
            save(mixes / f"{number:02}.wav", filtered(song, sign * curve) * 10 ** ((sign * gain - 12) / 20))
        run("master", mixes, "--out-dir", single, "--no-codec-safe", "--no-cache", "-q")
        run("album", mixes, "--out-dir", together, "-q")
        run("album", together, "--out-dir", again, "-q")
        start = [figures(load(path)) for path in sorted(mixes.glob("*.wav"))]
        parts = {"mixes": start, "single": masters(single), "album": masters(together), "again": masters(again)}
        found = {part: apart(made, truth) for part, made in parts.items()}
        for index, key in enumerate(("level", "tone")):
            rows[key] += list(zip(*(found[part][index] for part in ("mixes", "single", "album"))))
        drift = [(a[0] - b[0], np.abs(a[1] - b[1]).mean(), np.abs(a[1] - b[1] - (a[1] - b[1]).mean()).max()) for a, b in zip(parts["album"], parts["again"])]
        regret = [np.abs(a[1] - b[1] - (a[1] - b[1]).mean()).mean() for a, b in zip(parts["album"], parts["single"])]
        spread = lambda made, index: float(np.sqrt(np.mean(np.var(np.array([m[index] for m in made]), axis=0))))
        report = json.loads((together / "album.json").read_text())
        print(f"{name} {sign:+d}: {len(songs)} songs of {options.seconds} s")
        print(f"  spread of bodies {spread(start, 0):.2f} LU -> {spread(parts['album'], 0):.2f} (finished {spread(truth, 0):.2f}); "
              f"of third octaves {spread(start, 1):.2f} dB -> {spread(parts['album'], 1):.2f} (single masters {spread(parts['single'], 1):.2f}, finished {spread(truth, 1):.2f})")
        print(f"  relative level off by {found['single'][0].mean():.2f} LU single, {found['album'][0].mean():.2f} album; "
              f"relative tone by {found['mixes'][1].mean():.2f} dB in the mixes, {found['single'][1].mean():.2f} single, {found['album'][1].mean():.2f} album")
        print(f"  tone of album masters from single ones: mean {np.mean(regret):.2f} dB, worst {np.max(regret):.2f}")
        print(f"  second run: level {np.max(np.abs([d[0] for d in drift])):.3f} LU at most; tone {np.max([d[1] for d in drift]):.3f} dB mean of the worst song, "
              f"{np.max([d[2] for d in drift]):.3f} worst band; all met {report['all_met']}", flush=True)
    return rows


def interval(pairs, rng):
    """By how much closer the album is than single masters, percent, with a bootstrap interval of 95 %."""
    pairs = np.array(pairs)
    closer = lambda rows: 100 * (1 - rows[:, 2].mean() / rows[:, 1].mean())
    drawn = [closer(pairs[rng.integers(0, len(pairs), len(pairs))]) for _ in range(2000)]
    return closer(pairs), *np.percentile(drawn, [2.5, 97.5]), len(pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--songs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("albums", nargs="*", default=DEFAULT)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    rows = {"level": [], "tone": []}
    for name in options.albums:
        with tempfile.TemporaryDirectory(prefix="mirror-") as place:
            for key, found in album(name, options, rng, Path(place)).items():
                rows[key] += found
    for key, unit in (("level", "LU"), ("tone", "dB")):
        closer, low, high, count = interval(rows[key], rng)
        means = np.array(rows[key]).mean(0)
        print(f"{key}: off by {means[0]:.2f} {unit} in the mixes, {means[1]:.2f} single, {means[2]:.2f} album: "
              f"{closer:.0f} % closer than single masters ({low:.0f} to {high:.0f}), {count} masters")


if __name__ == "__main__":
    main()
