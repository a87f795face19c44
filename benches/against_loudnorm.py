#!/usr/bin/env python3
"""CPU time and memory of a whole master against ffmpeg's two-pass loudnorm on the same file.

Usage: benches/against_loudnorm.py FILE [RUNS]

Both write a 24-bit WAV at -14 LUFS and -1 dBTP; runs alternate, medians are printed. Needs ffmpeg and a
release build (`cargo build --release`).
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BINARY = Path(__file__).resolve().parent.parent / "target" / "release" / "acetate"


def timed(commands):
    """CPU seconds, wall seconds and the largest resident set in MB of commands run in turn."""
    cpu = wall = peak = 0.0
    for command in commands:
        before = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            sys.exit(f"failed: {command}")
        wall += time.monotonic() - before
        cpu += usage.ru_utime + usage.ru_stime
        peak = max(peak, usage.ru_maxrss / 1024)
    return cpu, wall, peak


def loudnorm(path, out):
    """The two passes as ffmpeg's documentation gives them, in linear mode where it stays in it."""
    base = ["ffmpeg", "-hide_banner", "-nostats", "-y", "-i", path]
    target = "loudnorm=I=-14:TP=-1:LRA=20"
    first = [*base, "-af", f"{target}:print_format=json", "-f", "null", "-"]
    text = subprocess.run(first, capture_output=True, text=True, check=True).stderr
    measured = json.loads(text[text.rindex("{"):text.rindex("}") + 1])
    second = (
        f"{target}:linear=true:measured_I={measured['input_i']}:measured_TP={measured['input_tp']}"
        f":measured_LRA={measured['input_lra']}:measured_thresh={measured['input_thresh']}"
        f":offset={measured['target_offset']}"
    )
    return [first, [*base, "-af", second, "-ar", "44100", "-c:a", "pcm_s24le", str(out)]]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    path = sys.argv[1]
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory(dir=".") as folder:
        out = Path(folder)
        ours = [str(BINARY), "master", path, "-o", str(out / "ours.wav"), "--overwrite", "-q"]
        contenders = {
            "acetate master": [ours],
            "acetate master, 1 thread": [[*ours, "--threads", "1"]],
            "ffmpeg loudnorm, two passes": loudnorm(path, out / "theirs.wav"),
        }
        figures = {name: [] for name in contenders}
        for _ in range(runs):
            for name, commands in contenders.items():
                figures[name].append(timed(commands))
    print("| | CPU s (median) | wall s | peak MB |\n|---|---|---|---|")
    for name, rows in figures.items():
        cpu, wall, peak = (statistics.median(column) for column in zip(*rows))
        print(f"| {name} | {cpu:.2f} | {wall:.2f} | {peak:.0f} |")


if __name__ == "__main__":
    main()
