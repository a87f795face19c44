#!/usr/bin/env python3
"""Where the body of a song stands on its album: what its dynamics and its mix tell of it, and what they cannot.

Usage: campaigns/album/heights.py

Finished songs of all albums of the corpus with at least five go through a smooth EQ of 2 dB RMS and its mirror, and
are moved in level by up to 4 dB. Told for each split is the mean distance, LU, of the relative body loudness from
that of the finished album: of songs at equal loudness; of x = w m + (1 - w) p, where m is the moved body and
p = b (body - height) for heights at several shares of all 10 ms, with fixed weights, with the weight that
crates/album/src/decide/level.rs takes from the album's own variances, and with the best weight of each album, which
only the finished album tells: a bound. `PEAK_SHARE`, `DYNAMICS_SHARE` (b), `LEAST_VARIANCE_DB2`, `SPREAD_SHARE` and
`DISAGREEMENT_SHARE` come from here: they were chosen on train and valid, and the test split is told.
"""

import tomllib

import numpy as np
from mirror import RATE, ROOT, figures, filtered, load, smooth_eq, tracks_of

SHARES = [95, 98, 99, 99.5, 99.9, 100]
SONGS, SECONDS, DRAWS = 12, 60, 20
MIX_VARIANCE = 16 / 3


def heard(samples):
    body, relative, bands = figures(samples)
    steps = len(samples) // 441
    peaks = 20 * np.log10(np.abs(samples[: steps * 441]).reshape(steps, -1).max(1) + 1e-9)
    return body, (bands - relative)[0], np.percentile(peaks, SHARES)


def own_weight(least, spread, disagreement):
    def weight(mix, dynamics, truth):
        variance = least + spread * dynamics.var() + disagreement * max(0, (mix - dynamics).var() - MIX_VARIANCE)
        return variance / (variance + MIX_VARIANCE)

    return weight


def best_weight(mix, dynamics, truth):
    apart = mix - dynamics
    return np.clip(apart @ (truth - dynamics) / (apart @ apart), 0, 1)


WEIGHTS = {f"{weight}": (lambda m, p, t, weight=weight: weight) for weight in (0, 0.15, 0.3)}
WEIGHTS |= {f"own ({a}, {b}, {c})": own_weight(a, b, c) for a in (0.2, 0.4) for b in (0.2, 0.3) for c in (0, 0.3)}
WEIGHTS["best"] = best_weight


def off(albums, index, part, weight):
    """Mean distance of the places of moved songs from the bodies of the finished ones."""
    rng, distances = np.random.default_rng(3), []
    centered = lambda values: values - values.mean()
    for songs in albums:
        truth = centered(np.array([finished[0] for finished, _ in songs]))
        for sign in (0, 1):
            bodies = np.array([moved[sign][0] for _, moved in songs])
            dynamics = centered(part * np.array([moved[sign][0] - moved[sign][2][index] for _, moved in songs]))
            for _ in range(DRAWS):
                mix = centered(bodies + rng.uniform(-4, 4, len(songs)))
                share = weight(mix, dynamics, truth)
                distances += list(np.abs(share * mix + (1 - share) * dynamics - truth))
    return np.mean(distances)


def heard_albums(split):
    listed, rng, albums = tomllib.loads((ROOT / "datasets.toml").read_text()), np.random.default_rng(3), []
    for package in listed["package"] + listed["repository"]:
        if package["split"] != split or package["role"] != "finished master":
            continue
        songs = []
        for file in tracks_of(package["name"], (split,))[:SONGS]:
            samples = load(file, 10, SECONDS)
            if len(samples) > 25 * RATE:
                curve = smooth_eq(rng)
                songs.append((heard(samples), [heard(filtered(samples, sign * curve)) for sign in (1, -1)]))
        if len(songs) >= 5:
            albums.append(songs)
    return albums


def main():
    for split in ("train", "valid", "test"):
        albums = heard_albums(split)
        apart = [songs_at - songs_at.mean() for songs_at in (np.array([song[0][1] for song in songs]) for songs in albums)]
        print(f"{split}: {sum(map(len, albums))} songs of {len(albums)} albums; equal loudness {np.abs(np.concatenate(apart)).mean():.2f} LU")
        for index, share in enumerate(SHARES[2:], 2):
            for part in (0.7, 0.85, 1.0):
                row = ", ".join(f"{name}: {off(albums, index, part, weight):.2f}" for name, weight in WEIGHTS.items())
                print(f"  height at {share} %, b {part}: {row}", flush=True)


main()
