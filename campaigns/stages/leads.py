#!/usr/bin/env python3
"""How well the ratio of lead to rest tells a lead that was moved by 6 dB, and what `--rebalance` makes of one.

usage: campaigns/stages/leads.py FOLDER [--songs SONGS] [--check ACETATE COUNT] [--corpus]

FOLDER holds what `crates/check/fit/lead.py` rendered: songs as lead and rest. The ratio is that of `acetate check`
(K-weighted, while the lead sounds), here with the lead as it is known. Printed are the ratio in the authors' own balance,
the area under the curve of a moved lead against the authors' own (with the interval over album groups), how many of
either have a finding with limits from all other groups, and what a move of at most 2 dB toward the others' range leaves
of the error. --songs is a folder with a folder of stems for each song, the lead's named "VOX LEAD"; their sum is the mix.
--check holds so many songs against the program, with the lead's stem beside their mix at -6, 0 and +6 dB. --bus puts
compressors and EQs on the bus of five mixes. --corpus writes the range into crates/check/corpus.json. Needs numpy, scipy
and ffmpeg.
"""

import argparse
import json
import math
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from scipy.signal import lfilter
from sound import RATE_HZ, read, write

SHARES = [0, 0.5, 1, 2, 5, 10, 20, 35, 50, 65, 80, 90, 95, 98, 99, 99.5, 100]
# Where a finding begins and where it costs all of its points, percent of released songs below.
BURIED, LOUD = (5.0, 0.5), (95.0, 99.5)
# Between these a lead is not moved, and how far it is moved at most.
USUAL, MOST_DB = (20.0, 80.0), 2.0
# What mix buses carry, as ffmpeg's filters.
BUS = [
    "acompressor=threshold=-18dB:ratio=2:attack=10:release=200:knee=6",
    "acompressor=threshold=-12dB:ratio=4:attack=30:release=300",
    "highshelf=f=8000:g=2",
    "lowshelf=f=100:g=3",
]
DRAWS = 1_000
SEED = 7


def k_weighted(samples):
    """BS.1770: the shelf, then the high-pass."""
    k, q, high = math.tan(math.pi * 1_681.974450955533 / RATE_HZ), 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    band, norm = high**0.4996667741545416, 1 + k / q + k * k
    shelf = [(high + band * k / q + k * k) / norm, 2 * (k * k - high) / norm, (high - band * k / q + k * k) / norm]
    weighted = lfilter(shelf, [1, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm], samples.astype(float), axis=0)
    k, q = math.tan(math.pi * 38.13547087602444 / RATE_HZ), 0.5003270373238773
    norm = 1 + k / q + k * k
    return lfilter([1, -2, 1], [1, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm], weighted, axis=0)


def blocks(samples):
    """K-weighted power of 400 ms every 100 ms."""
    power = (k_weighted(samples) ** 2).sum(1)
    step = RATE_HZ // 10
    steps = power[: len(power) // step * step].reshape(-1, step).mean(1)
    return np.convolve(steps, np.ones(4) / 4, "valid")


def ratio_db(lead, rest):
    lead, rest = blocks(lead), blocks(rest)
    sounding = lead >= lead[lead > 1e-7].mean() / 10
    return 10 * np.log10(lead[sounding].sum() / max(rest[sounding].sum(), 1e-12))


def rendered(folder):
    for path in sorted(folder.glob("*.npz")):
        stored = np.load(path)
        lead, rest = (stored[name].astype(np.float32) / 32_768 for name in ("lead", "rest"))
        if len(lead) >= 10 * RATE_HZ and min((lead**2).mean(), (rest**2).mean()) > 1e-10:
            yield path.stem.split("~")[0], path.stem, lead, rest


def of_songs(folder):
    for song in sorted(path for path in folder.iterdir() if path.is_dir()):
        sums = {}
        for path in sorted(song.iterdir()):
            stem, is_lead = read(path), "VOX LEAD" in path.name
            known = sums.get(is_lead, stem[:0])
            frames = max(len(known), len(stem))
            sums[is_lead] = sum(np.pad(part, ((0, frames - len(part)), (0, 0))) for part in (known, stem))
        frames = min(len(part) for part in sums.values())
        yield song.name, song.name, sums[True][:frames], sums[False][:frames]


def auc(positive, negative):
    above = positive[:, None] - negative[None]
    return (above > 0).mean() + 0.5 * (above == 0).mean()


def interval(groups, figure):
    rng, names, drawn = np.random.default_rng(SEED), sorted(set(groups)), []
    for _ in range(DRAWS):
        drawn.append(figure(np.concatenate([np.flatnonzero(groups == name) for name in rng.choice(names, len(names))])))
    return np.quantile(drawn, [0.025, 0.975])


def report(groups, own):
    print(f"{len(own)} songs of {len(set(groups))} album groups: lead at {np.median(own):+.1f} dB of the rest, "
          f"standard deviation {own.std():.1f} dB, 5 to 95 %: {np.quantile(own, 0.05):+.1f} to {np.quantile(own, 0.95):+.1f}")
    for name, level, sign, shares in [("buried", -6, -1, BURIED), ("loud", 6, 1, LOUD)]:
        low, high = interval(groups, lambda at: auc(sign * own[at] + 6, sign * own[at]))
        limits = np.array([np.quantile(own[groups != group], shares[0] / 100) for group in groups])
        hits, alarms = (np.mean(sign * (own + moved) >= sign * limits) for moved in (level, 0))
        print(f"{name} by 6 dB: AUC {auc(sign * own + 6, sign * own):.3f} [{low:.3f}, {high:.3f}], "
              f"a finding in {100 * hits:.0f} %, in {100 * alarms:.0f} % untouched")
    usual = [np.quantile(own[groups != group], [share / 100 for share in USUAL]) for group in groups]
    low, high = np.array(usual).T
    for level in (-6, -3, 0, 3, 6):
        moves = np.clip(np.clip(own + level, low, high) - own - level, -MOST_DB, MOST_DB)
        print(f"rebalance, lead off by {level:+d} dB: {np.abs(level + moves).mean():.2f} dB left, moved by {np.abs(moves).mean():.2f} dB")


def stems_of(acetate, folder):
    command = [acetate, "check", folder / "mix.wav", "--lead", folder / "lead.wav", "--json", "-q"]
    printed = subprocess.run([str(word) for word in command], capture_output=True, text=True).stdout
    return json.loads(printed).get("stems") if printed.strip() else None


def against_program(acetate, count, songs):
    """How far the program's ratio, from mix and lead alone, is from the known one; and the lead of another song."""
    songs = list(songs)
    songs = songs[:: max(1, len(songs) // count)][:count]
    off, own, others = [], [], []
    for index, (_, name, lead, rest) in enumerate(songs):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            write(folder / "lead.wav", lead)
            for level_db in (-6, 0, 6):
                mix = rest + lead * 10 ** (level_db / 20)
                write(folder / "mix.wav", 0.7 * mix / np.abs(mix).max())
                found = stems_of(acetate, folder)
                own.append(found["stems"][0]["clearness_db"])
                if "lead" in found:
                    off.append(found["lead"]["lead_to_rest_db"] - level_db - ratio_db(lead, rest))
            write(folder / "lead.wav", songs[index - 1][2])
            found = stems_of(acetate, folder)
            others.append(found["stems"][0]["clearness_db"])
            print(f"{name:40} off by {' '.join(f'{x:+.2f}' for x in off[-3:])} dB, another song's lead {others[-1]:.0f} dB clear", flush=True)
    print(f"program against the known ratio, {len(off)} of {len(own)} mixes believed: median of the error "
          f"{np.median(np.abs(off)):.2f} dB, 90 % within {np.quantile(np.abs(off), 0.9):.2f} dB")
    print(f"clearness: own lead {min(own):.0f} to {max(own):.0f} dB, another song's {min(others):.0f} to {max(others):.0f} dB")


def behind_bus(songs):
    """What the stems leave of a mix that went through a compressor or an EQ, and how far their ratio is off then."""
    for chain in BUS:
        left = []
        for _, _, lead, rest in songs:
            lead, rest = (0.7 / np.abs(lead + rest).max() * part.astype(float) for part in (lead, rest))
            command = ["ffmpeg", "-v", "error", "-f", "f32le", "-ac", "2", "-ar", str(RATE_HZ), "-i", "-", "-af", chain, "-f", "f32le", "-"]
            raw = subprocess.run(command, input=(lead + rest).astype("<f4").tobytes(), capture_output=True, check=True).stdout
            mix = np.frombuffer(raw, "<f4").reshape(-1, 2)
            frames = min(len(mix), len(lead))
            parts = [lead[:frames], rest[:frames]]
            seen = np.stack([np.diff(part, axis=0).ravel() for part in parts], axis=1)
            gains = np.linalg.lstsq(seen, np.diff(mix[:frames], axis=0).ravel(), rcond=None)[0]
            found = gains[0] * parts[0]
            residual = mix[:frames] - found - gains[1] * parts[1]
            residual_db = 10 * np.log10((k_weighted(residual) ** 2).sum() / (k_weighted(mix[:frames]) ** 2).sum())
            left.append((residual_db, ratio_db(found, mix[:frames] - found) - ratio_db(*parts)))
        print(f"{chain}: " + ", ".join(f"{residual:.1f} dB left, ratio off by {off:+.2f} dB" for residual, off in left))


def into_corpus(own, groups):
    path = Path(__file__).parents[2] / "crates/check/corpus.json"
    corpus = json.loads(path.read_text())
    quantiles = [float(f"{x:.6g}") for x in np.quantile(own, np.array(SHARES) / 100)]
    for code, (remark, full) in [("buried-lead", BURIED), ("loud-lead", LOUD)]:
        corpus["figures"][code] = {
            "quantiles": quantiles,
            "remark": float(f"{np.quantile(own, remark / 100):.6g}"),
            "full": float(f"{np.quantile(own, full / 100):.6g}"),
        }
        corpus["record"]["again"][code] = {"tracks": len(own), "groups": len(set(groups))}
    corpus["figures"] = dict(sorted(corpus["figures"].items()))
    corpus["record"]["again"] = dict(sorted(corpus["record"]["again"].items()))
    path.write_text(json.dumps(corpus, indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--songs", type=Path)
    parser.add_argument("--check", nargs=2)
    parser.add_argument("--bus", action="store_true")
    parser.add_argument("--corpus", action="store_true")
    asked = parser.parse_args()
    rows = [(group, ratio_db(lead, rest)) for group, _, lead, rest in rendered(asked.folder)]
    groups, own = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    report(groups, own)
    if asked.songs:
        for _, name, lead, rest in of_songs(asked.songs):
            print(f"{name}: lead at {ratio_db(lead, rest):+.1f} dB of the rest")
    if asked.bus:
        behind_bus(list(rendered(asked.folder))[::24])
    if asked.corpus:
        into_corpus(own, groups)
    if asked.check:
        against_program(asked.check[0], int(asked.check[1]), rendered(asked.folder))
