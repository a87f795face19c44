#!/usr/bin/env python3
"""Time and memory of an album: twelve songs of four minutes, masters and one deliverable, two threads.

Usage: campaigns/album/speed.py [--songs N] [--seconds N] [--deliver NAME] [--times N]

Songs of the corpus (`acetate dataset fetch`; those that are shorter go on from their start) are mastered by
`acetate album --threads 2`. Told are the wall and CPU seconds of each run, how many seconds of music that
is for a second of either, and the largest resident memory; a quarter of the songs is run as well, to see whether
memory grows with their number. The binary is ACETATE, or that of a release build.
"""

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from mirror import BINARY, RATE, tracks_of

ALBUMS = ["singularity-music", "freedroidrpg-data", "widelands-data"]


def mixes(folder, count, seconds):
    folder.mkdir()
    files = [file for name in ALBUMS for file in tracks_of(name)][:count]
    for number, file in enumerate(files, 1):
        words = ["ffmpeg", "-v", "error", "-stream_loop", "-1", "-i", str(file), "-map", "0:a:0", "-t", str(seconds), "-af", "volume=-6dB"]
        subprocess.run([*words, "-ac", "2", "-ar", str(RATE), "-c:a", "pcm_s24le", str(folder / f"{number:02}.wav")], check=True)


def made(folder, out, deliver):
    """Wall and CPU seconds and the largest memory of one run, MB."""
    words = [BINARY, "album", str(folder), "--out-dir", str(out), "--deliver", deliver, "--threads", "2", "-q"]
    # No analysis of an earlier run is taken.
    cold = os.environ | {"XDG_CACHE_HOME": str(out.with_name("cache"))}
    shutil.rmtree(cold["XDG_CACHE_HOME"], ignore_errors=True)
    start = time.monotonic()
    child = subprocess.Popen(words, env=cold, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall_s = time.monotonic() - start
    assert os.waitstatus_to_exitcode(status) < 2, words
    shutil.rmtree(out)
    return wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--deliver", default="streaming")
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for count in (max(2, options.songs // 4), options.songs):
        with tempfile.TemporaryDirectory(prefix="speed-") as place:
            folder = Path(place) / "mixes"
            mixes(folder, count, options.seconds)
            music_s = count * options.seconds
            runs = [made(folder, Path(place) / "out", options.deliver) for _ in range(options.times)]
        for wall_s, cpu_s, memory_mb in runs:
            print(f"{count} songs of {options.seconds:.0f} s, masters and {options.deliver}: {wall_s:.1f} s, {music_s / wall_s:.0f} times real time; "
                  f"{cpu_s:.1f} CPU s, {2 * music_s / cpu_s:.0f} times on two free cores; {memory_mb:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
