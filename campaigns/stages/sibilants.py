#!/usr/bin/env python3
"""What the de-esser buys: S sounds of songs with vocals raised by 6 dB, against the untouched songs.

usage: campaigns/stages/sibilants.py ACETATE CACHE
       campaigns/stages/sibilants.py ACETATE CACHE untouched [SONGS] [SPLIT...]

CACHE is the folder of `acetate dataset fetch`. Takes 60 s of each song with vocals that songs.csv's packages hold,
raises its sibilants (short, in the middle, falling towards the top) by 6 dB between 4.5 and 10 kHz, and lets each tool
take them back: the de-esser alone (all other amounts 0, loudness kept), ffmpeg's `deesser`, and, through
ffmpeg, those of Calf (LV2; its modes wide and split) and TAP (LADSPA) if they are installed. Printed is, for the
frames that were raised, how far mid from 4.5 to 9 kHz is from the untouched song, and for all other frames how far it
was moved; then the same for untouched songs.

With `untouched`: how many of SONGS (100) whole released tracks of the splits (valid and test) the de-esser touches, on the
tone that they come with and behind the EQ that `acetate master` would give them, and by how much it moves the long-term level
of third octaves of those that it touches, from 100 Hz to 16 kHz. Tracks are taken one of each package in turn. Needs
numpy, scipy, ffmpeg; with `untouched` also soundfile.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.ndimage import median_filter
from scipy.signal import butter, sosfiltfilt
from sound import RATE_HZ, master, read, run, without, write

HOP = 1_024
WINDOW = 4_096
RAISED_DB = 6.0
VOCALS = [
    "f90+jamendolyrics/mp3",
    "librosa+data/audio/Karissa_Hobbs_-_Lets_Go_Fishin.hq.ogg",
]
CALF = r"lv2=p='http\://calf.sourceforge.net/plugins/Deesser':c="
TAP = "ladspa=file=tap_deesser:plugin=tap_deesser:c="
FILTERS = {
    "ffmpeg deesser i=0.4": "deesser=i=0.4",
    "ffmpeg deesser i=0.8": "deesser=i=0.8",
    "Calf, wide": CALF + "mode=0",
    "Calf, split": CALF + "mode=1",
    "Calf, split, -24 dB": CALF + "mode=1|threshold=0.063",
    "TAP, -20 dB": TAP + "c0=-20",
    "TAP, -30 dB": TAP + "c0=-30",
}


def bands(samples):
    """Powers of frames: mid 4.5 to 9 kHz, side the same, mid 11 to 18 kHz, mid 250 Hz to 3.2 kHz, everything."""
    window = np.hanning(WINDOW)
    hz = np.fft.rfftfreq(WINDOW, 1 / RATE_HZ)
    count = (len(samples) - WINDOW) // HOP + 1
    at = np.arange(WINDOW)[None] + HOP * np.arange(count)[:, None]
    powers = []
    for signal in (samples.mean(1), 0.5 * (samples[:, 0] - samples[:, 1])):
        powers.append(np.abs(np.fft.rfft(signal[at] * window, axis=1)) ** 2)

    def between(power, low_hz, high_hz):
        part = power[:, (hz >= low_hz) & (hz < high_hz)].sum(1)
        return 10 * np.log10(np.maximum(part, 1e-20))

    mid, side = powers
    return (
        between(mid, 4_500, 9_000),
        between(side, 4_500, 9_000),
        between(mid, 11_000, 18_000),
        between(mid, 250, 3_200),
        between(mid + side, 20, 20_000),
    )


def sibilants(samples):
    """Frames that are sibilants, and the gain curve that raises them."""
    band, side, top, voice, whole = bands(samples)
    active = whole > np.percentile(whole, 90) - 25
    rises = band - median_filter(band, 31) > 6
    wanted = active & rises & (band - side > 6) & (band - top > 3) & (band - voice > -8)
    chosen = np.zeros(len(wanted), bool)
    curve = np.zeros(len(samples))
    start = None
    for frame, is_one in enumerate(np.append(wanted, False)):
        if is_one and start is None:
            start = frame
        elif not is_one and start is not None:
            if 2 <= frame - start <= 12:
                chosen[start:frame] = True
                curve[start * HOP + HOP : (frame - 1) * HOP + 3 * HOP] = 1
            start = None
    ramp = np.hanning(RATE_HZ // 50)
    return chosen, np.convolve(curve, ramp / ramp.sum(), "same")


def raised(samples, curve):
    band = sosfiltfilt(butter(2, [4_500, 10_000], "band", fs=RATE_HZ, output="sos"), samples, axis=0)
    return samples + (10 ** (RAISED_DB / 20) - 1) * curve[:, None] * band


def ours(acetate, folder, mix):
    """What the de-esser alone makes of it, and the reduction that it chose, dB."""
    out = folder / "ours.wav"
    settings = master(acetate, mix, out, *without("eq", "compressor", "saturation", "stereo"))
    return read(out), settings["deesser"]["max_reduction_db"]


def theirs(folder, mix, filters):
    out = folder / "theirs.wav"
    run("ffmpeg", "-v", "error", "-y", "-i", mix, "-af", filters, "-c:a", "pcm_f32le", out)
    return read(out)


def is_there(filters):
    silence = ("-f", "lavfi", "-i", "anullsrc=d=0.1")
    return subprocess.run(["ffmpeg", "-v", "quiet", *silence, "-af", filters, "-f", "null", "-"], check=False).returncode == 0


def errors(after, untouched, chosen):
    """Mean |dB| of the raised frames, and of all others that sound, levels matched on the others."""
    frames = min(len(after), len(untouched))
    band, _, _, _, whole = bands(untouched[:frames])
    moved = bands(after[:frames])[0] - band
    chosen = chosen[: len(moved)]
    others = ~chosen & (whole > np.percentile(whole, 90) - 25)
    moved = moved - np.median(moved[others])
    raised_db = np.mean(np.abs(moved[chosen])) if chosen.any() else float("nan")
    return raised_db, np.mean(np.abs(moved[others]))


def decided_db(acetate, folder, song, *options):
    """The reduction that the de-esser would have, dB; None of a track that cannot be mastered."""
    command = [acetate, "master", str(song), "--dry-run", "--json", *map(str, options)]
    home = {**os.environ, "XDG_CACHE_HOME": str(folder)}
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, env=home)
    if done.returncode > 1:
        return None
    return json.loads(done.stdout)["mastering"]["settings"]["deesser"]["max_reduction_db"]


def third_octaves_db(samples):
    """Long-term levels of left and right together in third octaves from 100 Hz to 16 kHz, dB."""
    hz = np.fft.rfftfreq(WINDOW, 1 / RATE_HZ)
    power = np.zeros(len(hz))
    for start in range(0, len(samples) - WINDOW, WINDOW // 2):
        frame = samples[start : start + WINDOW] * np.hanning(WINDOW)[:, None]
        power += (np.abs(np.fft.rfft(frame, axis=0)) ** 2).sum(1)
    centers = 1_000 * 2 ** (np.arange(-10, 13) / 3)
    sums = [power[(hz >= center * 2 ** (-1 / 6)) & (hz < center * 2 ** (1 / 6))].sum() for center in centers]
    return 10 * np.log10(np.maximum(sums, 1e-12))


def touched_of(acetate, count, splits):
    # Here, since only this part of the campaign needs what the other script does.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from repair import songs as released

    alone = without("eq", "compressor", "saturation", "stereo")
    moves, touched, behind_eq = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.wav"
        for song in released(set(splits), count):
            if len(moves) == count:
                break
            reduction_db = decided_db(acetate, folder, song, *alone)
            if reduction_db is None:
                continue
            change_db = np.zeros(23)
            if reduction_db > 0:
                master(acetate, song, out, *alone)
                before, after = read(song), read(out)
                change_db = third_octaves_db(after) - third_octaves_db(before)
                change_db -= np.median(change_db)
                touched.append(f"{song.parent.name}/{song.name}: {reduction_db:.1f} dB, moves a band by up to {np.abs(change_db).max():.2f} dB")
            moves.append(np.abs(change_db))
            with_eq_db = decided_db(acetate, folder, song) or 0.0
            if with_eq_db > 0:
                behind_eq.append(f"{song.parent.name}/{song.name}: {with_eq_db:.1f} dB")
    print(f"{len(moves)} released tracks of {' and '.join(splits)}; the de-esser touches {len(touched)}, behind the EQ {len(behind_eq)}")
    print(f"mean over all tracks in the band that is moved most: {np.mean(moves, 0).max():.3f} dB; "
          f"tracks with a band moved by more than 0.2 dB: {sum(move.max() > 0.2 for move in moves)}")
    for title, lines in (("alone", touched), ("behind the EQ", behind_eq)):
        print(f"{title}:", *lines, sep="\n  ")


def main():
    acetate, cache = sys.argv[1:3]
    if sys.argv[3:4] == ["untouched"]:
        count, splits = sys.argv[4:5] or [100], sys.argv[5:] or ["valid", "test"]
        touched_of(acetate, int(count[0]), splits)
        return
    audio = Path(cache) / "audio"
    songs = []
    for part in VOCALS:
        path = audio / part
        songs += sorted(path.iterdir()) if path.is_dir() else [path]
    tools = {"nothing": None, "de-esser": "ours"} | {name: how for name, how in FILTERS.items() if is_there(how)}
    rows = {(kind, tool): [] for kind in ("raised", "untouched") for tool in tools}
    chose = {"raised": [], "untouched": []}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for song in songs:
            untouched = 0.5 * read(song, 40, 60)
            chosen, curve = sibilants(untouched)
            if chosen.sum() < 10:
                continue
            for kind, mix in (("raised", raised(untouched, curve)), ("untouched", untouched)):
                path = folder / "mix.wav"
                write(path, mix)
                for tool, how in tools.items():
                    if how is None:
                        after = mix
                    elif how == "ours":
                        after, reduction_db = ours(acetate, folder, path)
                        chose[kind].append(reduction_db)
                    else:
                        after = theirs(folder, path, how)
                    rows[kind, tool].append(errors(after, untouched, chosen))
    print(f"{len(chose['raised'])} songs; the de-esser works on {sum(db > 0 for db in chose['raised'])} of them raised, "
          f"on {sum(db > 0 for db in chose['untouched'])} untouched\n")
    print("| | raised: S sounds off by, dB | raised: all else moved, dB | untouched: S sounds off by, dB | untouched: all else moved, dB |")
    print("|---|---|---|---|---|")
    for tool in tools:
        cells = [np.mean([row[n] for row in rows[kind, tool]]) for kind in ("raised", "untouched") for n in (0, 1)]
        print(f"| {tool} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |")


if __name__ == "__main__":
    main()
