#!/usr/bin/env python3
"""Which height of the peaks, and which shares, tell best how loud the body of a song stands on its album.

Usage: campaigns/album/heights.py [ALBUM ...]

Finished songs of the valid and test splits go through a smooth EQ of 2 dB RMS and its mirror, and are moved in level by
up to 4 dB. Told is the mean distance, LU, of the relative body loudness from that of the finished album: of songs at
equal loudness, and of x = w m + (1 - w) b (body - height) for heights at several shares of all 10 ms; m is the moved
body. `PEAK_SHARE`, `DYNAMICS_SHARE` (b) and `MIX_SHARE` (w) in crates/album/src/decide/level.rs come from here.
"""

import sys

import numpy as np
from mirror import DEFAULT, RATE, figures, filtered, load, smooth_eq, tracks_of

SHARES = [95, 98, 99, 99.5, 99.9, 100]
ALBUMS = sys.argv[1:] or DEFAULT + ["marsshooter-data", "singularity-music", "starfighter-data"]
SONGS, SECONDS, DRAWS = 9, 150, 20


def heard(samples):
    body, relative, bands = figures(samples)
    steps = len(samples) // 441
    peaks = 20 * np.log10(np.abs(samples[: steps * 441]).reshape(steps, -1).max(1) + 1e-9)
    return body, (bands - relative)[0], np.percentile(peaks, SHARES)


def off(albums, place, rng):
    """Mean distance of the places of moved songs from the bodies of the finished ones."""
    distances = []
    for songs in albums:
        truth = np.array([finished[0] for finished, _ in songs])
        for sign in (0, 1):
            for _ in range(DRAWS):
                moved = [place(song[1][sign], gain) for song, gain in zip(songs, rng.uniform(-4, 4, len(songs)))]
                error = np.array(moved) - truth
                distances += list(np.abs(error - error.mean()))
    return np.mean(distances)


def main():
    rng = np.random.default_rng(3)
    albums = []
    for name in ALBUMS:
        songs = []
        for file in tracks_of(name)[:SONGS]:
            samples = load(file, 0, SECONDS)
            if len(samples) > 25 * RATE:
                curve = smooth_eq(rng)
                songs.append((heard(samples), [heard(filtered(samples, sign * curve)) for sign in (1, -1)]))
        if len(songs) >= 5:
            albums.append(songs)
    print(f"{sum(map(len, albums))} songs of {len(albums)} albums")
    print(f"equal loudness: {off(albums, lambda song, _: song[0] - song[1], rng):.2f} LU")
    for index, share in enumerate(SHARES):
        for weight in (0, 0.1, 0.15, 0.2, 0.3):
            row = [off(albums, lambda song, gain: weight * (song[0] + gain) + (1 - weight) * part * (song[0] - song[2][index]), rng) for part in (0.7, 0.85, 1.0)]
            print(f"height at {share} %, w {weight}: b 0.7 {row[0]:.2f}, 0.85 {row[1]:.2f}, 1 {row[2]:.2f}")


main()
