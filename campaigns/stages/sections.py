#!/usr/bin/env python3
"""What --sections buys: songs whose parts were detuned, against the untouched songs.

usage: campaigns/stages/sections.py ACETATE CACHE [SONGS [TOOLS]]

CACHE is the folder of `acetate dataset fetch`. Of each song, the parts are found; a third of them, chosen at random, is
raised or lowered by 2 dB, and its side signal by 3 dB; and once more with all signs turned around. What is made of that
is held against the untouched song, second by second: level is that of mid, side is side against mid, each less its
median. Printed is the root mean square and the mean of what is off, for the detuned songs and for untouched ones, and how
far any second strays from its part's gain away from the boundaries. Beside --sections alone (all other stages left out):
nothing, the chain without it, and ffmpeg's leveler `dynaudnorm`; TOOLS is a list of them with commas. Needs numpy, ffmpeg.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from sound import RATE_HZ, master, read, run, write

SHARE = 1 / 3
DETUNED_DB = (2.0, 3.0)
VOCALS = "f90+jamendolyrics/mp3"
OTHERS = [
    "0ad-data/usr/share/games/0ad/mods/public/public.zip!/audio/music/Eastern_Dreams.ogg",
    "miceamaze/usr/share/games/miceamaze/music/DST-DistantMessage.ogg",
    "fretsonfire-songs-sectoid/usr/share/games/fretsonfire/data/songs/sectoid/Feelings/song.ogg",
    "fretsonfire-songs-sectoid/usr/share/games/fretsonfire/data/songs/sectoid/Metal madness/song.ogg",
    "lordsawar-data/usr/share/games/lordsawar/music/back1.ogg",
    "torcs-data/usr/share/games/torcs/data/music/torcs1.ogg",
    "pink-pony-data/usr/share/games/pink-pony/music/To be happy.mp3",
    "photofilmstrip/usr/share/photofilmstrip/audio/Lively Light.mp3",
    "funnyboat/usr/share/games/funnyboat/data/JDruid-Trip_on_the_Funny_Boat.ogg",
    "pushover-data/usr/share/pushover/themes/space.ogg",
]
OTHER_STAGES = "cleanup,eq,compressor,deesser,saturation,stereo,limiter"
TOOLS = ["nothing", "sections", "chain", "dynaudnorm"]


def detuned(samples, sections, gains_db):
    """The song with gains of level and side by part, changed within 50 ms."""
    curves = np.zeros((len(samples), 2))
    for section, gain_db in zip(sections, gains_db):
        curves[int(section["start_s"] * RATE_HZ) : int(section["end_s"] * RATE_HZ)] = gain_db
    ramp = RATE_HZ // 20
    sums = np.cumsum(np.pad(curves, ((ramp // 2 + 1, ramp - ramp // 2 - 1), (0, 0)), "edge"), 0)
    level, side = ((np.vstack([sums[ramp:], sums[-1:].repeat(ramp, 0)]) - sums)[: len(curves)] / ramp).T
    mid = samples.mean(1) * 10 ** (level / 20)
    half = 0.5 * (samples[:, 0] - samples[:, 1]) * 10 ** ((level + side) / 20)
    return np.stack([mid + half, mid - half], 1)


def seconds_db(samples):
    """Level of mid and of side, each second."""
    count = len(samples) // RATE_HZ
    cut = samples[: count * RATE_HZ].reshape(count, RATE_HZ, 2)
    power = [np.mean(signal**2, 1) for signal in (cut.mean(2), 0.5 * (cut[:, :, 0] - cut[:, :, 1]))]
    return 10 * np.log10(np.maximum(power, 1e-12))


def off_db(after, untouched):
    """What level and side are off by in each second that sounds, less the median."""
    count = min(len(after), len(untouched))
    is_, was = seconds_db(after[:count]), seconds_db(untouched[:count])
    sounds = was[0] > np.percentile(was[0], 90) - 25
    has_side = sounds & (was[1] > was[0] - 40)
    level, side = (is_ - was)[0], (is_ - was)[1] - (is_ - was)[0]
    return [values[chosen] - np.median(values[chosen]) if chosen.any() else np.zeros(1) for values, chosen in ((level, sounds), (side, has_side))]


def bands_db(samples):
    """Level of mid and of side in each third octave from 39 Hz to 16 kHz, each second."""
    count = len(samples) // RATE_HZ
    edges = np.round(1000 * 2 ** ((np.arange(28) - 14.5) / 3)).astype(int)
    levels = []
    for signal in (samples.mean(1), 0.5 * (samples[:, 0] - samples[:, 1])):
        power = np.abs(np.fft.rfft(signal[: count * RATE_HZ].reshape(count, RATE_HZ) * np.hanning(RATE_HZ), axis=1)) ** 2 / RATE_HZ**2
        levels.append(10 * np.log10(np.maximum(np.add.reduceat(power, edges, axis=1)[:, :-1], 1e-14)))
    return levels


def siblings_db(samples, sections):
    """Of each two parts with one letter: how far their spectra differ in shape, and their levels; the same for side."""
    mid, side = bands_db(samples)
    loud = mid.max(1) > np.percentile(mid.max(1), 90) - 25
    parts = []
    for section in sections:
        own = np.arange(int(section["start_s"]), min(int(section["end_s"]), len(mid)))
        own = own[loud[own]]
        if len(own) >= 4:
            parts.append((section["letter"], mid[own].mean(0), (side[own] - mid[own]).mean(0)))
    heard = np.median(mid[loud], 0) > np.percentile(mid.max(1), 90) - 40
    pairs = []
    for index, one in enumerate(parts):
        for two in parts[:index]:
            if one[0] == two[0] and heard.sum() >= 8:
                apart = [(one[which] - two[which])[heard] for which in (1, 2)]
                pairs.append([f(values) for values in apart for f in (np.std, lambda v: abs(np.median(v)))])
    return pairs


def stray_db(after, mix, sections):
    """How far the gain of any second within a part strays from the part's own, 2 s away from its boundaries."""
    gain = seconds_db(after)[0] - seconds_db(mix)[0]
    loud = seconds_db(mix)[0] > -50
    worst = 0.0
    for section in sections:
        own = np.arange(int(section["start_s"]) + 2, int(section["end_s"]) - 2)
        own = own[own < len(gain)]
        own = own[loud[own]]
        if len(own):
            worst = max(worst, np.ptp(gain[own]))
    return worst


def processed(acetate, folder, mix):
    """What each tool makes of a mix, and the parts that --sections found."""
    path, out = folder / "mix.wav", folder / "out.wav"
    write(path, mix)
    sections = master(acetate, path, out, "--sections", "--bypass", OTHER_STAGES, "--no-repair").get("sections", [])
    made = {"nothing": mix, "sections": read(out)}
    if "chain" in TOOLS:
        master(acetate, path, out, "--bypass", "limiter")
        made["chain"] = read(out)
    if "dynaudnorm" in TOOLS:
        run("ffmpeg", "-v", "error", "-y", "-i", path, "-af", "dynaudnorm=f=500:g=31", "-c:a", "pcm_f32le", "-ar", RATE_HZ, out)
        made["dynaudnorm"] = read(out)
    return made, sections


def main():
    acetate, cache = sys.argv[1:3]
    audio = Path(cache) / "audio"
    songs = sorted((audio / VOCALS).iterdir()) + [audio / other for other in OTHERS]
    songs = songs[: int(sys.argv[3])] if len(sys.argv) > 3 else songs
    TOOLS[2:] = [tool for tool in TOOLS[2:] if tool in sys.argv[4].split(",")] if len(sys.argv) > 4 else TOOLS[2:]
    rows = {(kind, tool): [] for kind in ("detuned", "untouched") for tool in TOOLS}
    moved, stray, siblings = [], 0.0, []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for seed, song in enumerate(songs):
            untouched = 0.25 * read(song)
            made, sections = processed(acetate, folder, untouched)
            siblings += siblings_db(untouched, sections)
            moved.append([[abs(section[name]) * (section["end_s"] - section["start_s"]) for name in ("level_db", "side_db")] for section in sections])
            moved[-1] = np.sum(moved[-1], 0) / (len(untouched) / RATE_HZ)
            stray = max(stray, stray_db(made["sections"], untouched, sections))
            kinds = [("untouched", made)]
            random = np.random.default_rng(seed)
            chosen = random.random(len(sections)) < SHARE
            chosen[random.integers(len(sections))] = True
            gains_db = chosen[:, None] * random.choice([-1.0, 1.0], (len(sections), 2)) * DETUNED_DB
            for sign in (1, -1):
                mix = detuned(untouched, sections, sign * gains_db)
                made, found = processed(acetate, folder, mix)
                stray = max(stray, stray_db(made["sections"], mix, found))
                kinds.append(("detuned", made))
            for kind, made in kinds:
                for tool, after in made.items():
                    level, side = off_db(after, untouched)
                    rows[kind, tool].append([f(values) for values in (level, side) for f in (lambda v: np.sqrt(np.mean(v**2)), lambda v: np.mean(np.abs(v)))])
            told = "".join(f"{section['letter']}" for section in sections)
            off = np.mean([rows["detuned", tool][-2:] for tool in TOOLS[:2]], 1)
            print(f"{song.stem[:40]:<42}{told:<14}moved {moved[-1][0]:.2f} / {moved[-1][1]:.2f} dB untouched; detuned off by "
                  f"{off[0][0]:.2f} / {off[0][2]:.2f}, with --sections {off[1][0]:.2f} / {off[1][2]:.2f} dB RMS", flush=True)
    print(f"\n{len(songs)} songs; untouched ones moved by {np.mean(moved, 0)[0]:.3f} dB of level and {np.mean(moved, 0)[1]:.3f} dB of side on average, "
          f"{np.sum(np.max(moved, 1) > 0)} of them at all; away from boundaries no second strays by more than {stray:.3f} dB\n")
    print("| | detuned: level off, dB RMS | mean | side off, dB RMS | mean | untouched: level off, dB RMS | mean | side off, dB RMS | mean |")
    print("|---|" + "---|" * 8)
    for tool in TOOLS:
        cells = [cell for kind in ("detuned", "untouched") for cell in np.mean(rows[kind, tool], 0)]
        print(f"| {tool} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |")
    better = [np.mean([np.array(rows["detuned", "sections"])[:, n] < np.array(rows["detuned", "nothing"])[:, n] - 0.01]) for n in (0, 2)]
    worse = [np.mean([np.array(rows["detuned", "sections"])[:, n] > np.array(rows["detuned", "nothing"])[:, n] + 0.01]) for n in (0, 2)]
    print(f"\nlevel closer in {better[0]:.0%} and further in {worse[0]:.0%} of the detuned songs; side in {better[1]:.0%} and {worse[1]:.0%}")

    print("\n| siblings of untouched songs: spectra apart in shape, dB | pairs | levels apart, median | pairs | sides apart, median |")
    print("|---|---|---|---|---|")
    siblings = np.array(siblings)
    for low, high in ((0, 0.5), (0.5, 1), (1, 1.5), (1.5, 2), (2, 3), (3, 9)):
        cells = []
        for shape in (0, 2):
            own = siblings[(siblings[:, shape] >= low) & (siblings[:, shape] < high), shape + 1]
            cells += [len(own), f"{np.median(own):.2f}" if len(own) else "-"]
        print(f"| {low} to {high} | " + " | ".join(str(cell) for cell in cells) + " |")


if __name__ == "__main__":
    main()
