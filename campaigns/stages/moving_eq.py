#!/usr/bin/env python3
"""Whether a moving EQ would earn a place in the chain: faults that come and go, against what can be seen of them.

usage: campaigns/stages/moving_eq.py ACETATE CACHE [SONGS]

CACHE is the folder of `acetate dataset fetch`. 60 s of each of SONGS (60) tracks, a third of which get a fault of 6 dB
and its mirror: boom (90 Hz) and mud (300 Hz) with the notes that lie there, harshness (3.2 kHz) in the loudest third. For each it
says how well the figure that a moving band would go by tells the fault from the released tracks (area under the curve),
and how far the faulty frames and all others, and those of tracks without a fault, end up from the untouched track, dB in the band: left alone, by the static EQ of
`acetate master`, by a moving band that takes what stands over nine of ten tracks, by ffmpeg's `adynamicequalizer`, and by a moving band that
is told the fault. Needs numpy, scipy and ffmpeg.
"""

import random
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, lfilter, sosfiltfilt
from sound import RATE_HZ, master, read, run, without, write

STEP = 220
CLIP_S = 60
FAULT_DB = 6.0
BANDS_HZ = {"boom": 90, "mud": 300, "harsh": 3_200}
QUALITY = 1.0
# As the de-esser decides: the figure's limit, dB of depth for each dB over it, and how far below the limit it acts.
LIMIT_PERCENT, DEPTH_PER_DB, RANGE_DB, MOST_DB = 90, 2.0, 7.0, 6.0


def bell(samples, center_hz, gain_db):
    """A peak whose gain moves."""
    angle = 2 * np.pi * center_hz / RATE_HZ
    width = np.sin(angle) / (2 * QUALITY)
    band = lfilter([width, 0, -width], [1 + width, -2 * np.cos(angle), 1 - width], samples, axis=0)
    return samples + (10 ** (gain_db / 20) - 1)[:, None] * band


def band_db(samples, center_hz, smooth_s):
    """Level of an octave and a third every 5 ms, relative to the level of the whole."""
    sos = butter(2, [center_hz / 1.6, center_hz * 1.6], "band", fs=RATE_HZ, output="sos")
    power = (sosfiltfilt(sos, samples, axis=0) ** 2).sum(1)
    whole = (samples**2).sum(1)
    sounding = whole > 1e-9
    smooth = uniform_filter1d(power, int(smooth_s * RATE_HZ))[::STEP]
    return 10 * np.log10(np.maximum(smooth, 1e-12) / whole[sounding].mean())


def figure(samples, center_hz):
    """The level that the band keeps but for a fiftieth of the time."""
    return np.percentile(band_db(samples, center_hz, 0.1), 98)


def fault(samples, name):
    """Where the fault is, 0 or 1 for each sample, with soft edges."""
    center_hz = BANDS_HZ[name]
    mid = samples.mean(1)
    if name == "harsh":
        part = 4 * RATE_HZ
        power = np.array([(mid[at : at + part] ** 2).mean() for at in range(0, len(mid), part)])
        on = np.repeat(power >= np.percentile(power, 67), part)[: len(mid)]
    else:
        def power(octaves):
            edges = [center_hz * 2**-octaves, center_hz * 2**octaves]
            return uniform_filter1d(sosfiltfilt(butter(2, edges, "band", fs=RATE_HZ, output="sos"), mid) ** 2, RATE_HZ // 20)
        share = power(1 / 6) / (power(1) + 1e-12)
        on = share > np.percentile(share, 70)
    ramp = np.hanning(RATE_HZ // 10)
    return np.convolve(on.astype(float), ramp / ramp.sum(), "same")


def moving(samples, center_hz, threshold_db, depth_db):
    """A band that is turned down by what stands over a threshold."""
    wanted = np.clip(band_db(samples, center_hz, 0.05) - threshold_db, 0, depth_db)
    release, reduced = np.exp(-STEP / RATE_HZ / 0.1), 0.0
    curve = np.empty(len(wanted))
    for step, value in enumerate(wanted):
        reduced = max(value, release * reduced)
        curve[step] = reduced
    curve = uniform_filter1d(curve, 4)
    at = np.arange(len(samples)) / STEP
    return bell(samples, center_hz, -np.interp(at, np.arange(len(curve)), curve))


def static(acetate, folder, samples):
    path, out = folder / "mix.wav", folder / "out.wav"
    write(path, samples)
    master(acetate, path, out, *without("compressor", "deesser", "saturation", "stereo"))
    return read(out)


def theirs(folder, samples, center_hz, threshold_db):
    """ffmpeg's dynamic equalizer from the same threshold on; it takes it in percent of full scale."""
    path, out = folder / "mix.wav", folder / "theirs.wav"
    write(path, samples)
    percent = 100 * np.sqrt((samples**2).sum(1).mean()) * 10 ** (threshold_db / 20)
    options = f"threshold={percent:.3f}:dfrequency={center_hz}:tfrequency={center_hz}:mode=cut:ratio=20:range=2"
    run("ffmpeg", "-v", "error", "-y", "-i", path, "-af", f"adynamicequalizer={options}", "-c:a", "pcm_f32le", out)
    return read(out)


def errors(after, untouched, on, center_hz):
    frames = min(len(after), len(untouched))
    moved = band_db(after[:frames], center_hz, 0.1) - band_db(untouched[:frames], center_hz, 0.1)
    sounding = band_db(untouched[:frames], center_hz, 0.1) > -50
    at = on[:frames:STEP][: len(moved)]
    faulty, other = (at > 0.9) & sounding, (at < 0.1) & sounding
    return np.mean(np.abs(moved[faulty])), np.mean(np.abs(moved[other]))


def main():
    acetate, cache, count = sys.argv[1], Path(sys.argv[2]), int((sys.argv[3:] or [60])[0])
    tracks = sorted(path for ending in ("ogg", "mp3", "flac") for path in (cache / "audio").rglob(f"*.{ending}") if path.stat().st_size > 1_500_000)
    random.Random(1).shuffle(tracks)
    songs = []
    for path in tracks:
        samples = 0.5 * read(path, 30, CLIP_S)
        if len(samples) >= CLIP_S * RATE_HZ - RATE_HZ and (samples**2).mean() > 1e-6:
            songs.append(samples)
        if len(songs) == count:
            break
    print(f"{len(songs)} tracks\n\n| fault | told apart | left alone | static EQ | moving band | ffmpeg | told the fault |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name, center_hz in BANDS_HZ.items():
            clean = np.array([figure(samples, center_hz) for samples in songs])
            limit = np.percentile(clean, LIMIT_PERCENT)
            for sign in (1, -1, 0):
                faulty, rows = [], {tool: [] for tool in ("left alone", "static EQ", "moving band", "ffmpeg", "told")}
                for samples in songs[::3]:
                    on = fault(samples, name)
                    mix = bell(samples, center_hz, sign * FAULT_DB * on)
                    value = figure(mix, center_hz)
                    faulty.append(value)
                    depth_db = np.clip(DEPTH_PER_DB * (value - limit), 0, MOST_DB)
                    made = {
                        "left alone": mix,
                        "static EQ": static(acetate, folder, mix),
                        "moving band": moving(mix, center_hz, limit - RANGE_DB, depth_db),
                        "ffmpeg": theirs(folder, mix, center_hz, limit - RANGE_DB),
                        "told": bell(mix, center_hz, -sign * FAULT_DB * on),
                    }
                    for tool, after in made.items():
                        rows[tool].append(errors(after, samples, on, center_hz))
                apart = f"{np.mean(sign * np.array(faulty)[:, None] > sign * clean[None]):.2f}" if sign else "-"
                cells = [" / ".join(f"{value:.2f}" for value in np.mean(row, 0)) for row in rows.values()]
                print(f"| {name}, {sign * FAULT_DB:+.0f} dB | {apart} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
