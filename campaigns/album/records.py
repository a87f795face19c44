#!/usr/bin/env python3
"""What an album does to finished songs as they are: three albums, and a compilation of songs of all of them.

Usage: campaigns/album/records.py [--seconds N] [--songs N] [ALBUM ...]

The songs (`acetate dataset fetch`; split valid or test) are turned down by 6 dB and mastered song by song and
together, the second in halves that go on without a pause and the third faded into the fourth. Told is the spread of
body loudness and of third octaves between songs in the mixes, after single masters and after the album; how much
further each album master is from its mix in tone than its single master is (regret); the second run on its own output;
the step at the mark between the halves, as the difference from the master of the undivided song in dB within 10 ms
on either side; and the highest true peak of the files, by ffmpeg. The binary is ACETATE, or that of a release build.
"""

import argparse
import json
import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from mirror import RATE, figures, load, run, save, tracks_of

DEFAULT = ["freedroidrpg-data", "singularity-music", "widelands-data"]
SEGUE_S = 3.0


def true_peak_dbtp(path):
    words = ["ffmpeg", "-hide_banner", "-nostats", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(words, capture_output=True, text=True).stderr
    return float(re.findall(r"Peak:\s+(-?[\d.]+|-inf) dBFS", said)[-1])


def manifest(folder, count, halves):
    """The second song in one file or in two, the third faded into the fourth."""
    lines = ["[album]", 'title = "Record"']
    for song in range(1, count + 1):
        parts = ["02a", "02b"] if song == 2 and halves else [f"{song:02}"]
        for part in parts:
            lines += ["[[track]]", f'file = "{part}.wav"']
            if part == "02b":
                lines.append("join = true")
            if song == 4:
                lines.append(f"crossfade_s = {SEGUE_S}")
            elif song > 1 and part != "02b":
                lines.append("gap_s = 0.0")
    path = folder / ("halves.toml" if halves else "album.toml")
    path.write_text("\n".join(lines) + "\n")
    return path


def masters(folder, report):
    return [load(folder / song["output"]) for song in report["songs"]]


def spread(made, index):
    return float(np.sqrt(np.mean(np.var(np.array([one[index] for one in made]), axis=0))))


def seam(whole, halves):
    """Step at the mark, dB, and the largest difference of any sample from the undivided master."""
    both = np.concatenate(halves)
    length = min(len(whole), len(both))
    mark, window = len(halves[0]), RATE // 100
    gain = lambda at: 10 * np.log10((both[at] ** 2).sum() / (whole[at] ** 2).sum()) if (whole[at] ** 2).sum() else 0.0
    step = gain(slice(mark, mark + window)) - gain(slice(mark - window, mark))
    return step, np.abs(both[:length] - whole[:length]).max()


def record(name, files, options, place):
    songs = [load(file, 10, options.seconds) for file in files]
    songs = [song for song in songs if len(song) > 25 * RATE]
    mixes, single, together, again, divided = (place / part for part in ("mixes", "single", "album", "again", "divided"))
    mixes.mkdir()
    for number, song in enumerate(songs, 1):
        save(mixes / f"{number:02}.wav", 0.5 * song)
    plain = manifest(mixes, len(songs), False)
    run("master", *sorted(mixes.glob("*.wav")), "--out-dir", single, "--no-codec-safe", "--no-cache", "-q")
    run("album", plain, "--out-dir", together, "-q")
    half = len(songs[1]) // 2
    save(mixes / "02a.wav", 0.5 * songs[1][:half])
    save(mixes / "02b.wav", 0.5 * songs[1][half:])
    run("album", manifest(mixes, len(songs), True), "--out-dir", divided, "-q")
    run("album", together, "--out-dir", again, "-q")
    reports = [json.loads((folder / "album.json").read_text()) for folder in (together, divided, again)]
    made, cut = masters(together, reports[0]), masters(divided, reports[1])
    # Where songs overlap, and in the pauses that a second run adds, there is no song to compare.
    inner = slice(int(SEGUE_S * RATE), int(-SEGUE_S * RATE))
    of = lambda sounds: [figures(sound[: len(song)][inner]) for sound, song in zip(sounds, songs)]
    before, after, second = of(songs), of(made), of(masters(again, reports[2]))
    alone = of(load(path) for path in sorted(single.glob("*.wav")))
    off = lambda one, other: float(np.abs(one[1] - other[1] - (one[1] - other[1]).mean()).mean())
    regret = [off(master, mix) - off(lone, mix) for master, lone, mix in zip(after, alone, before)]
    step, difference = seam(made[1], cut[1:3])
    peaks = [true_peak_dbtp(together / song["output"]) for song in reports[0]["songs"]]
    print(f"{name}: {len(songs)} songs of {options.seconds:.0f} s, all met {reports[0]['all_met']}")
    print(f"  bodies apart by {spread(before, 0):.2f} LU in the mixes, {spread(alone, 0):.2f} single, {spread(after, 0):.2f} album")
    print(f"  third octaves apart by {spread(before, 1):.2f} dB in the mixes, {spread(alone, 1):.2f} single, {spread(after, 1):.2f} album")
    print(f"  tone moved by {np.mean([off(a, b) for a, b in zip(alone, before)]):.2f} dB single; regret {np.mean(regret):+.2f} dB, worst {np.max(regret):+.2f}")
    level = np.array([a[0] - b[0] for a, b in zip(second, after)])
    print(f"  second run: level by {np.abs(level).max():.3f} LU at most, tone by {max(off(a, b) for a, b in zip(second, after)):.3f} dB at most")
    print(f"  step at the mark without a pause {step:+.4f} dB, samples of the halves from the undivided master {difference:.1e}")
    print(f"  highest true peak {max(peaks):.2f} dBTP (album {reports[0]['whole']['true_peak_dbtp']:.2f}), of the segue {max(peaks[2:4]):.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--songs", type=int, default=8)
    parser.add_argument("albums", nargs="*", default=DEFAULT)
    options = parser.parse_args()
    all_files = {name: tracks_of(name)[: options.songs] for name in options.albums}
    mixed = [files[place] for place in (0, 4) for files in all_files.values()]
    for name in ("hedgewars-data", "pushover-data"):
        mixed += tracks_of(name)[:2]
    for name, files in [*all_files.items(), ("compilation", mixed)]:
        with tempfile.TemporaryDirectory(prefix="records-") as place:
            record(name, files, options, Path(place))


if __name__ == "__main__":
    main()
