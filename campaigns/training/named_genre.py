#!/usr/bin/env python3
"""What naming the genre does to masters, on songs with vocals of the split test, end to end.

    campaigns/training/named_genre.py ACETATE CACHE

ACETATE is the binary, CACHE the folder that `acetate dataset fetch` filled. 20 s from the middle of each song get smooth random
faults of 0, 2, 4 and 6 dB RMS, each with its mirror, and plain faults of 8 dB; each mix is mastered without a genre, with the
song's own as `datasets.toml` guesses it, and with a wrong one (classical). Printed is mid's tonal error against the
untouched song on the written samples, as a share of doing nothing's (in dB at 0), and how much of the plain faults is gone;
intervals of 95 % by song. Needs numpy, scipy and ffmpeg.
"""

import sys
import tempfile
import tomllib
from pathlib import Path

import numpy as np
from coherence import CENTERS_HZ, INAUDIBLE_DB, answer, third_octaves_db, with_fault
from genres import MODE_VARIANCES
from sound import RATE_HZ, read, write

EXCERPT_S = 20
SEVERITIES_DB = (0, 2, 4, 6)
PLAIN = ("boomy", "thin", "muddy", "harsh", "dull", "fizzy")
PLAIN_DB = 8
ASKED = ("none", "own", "classical")
# Names of `--genre` for what datasets.toml calls otherwise.
NAMES = {"indie pop": "pop"}


def songs(cache):
    """(file, genre) of the test songs in which somebody sings."""
    for entry in tomllib.loads(Path("datasets.toml").read_text())["repository"]:
        for track in entry["tracks"]:
            file = cache / "audio" / entry["name"] / track["path"]
            sung = track.get("has_vocals", entry.get("has_vocals"))
            if entry["split"] == "test" and sung and track["tier"] in "AB" and file.exists():
                genre = track.get("genre", entry.get("genre"))
                yield file, NAMES.get(genre, genre)


def smooth_db(chance, rms_db):
    modes = np.arange(1, len(MODE_VARIANCES) + 1)[:, None]
    curves = np.cos(np.pi * modes / 27 * (np.arange(27) + 0.5))
    curve = (chance.normal(size=len(MODE_VARIANCES)) * np.sqrt(MODE_VARIANCES)) @ curves
    return curve * rms_db / np.sqrt((curve**2).mean())


def through(samples, curve_db):
    """Samples behind a curve at the judged bands, without phase."""
    spectrum = np.fft.rfft(samples, axis=0)
    hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    gains_db = np.interp(np.log(np.maximum(hz, 1)), np.log(CENTERS_HZ), curve_db)
    return np.fft.irfft(spectrum * 10 ** (gains_db / 20)[:, None], len(samples), axis=0)


def mixes(song):
    """(what, severity, mix) of a song."""
    chance = np.random.default_rng(7)
    for severity_db in SEVERITIES_DB:
        curve_db = smooth_db(chance, severity_db)
        for sign in (1, -1) if severity_db else (1,):
            yield "smooth", severity_db, through(song, sign * curve_db)
    for code in PLAIN:
        yield code, PLAIN_DB, with_fault(song, code, PLAIN_DB)


def distance_db(before_db, after_db, heard):
    """Mean |dB| around the median difference: the level is no part of tone."""
    off = (after_db - before_db)[heard]
    return np.abs(off - np.median(off)).mean()


def judged(acetate, song, genre, folder):
    """Rows (what, severity, asked, left, of doing nothing) of one song."""
    mix, out = folder / "mix.wav", folder / "out.wav"
    untouched_db = third_octaves_db(song)
    heard = untouched_db > untouched_db.max() - INAUDIBLE_DB
    for what, severity_db, faulty in mixes(song):
        write(mix, 0.25 * faulty)
        nothing_db = distance_db(untouched_db, third_octaves_db(faulty), heard)
        for asked in ASKED:
            named = {"none": [], "own": ["--genre", genre], "classical": ["--genre", "classical"]}[asked]
            answer(acetate, "master", mix, "-o", out, "-f", "--json", "--no-cache", *named)
            left_db = distance_db(untouched_db, third_octaves_db(read(out)), heard)
            yield what, severity_db, asked, left_db, nothing_db


def interval(values, chance):
    means = [chance.choice(values, len(values)).mean() for _ in range(2_000)]
    return f"{np.mean(values):.2f} [{np.quantile(means, 0.025):.2f}, {np.quantile(means, 0.975):.2f}]"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    acetate, cache = sys.argv[1], Path(sys.argv[2])
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for file, genre in songs(cache):
            whole = read(file)
            start = max(0, (len(whole) - EXCERPT_S * RATE_HZ) // 2)
            song = whole[start : start + EXCERPT_S * RATE_HZ]
            for what, severity_db, asked, left_db, nothing_db in judged(acetate, song, genre, Path(folder)):
                key = (what == "smooth", severity_db, asked)
                found.setdefault(key, {}).setdefault(file.name, []).append((left_db, nothing_db))
    chance = np.random.default_rng(1)
    print("| genre | 0 (in dB) | 2 | 4 | 6 | of plain faults of 8 dB gone, % |\n|---|---|---|---|---|---|")
    for asked in ASKED:
        cells = []
        for smooth, severity_db in [(True, severity_db) for severity_db in SEVERITIES_DB] + [(False, PLAIN_DB)]:
            by_song = [np.array(rows).mean(0) for rows in found[smooth, severity_db, asked].values()]
            if severity_db == 0:
                shares = np.array([left for left, _ in by_song])
            else:
                shares = np.array([left / nothing for left, nothing in by_song])
            cells.append(interval(shares if smooth else 100 * (1 - shares), chance))
        print("| " + " | ".join([asked, *cells]) + " |")
    print(f"{len(by_song)} songs")


if __name__ == "__main__":
    main()
