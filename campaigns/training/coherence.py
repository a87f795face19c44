#!/usr/bin/env python3
"""Whether check and master say and do the same about tone, on real songs with tonal faults put in.

    campaigns/training/coherence.py ACETATE CACHE [MIXES]

ACETATE is the binary, CACHE the folder that `acetate dataset fetch` filled. 30 s from the middle of finished masters of
the splits valid and test, songs of all groups in turn, get one of the faults that the check tells (boomy, thin, muddy,
harsh, dull, fizzy; 4, 6, 8 or 12 dB) by scipy. For every tonal finding of `acetate check --json` three things are counted:
`acetate master -n --json` tells it too, with the same promise; the EQ of that dry run moves the finding's bands against the
rest in the direction that the finding asks for; and the share that was promised is what the next `acetate master` does, as the
third octaves of mid that can be heard show it on the written samples against the mix, within 10 points. The amounts of the treatment are the
defaults. Exit code 1 where one of them does not hold. Needs numpy, scipy and ffmpeg.
"""

import json
import math
import re
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np
from scipy.signal import sosfilt, welch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "stages"))
from sound import RATE_HZ, read, write  # noqa: E402

EXCERPT_S = 30
AT_A_TIME = 4
SIZES_DB = (4, 6, 8, 12)
POINTS = 10
# Bands so far below the loudness are not judged, as in `acetate eval`.
INAUDIBLE_DB = 60
# The judged third octaves, 39 Hz to 16 kHz.
CENTERS_HZ = 1000.0 * 2.0 ** ((np.arange(3, 30) - 17) / 3.0)
# Those of the EQ's knots for mid (`acetate params`).
KNOTS_HZ = 10 ** (1.5 + 0.25 * np.arange(12))
# What a finding asks of its bands: less of them, or more.
ASKS = {"boomy": -1, "thin": 1, "muddy": -1, "harsh": -1, "dull": 1, "fizzy": -1}


def songs(cache):
    """Finished masters of the splits valid and test, groups in turn."""
    listed = tomllib.loads(Path("datasets.toml").read_text())
    groups = {}
    for entry in listed["package"] + listed["repository"]:
        if entry["role"] != "finished master" or entry["split"] not in ("valid", "test"):
            continue
        if isinstance(entry["tracks"], dict):
            tracks = [(entry["group"], path) for tier in "AB" for path in entry["tracks"].get(tier, [])]
        else:
            tracks = [(track["group"], track["path"]) for track in entry["tracks"] if track["tier"] in "AB"]
        for group, path in tracks:
            file = cache / "audio" / entry["name"] / path
            if file.exists():
                groups.setdefault(group, []).append(file)
    return [file for file in chain.from_iterable(zip_longest(*groups.values())) if file]


def section(kind, gain_db, hz, quality=0.8):
    """A second-order section of the cookbook."""
    w = 2 * math.pi * hz / RATE_HZ
    cos, a = math.cos(w), 10 ** (gain_db / 40)
    if kind == "high-pass":
        alpha = math.sin(w) * math.sqrt(0.5)
        b, d = [(1 + cos) / 2, -1 - cos, (1 + cos) / 2], [1 + alpha, -2 * cos, 1 - alpha]
    elif kind == "bell":
        alpha = math.sin(w) / (2 * quality)
        b, d = [1 + alpha * a, -2 * cos, 1 - alpha * a], [1 + alpha / a, -2 * cos, 1 - alpha / a]
    else:
        s = 2 * math.sqrt(a) * math.sin(w) * math.sqrt(0.5)
        b = [a * (a + 1 + (a - 1) * cos + s), -2 * a * (a - 1 + (a + 1) * cos), a * (a + 1 + (a - 1) * cos - s)]
        d = [a + 1 - (a - 1) * cos + s, 2 * (a - 1 - (a + 1) * cos), a + 1 - (a - 1) * cos - s]
    return np.array([[*(x / d[0] for x in b), *(x / d[0] for x in d)]])


def with_fault(samples, code, size_db):
    sections = {
        "boomy": ("bell", size_db, 90),
        # The high-pass that takes so much at 80 Hz.
        "thin": ("high-pass", 0, 80 * (10 ** (size_db / 10) - 1) ** 0.25),
        "muddy": ("bell", size_db, 300),
        "harsh": ("bell", size_db, 3_200),
        "dull": ("shelf", -size_db, 5_000),
        "fizzy": ("shelf", size_db, 8_000),
    }
    return sosfilt(section(*sections[code]), samples, axis=0)


def third_octaves_db(samples):
    """Levels of mid at the judged bands."""
    hz, power = welch(samples.mean(1), RATE_HZ, nperseg=16_384)
    edge = 2 ** (1 / 6)
    parts = [power[(hz >= center / edge) & (hz < center * edge)].sum() for center in CENTERS_HZ]
    return 10 * np.log10(np.maximum(parts, 1e-30))


def contrast_db(curve_db, band, heard=True):
    """A finding's bands against the rest, of those that are heard; of all where none of its own is."""
    own = (CENTERS_HZ >= band["from_hz"]) & (CENTERS_HZ < band["to_hz"])
    heard = heard if (own & heard).any() else True
    return curve_db[own & heard].mean() - curve_db[~own & heard].mean()


def answer(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode > 1:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def tonal(findings):
    return {finding["code"]: finding for finding in findings if finding["code"] in ASKS}


def promised_percent(finding):
    if "takes all of it" in finding["mastering_does"]:
        return 100.0
    return float(re.search(r"takes (\d+) % of it", finding["mastering_does"])[1])


def eq_curve_db(settings):
    """The planned EQ of mid at the judged bands, read off its knots: a straight line over log frequency between them."""
    return np.interp(np.log(CENTERS_HZ), np.log(KNOTS_HZ), settings["eq"]["mid_db"])


def judge(acetate, mix, samples, folder):
    """One row for every tonal finding of the check."""
    out = folder / "master.wav"
    told = tonal(answer(acetate, "check", "--json", mix)["findings"])
    dry = answer(acetate, "master", "-n", "--json", "--no-cache", mix, "-o", out)
    if not told:
        return [], bool(tonal(dry["findings"]))
    real = answer(acetate, "master", "--json", "--no-cache", "-f", mix, "-o", out)
    before_db = third_octaves_db(samples)
    moved_db = third_octaves_db(read(out)) - before_db
    # What is in bands that nobody hears is noise, or the limiter's.
    heard = before_db > real["mastering"]["before"]["integrated_lufs"] - INAUDIBLE_DB
    rows = []
    for code, finding in told.items():
        open_db = np.array(dry["mastering"]["tone"]["open_db"])
        estimated_db = max(ASKS[code] * contrast_db(open_db, finding["band"]), finding["evidence"])
        same = tonal(dry["findings"]).get(code, {}).get("mastering_does") == finding["mastering_does"]
        planned_db = ASKS[code] * contrast_db(eq_curve_db(dry["mastering"]["settings"]), finding["band"])
        done_db = ASKS[code] * contrast_db(moved_db, finding["band"], heard)
        rows.append(
            {
                "code": code,
                "same": same,
                "planned_db": planned_db,
                "done_db": done_db,
                "promised": promised_percent(finding),
                "kept": 100 * done_db / estimated_db,
                "estimated_db": estimated_db,
                "stages": real["mastering"]["settings"],
            }
        )
    return rows, set(tonal(dry["findings"])) != set(told)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    acetate, cache = sys.argv[1], Path(sys.argv[2])
    wanted = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    files = songs(cache)

    def judged(number):
        """The findings of one mix, and whether the dry run has others."""
        file, code = files[number % len(files)], list(ASKS)[number % len(ASKS)]
        size_db = SIZES_DB[(number // len(ASKS)) % len(SIZES_DB)]
        song = read(file)
        start = max(0, (len(song) - EXCERPT_S * RATE_HZ) // 2)
        with tempfile.TemporaryDirectory() as folder:
            mix = Path(folder) / "mix.wav"
            write(mix, 0.25 * with_fault(song[start : start + EXCERPT_S * RATE_HZ], code, size_db))
            found, other = judge(acetate, mix, read(mix), Path(folder))
        return [{**row, "song": file.name, "fault": f"{code} {size_db} dB"} for row in found], other

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        results = list(pool.map(judged, range(wanted)))
    rows = [row for found, _ in results for row in found]
    report(rows, len(results), sum(bool(found) for found, _ in results), sum(other for _, other in results))


def report(rows, mixes, told, differ):
    off = np.array([row["kept"] - row["promised"] for row in rows])
    signs = sum(row["planned_db"] > 0 for row in rows), sum(row["done_db"] > 0 for row in rows)
    same = sum(row["same"] for row in rows)
    within = int((np.abs(off) <= POINTS).sum())
    print(f"{mixes} mixes, {told} with a tonal finding, {len(rows)} findings; {differ} mixes with other findings in the dry run")
    print(f"the dry run promises the same: {same} of {len(rows)}")
    print(f"its EQ moves the bands as the finding asks: {signs[0]} of {len(rows)}; the written master does: {signs[1]} of {len(rows)}")
    print(f"promised share kept within {POINTS} points: {within} of {len(rows)}")
    print(f"kept less promised, points: median {np.median(off):.1f}, 5 % {np.quantile(off, 0.05):.1f}, 95 % {np.quantile(off, 0.95):.1f}, largest {np.abs(off).max():.1f}")
    for row, points in sorted(zip(rows, off), key=lambda pair: -abs(pair[1]))[:12]:
        stages = row["stages"]
        print(
            f"  {row['song']} with {row['fault']}: {row['code']} of {row['estimated_db']:.1f} dB, promised {row['promised']:.0f} %,"
            f" kept {row['promised'] + points:.0f} %; ratio {stages['compressor']['ratio']}, saturation {stages['saturation']['amount']},"
            f" de-esser {stages['deesser']['max_reduction_db']} dB, drive {stages['limiter']['drive_db']:.1f} dB"
        )
    if differ or same < len(rows) or min(signs) < len(rows) or within < len(rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
