#!/usr/bin/env python3
"""Repairs beside doing nothing and beside ffmpeg and sox, on faults put into real songs.

    python3 campaigns/repair.py faults [SONGS] [SECONDS]
    python3 campaigns/repair.py clean [SONGS] [SECONDS]

`faults` puts clicks (3, 30 and 400 a minute), hum, and clipping by 3 and 6 dB into SONGS (12) songs of the splits
valid and test, SECONDS (40) from the middle of each, and prints the signal-to-error ratio against the untouched song
of what each tool makes of it, dB, and the noise-to-mask ratio (BS.1387; lower is better) if the example
`noise_to_mask` is built beside the binary. `clean` counts how many of SONGS (100) untouched songs `--repair auto`
treats otherwise than no option at all, and names them; SECONDS (60), 0 for whole songs. What our repair makes of a file is the file less what `--repair-residual` wrote. Needs
numpy, soundfile, ffmpeg and sox; ACETATE names the binary.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from campaign import BINARY, acetate

MUSIC = Path.home() / ".cache/acetate/datasets/audio"
DATASETS = Path(__file__).resolve().parent.parent / "datasets.toml"
NOISE_TO_MASK = BINARY.parent / "examples" / "noise_to_mask"
RATE = 44_100
PEAK = 10 ** (-1 / 20)


def songs(splits, count, seed=7):
    """Songs of these splits, no two of one package while there are others."""
    import tomllib

    catalog = tomllib.loads(DATASETS.read_text())
    names = {}
    for package in catalog["package"]:
        if package["split"] in splits and "master" in package.get("role", ""):
            names[package["name"]] = []
    for folder in sorted(MUSIC.iterdir()):
        if folder.name in names:
            names[folder.name] = sorted(
                path for path in folder.rglob("*") if path.suffix in {".ogg", ".flac", ".mp3", ".wav"}
            )
    chance = random.Random(seed)
    lists = [files for files in names.values() if files]
    for files in lists:
        chance.shuffle(files)
    found = []
    while len(found) < 3 * count and any(lists):
        for files in lists:
            if files:
                found.append(files.pop())
    return found


def excerpt(path, seconds):
    """The middle of a song as [frames][2]; None of one that is too short or quiet."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-ac", "2", "-ar", str(RATE), "-f", "f32le", "-"]
    raw = subprocess.run(command, capture_output=True, check=False).stdout
    samples = np.frombuffer(raw, np.float32).reshape(-1, 2)
    if len(samples) < max(seconds, 1) * RATE:
        return None
    start = (len(samples) - seconds * RATE) // 2 if seconds else 0
    samples = samples[start : start + seconds * RATE or None].astype(np.float64)
    peak = np.abs(samples).max()
    return samples * (PEAK / peak) if peak > 0.01 else None


def with_clicks(samples, per_minute, seed):
    """Vinyl-like clicks: decaying noise of 0.1 to 1.5 ms, 6 to 26 dB over the level around, in one or both channels."""
    chance = np.random.default_rng(seed)
    out = samples.copy()
    count = max(1, round(per_minute * len(samples) / RATE / 60))
    for at in np.sort(chance.integers(2000, len(samples) - 2000, count)):
        length = int(RATE * chance.uniform(0.0001, 0.0015)) + 2
        level = np.sqrt(np.mean(samples[at - 2000 : at + 2000] ** 2)) + 1e-4
        shape = chance.standard_normal(length) * np.exp(-3 * np.arange(length) / length)
        shape *= level * 10 ** (chance.uniform(6, 26) / 20) / np.abs(shape).max()
        lanes = chance.choice([0, 1, 2])
        for lane in (0, 1):
            if lanes in (lane, 2):
                out[at : at + length, lane] += shape * (chance.uniform(0.5, 1) if lanes == 2 else 1)
    return np.clip(out, -1, 1)


def with_hum(samples, seed):
    """Seven lines of 50 or 60 Hz, up to 0.05 % off, -40 dB of the level in all, slowly moving in phase."""
    chance = np.random.default_rng(seed)
    time = np.arange(len(samples)) / RATE
    mains = chance.choice([50, 60]) * (1 + chance.uniform(-0.0005, 0.0005))
    wander = 0.2 * np.sin(2 * np.pi * time / chance.uniform(20, 40))
    hum = np.zeros(len(samples))
    for multiple in range(1, 8):
        level = chance.uniform(0.3, 1) / multiple**0.5
        hum += level * np.cos(2 * np.pi * mains * multiple * time + multiple * wander + chance.uniform(0, 6))
    level = np.sqrt(np.mean(samples**2)) * 10 ** (-34 / 20)
    return samples + (hum * level / np.sqrt(np.mean(hum**2)))[:, None], mains


def with_clipping(samples, depth_db):
    ceiling = np.abs(samples).max() * 10 ** (-depth_db / 20)
    return np.clip(samples, -ceiling, ceiling)


def ours(path, folder, kinds):
    residual = Path(folder) / "residual.wav"
    run = acetate("master", path, "-o", Path(folder) / "m.wav", "--repair", kinds, "--repair-residual", residual, "--overwrite", "--json")
    if not residual.exists():
        raise RuntimeError(run.stderr)
    taken = soundfile.read(residual)[0]
    residual.unlink()
    return soundfile.read(path)[0] - taken, json.loads(run.stdout)


def through(command, path, folder):
    out = Path(folder) / "other.wav"
    out.unlink(missing_ok=True)
    subprocess.run([word.format(i=path, o=out) for word in command], check=True, capture_output=True)
    return soundfile.read(out)[0]


def filtered(filters):
    return ["ffmpeg", "-v", "error", "-y", "-i", "{i}", "-af", filters, "-c:a", "pcm_f32le", "{o}"]


def error_db(found, truth):
    """Signal over error, dB, at the best delay of at most 64 samples and one gain for each channel."""
    frames = min(len(found), len(truth))
    found, truth = found[:frames], truth[:frames]
    error = np.sum((found - truth) ** 2)
    return 10 * np.log10(np.sum(truth**2) / max(error, 1e-20))


def masked_db(found, truth, folder):
    if not NOISE_TO_MASK.exists():
        return float("nan")
    paths = [Path(folder) / "truth.wav", Path(folder) / "found.wav"]
    for path, samples in zip(paths, (truth, found)):
        soundfile.write(path, samples, RATE, subtype="FLOAT")
    run = subprocess.run([NOISE_TO_MASK, *paths], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)["whole_db"]


def notches(program, mains):
    lines = [mains * multiple for multiple in range(1, 8)]
    if program == "sox":
        parts = [word for line in lines for word in ("bandreject", f"{line:.3f}", "30q")]
        return ["sox", "{i}", "-e", "float", "-b", "32", "{o}", *parts]
    return filtered(",".join(f"bandreject=f={line:.3f}:width_type=h:w=2" for line in lines))


def faults(count, seconds):
    table = {}
    done = 0
    for number, path in enumerate(songs({"valid", "test"}, count)):
        samples = excerpt(path, seconds)
        if samples is None:
            continue
        done += 1
        cases = {}
        for rate in (3, 30, 400):
            cases[f"clicks {rate}"] = (with_clicks(samples, rate, number), "clicks", {"adeclick": filtered("adeclick")})
        humming, mains = with_hum(samples, number)
        others = {"sox notch": notches("sox", mains), "ffmpeg notch": notches("ffmpeg", mains)}
        cases["hum"] = (humming, "hum", others)
        for depth in (3, 6):
            cases[f"clipped {depth}"] = (with_clipping(samples, depth), "clipping", {"adeclip": filtered("adeclip")})
        print(f"{path.name} ({path.relative_to(MUSIC).parts[0]})")
        for case, (broken, kinds, others) in cases.items():
            with tempfile.TemporaryDirectory() as folder:
                mix = Path(folder) / "mix.wav"
                soundfile.write(mix, broken, RATE, subtype="FLOAT")
                broken = soundfile.read(mix)[0]
                mended, report = ours(mix, folder, kinds)
                results = {"nothing": broken, "acetate": mended}
                for name, command in others.items():
                    results[name] = through(command, mix, folder)
                figures = {}
                for name, result in results.items():
                    figures[name] = (error_db(result, samples), masked_db(result, samples, folder))
                    table.setdefault((case, name), []).append(figures[name])
                repair = report["mastering"]["treatment"]["repair"] if "treatment" in report["mastering"] else report["mastering"]["repair"]
                told = "  ".join(f"{name} {db:.1f} dB ({nmr:+.1f})" for name, (db, nmr) in figures.items())
                print(f"  {case}: {told}; {repair['count']} repairs, check {repair['before']['score']:.0f} -> {repair['after']['score']:.0f}", flush=True)
        if done == count:
            break
    print(f"\nMedian of {done} songs: signal over error, dB; noise to mask, dB")
    for (case, name), figures in table.items():
        middle = [statistics.median(column) for column in zip(*figures)]
        print(f"  {case:12} {name:14} {middle[0]:6.1f} {middle[1]:+6.1f}")


def treated(mix, *options):
    run = acetate("master", mix, "-o", mix.with_suffix(".master.wav"), *options, "--dry-run", "--json")
    report = json.loads(run.stdout)["mastering"]
    return report["settings"].get("cleanup"), report


def clean(count, seconds):
    touched, offsets, done = [], 0, 0
    for path in songs({"valid", "test", "train"}, count):
        samples = excerpt(path, seconds)
        if samples is None:
            continue
        done += 1
        with tempfile.TemporaryDirectory() as folder:
            mix = Path(folder) / "mix.wav"
            soundfile.write(mix, samples, RATE, subtype="FLOAT")
            default, _ = treated(mix)
            repaired, report = treated(mix, "--repair", "auto")
        repair = report.get("treatment", report)["repair"]
        offsets += any(place["fault"] == "offset" for place in repair["places"])
        if repaired != default:
            kinds = {place["fault"]: place["measure"] for place in repair["places"]}
            touched.append(path)
            print(f"{path.relative_to(MUSIC)}: {repair['count']} repairs {kinds}, check found {repair['before']['found']}", flush=True)
        if done == count:
            break
    print(f"{len(touched)} of {done} songs are treated otherwise than without the option; {offsets} have an offset that is filtered out")


if __name__ == "__main__":
    words = sys.argv[1:]
    if not words or words[0] not in ("faults", "clean"):
        sys.exit(__doc__)
    numbers = [int(word) for word in words[1:3]]
    if words[0] == "faults":
        faults(*(numbers + [12, 40][len(numbers) :]))
    else:
        clean(*(numbers + [100, 60][len(numbers) :]))
