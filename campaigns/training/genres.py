#!/usr/bin/env python3
"""What released records of a genre say of a song's tone: writes the table of the program, or says what it is worth.

    campaigns/training/genres.py RECORDS.csv > crates/model/src/genre/records.rs && cargo fmt
    campaigns/training/genres.py RECORDS.csv --judge

RECORDS.csv is the table of released records as phaselimiter published them (MIT license, copyright 2020 Shin Fukuse):
genre, loudness, and mid's level in nine bands. How these bands are measured differs from our third octaves, so only
differences count: a genre's center is the typical spectrum of our training albums (crates/handover/data) moved by what the
genre's records differ from all records with a genre. The ninth band, above 12 kHz, is left out, and so is every level that
all bands share. `--judge` holds each record out in turn: is it nearer to its genre's mean than to that of all, and which
genre would be guessed from its tone alone, with a fault of 3 dB in it? Needs numpy.
"""

import csv
import sys
from pathlib import Path

import numpy as np

GENRES = ("pop", "jazz", "classical")
EDGES_HZ = (20.0, 148.0, 392.0, 795.0, 1458.0, 2550.0, 4349.0, 7314.0, 12199.0)
BANDS = len(EDGES_HZ) - 1
FLOOR_DB = -50.0
# A genre's mean is drawn toward that of all records as by so many of these.
SHRINK_RECORDS = 10
# What a guess allows for: a fault of the mix, and how differently bands are measured here, dB.
FAULT_DB = 3.0
MEASURE_DB = 5.0
# Variance of each mode of a fault of 1 dB, as in the weights.
MODE_VARIANCES = (0.516, 0.193, 0.121, 0.074, 0.0374, 0.0218, 0.0153, 0.0079, 0.0053, 0.0026, 0.0018, 0.0012)
CENTERS_HZ = 1000.0 * 2.0 ** ((np.arange(3, 30) - 17) / 3.0)
HEAD = """//! [`Records`]: what released records of a genre have as their tone. Written by `campaigns/training/genres.py`
//! from the statistics of 568 records that phaselimiter published (MIT license, copyright 2020 Shin Fukuse).

/// Bands that the records were measured in.
pub(super) const BANDS: usize = {bands};
/// Steps from one band to the next.
pub(super) const STEPS: usize = BANDS - 1;
/// Edges of the bands, Hz.
pub(super) const EDGES_HZ: [f64; BANDS + 1] = [{edges}];

/// The tone of a genre's records; levels of mid in bands, dB relative to the loudness.
#[derive(Debug)]
pub(super) struct Records {{
    /// Name of the genre.
    pub(super) name: &'static str,
    /// Number of records.
    pub(super) count: usize,
    /// Their mean, as our bands would measure it.
    pub(super) center_db: [f64; BANDS],
    /// Covariance of the steps between neighboring bands, dB².
    pub(super) step_covariance_db2: [[f64; STEPS]; STEPS],
    /// The same of what is heard of a mix: with a fault in it, and measured another way, dB².
    pub(super) heard_covariance_db2: [[f64; STEPS]; STEPS],
    /// Logarithm of its determinant.
    pub(super) heard_log_determinant: f64,
}}
"""
# What every band lies over the one below it.
STEPS = np.diff(np.eye(BANDS), axis=0)


def overlaps():
    """Share of every third octave that lies in every band."""
    low, high = CENTERS_HZ * 2 ** (-1 / 6), CENTERS_HZ * 2 ** (1 / 6)
    inside = np.minimum(high, np.array(EDGES_HZ[1:])[:, None]), np.maximum(low, np.array(EDGES_HZ[:-1])[:, None])
    return np.maximum(np.log(inside[0] / inside[1]), 0) / np.log(high / low)


def records(path):
    rows = list(csv.DictReader(open(path)))
    genres = np.array([row["genre"] for row in rows])
    levels = np.array([[float(row[f"mid{band}_db"]) - float(row["loudness"]) for band in range(1, BANDS + 1)] for row in rows])
    return genres, np.maximum(levels, FLOOR_DB)


def fault_covariance_db2():
    """Of the bands, for a fault of FAULT_DB."""
    modes = np.arange(1, len(MODE_VARIANCES) + 1)[:, None]
    curves = np.sqrt(2) * np.cos(np.pi * modes / 27 * (np.arange(27) + 0.5))
    weights = overlaps() / overlaps().sum(1, keepdims=True)
    in_bands = weights @ curves.T
    return FAULT_DB**2 * (in_bands * MODE_VARIANCES) @ in_bands.T


def shrunk(levels, whole):
    share = len(levels) / (len(levels) + SHRINK_RECORDS)
    return share * levels.mean(0) + (1 - share) * whole


def write(genres, levels):
    """The table as a file of Rust."""
    root = Path(__file__).resolve().parent.parent.parent
    typical = np.genfromtxt(root / "crates/handover/data/typical_spectrum.csv", delimiter=",", comments="#", skip_header=2)
    center = 10 * np.log10(overlaps() @ 10 ** (typical[:, 3] / 10))
    whole = levels[genres != ""].mean(0)
    print(HEAD.format(bands=BANDS, edges=", ".join(f"{hz:.1f}" for hz in EDGES_HZ)))
    for genre in GENRES:
        own = levels[genres == genre]
        covariance = np.cov(own.T)
        heard = STEPS @ (covariance + fault_covariance_db2() + MEASURE_DB**2 * np.eye(BANDS)) @ STEPS.T
        print(f"/// The records of {genre}.")
        print(f"pub(super) const {genre.upper()}: Records = Records {{ name: \"{genre}\", count: {len(own)},")
        print(f"center_db: {numbers(center + shrunk(own, whole) - whole)},")
        print(f"step_covariance_db2: [{', '.join(numbers(row) for row in STEPS @ covariance @ STEPS.T)}],")
        print(f"heard_covariance_db2: [{', '.join(numbers(row) for row in heard)}],")
        print(f"heard_log_determinant: {np.linalg.slogdet(heard)[1]:.4f} }};\n")


def numbers(values):
    return "[" + ", ".join(f"{value:.3f}" for value in values) + "]"


def interval(values, chance):
    means = [chance.choice(values, len(values)).mean() for _ in range(4_000)]
    return "[{:.2f}, {:.2f}]".format(*np.quantile(means, (0.025, 0.975)))


def judge(genres, levels):
    chance = np.random.default_rng(1)
    shape = levels - levels.mean(1, keepdims=True)
    labelled = np.flatnonzero(genres != "")
    print("| genre | records | mean dB from the mean of all | from that of the genre | difference, 95 % interval |\n|---|---|---|---|---|")
    for genre in GENRES:
        far, near = [], []
        for one in np.flatnonzero(genres == genre):
            others = np.setdiff1d(labelled, [one])
            whole = shape[others].mean(0)
            own = shrunk(shape[others][genres[others] == genre], whole)
            far.append(np.abs(shape[one] - whole).mean())
            near.append(np.abs(shape[one] - own).mean())
        gain = np.array(near) - np.array(far)
        print(f"| {genre} | {len(near)} | {np.mean(far):.2f} | {np.mean(near):.2f} | {gain.mean():.2f} {interval(gain, chance)} |")
    faults = chance.multivariate_normal(np.zeros(BANDS), fault_covariance_db2(), len(levels))
    right, sure = {genre: [] for genre in GENRES}, []
    for one in labelled:
        likely = []
        for genre in GENRES:
            own = levels[np.setdiff1d(np.flatnonzero(genres == genre), [one])]
            away = STEPS @ (levels[one] + faults[one] - own.mean(0))
            covariance = STEPS @ (np.cov(own.T) + fault_covariance_db2() + np.eye(BANDS)) @ STEPS.T
            likely.append(-0.5 * (away @ np.linalg.solve(covariance, away) + np.linalg.slogdet(covariance)[1]))
        shares = np.exp(likely - np.max(likely))
        shares /= shares.sum()
        hit = GENRES[int(np.argmax(likely))] == genres[one]
        right[genres[one]].append(hit)
        sure.append((shares.max(), hit))
    print("guessed from the tone with a fault of 3 dB in it:", ", ".join(f"{genre} {sum(hits)} of {len(hits)}" for genre, hits in right.items()))
    for low, high in ((0.0, 0.6), (0.6, 0.8), (0.8, 0.95), (0.95, 1.1)):
        hits = [hit for share, hit in sure if low <= share < high]
        print(f"  said with {100 * low:.0f} to {min(100, 100 * high):.0f} %: {sum(hits)} of {len(hits)} right")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    genres, levels = records(sys.argv[1])
    if "--judge" in sys.argv:
        judge(genres, levels)
    else:
        write(genres, levels)


if __name__ == "__main__":
    main()
