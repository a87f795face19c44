#!/usr/bin/env python3
"""Many files, a very long one, and many processes at once.

Usage: campaigns/load.py batch [FILES] | long [HOURS] | processes [COUNT]    (in an optional TMPDIR)

batch: FILES (default 1000) short mixes in one run with 2 threads; the memory must not grow.
long: one mix of HOURS (default 3) at 96 kHz, under 400 MB; needs 19 GB of disk for 3 hours.
processes: COUNT (default 100) runs at once on one input, to names of their own and to one name.
Needs a release build; memory is read from /proc.
"""

import shutil
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

from campaign import BINARY, acetate, digest, hold, make_mix

LONG_RATE = 96_000
LONG_LIMIT_MB = 400


def watched(command):
    """Exit code, standard error, and resident memory in MB at every fifth of a second."""
    with tempfile.TemporaryFile("w+") as errors:
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, text=True)
        readings, peak = [], 0
        while run.poll() is None:
            try:
                status = Path(f"/proc/{run.pid}/status").read_text()
                lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
                readings.append(int(lines["VmRSS"].split()[0]) / 1024)
                peak = max(peak, int(lines["VmHWM"].split()[0]) / 1024)
            except (OSError, KeyError):
                pass
            time.sleep(0.2)
        errors.seek(0)
        return run.returncode, errors.read(), readings, peak


def batch(folder, files):
    mixes = []
    for index in range(files):
        mixes.append(folder / f"mix{index:04}.wav")
        if index < 10:
            make_mix(mixes[-1], 1 + index % 3, rate=22_050, seed=index)
        else:
            shutil.copy(mixes[index % 10], mixes[-1])
    command = [str(BINARY), "master", *map(str, mixes), "--out-dir", str(folder / "out"), "--threads", "2", "-q"]
    began = time.monotonic()
    code, errors, readings, peak = watched(command)
    hold(code == 0, f"exit code {code}: {errors[-500:]}")
    masters = list((folder / "out").glob("*.wav"))
    hold(len(masters) == files, f"{len(masters)} masters")
    for index, master in enumerate(sorted(masters)):
        hold(digest(master) == digest(sorted(masters)[index % 10]), f"{master.name} is as its twin")
    fifth = max(1, len(readings) // 5)
    first, last = max(readings[:fifth]), max(readings[-fifth:])
    print(f"{files} files in {time.monotonic() - began:.0f} s: at most {first:.0f} MB in the first fifth of the time, "
          f"{last:.0f} MB in the last, {peak:.0f} MB ever")
    hold(last <= first * 1.2 + 5, "the memory does not grow")


def long(folder, hours):
    mix = folder / "long.wav"
    piece = folder / "piece.wav"
    make_mix(piece, 20, rate=LONG_RATE)
    with wave.open(str(piece)) as source:
        frames = source.readframes(source.getnframes())
    with wave.open(str(mix), "wb") as out:
        out.setparams((2, 2, LONG_RATE, 0, "NONE", ""))
        for turn in range(int(hours * 180)):
            # Louder and softer by turns, so that there is something to solve.
            out.writeframesraw(frames if turn % 3 else bytes(len(frames) // 2) + frames[len(frames) // 2 :])
    began = time.monotonic()
    output = folder / "long.master.wav"
    code, errors, _, peak = watched([str(BINARY), "master", str(mix), "-o", str(output), "--threads", "2", "-q"])
    wall_s = time.monotonic() - began
    hold(code in (0, 1), f"exit code {code}: {errors[-500:]}")
    print(f"{hours:g} h at 96 kHz: {peak:.0f} MB, {wall_s:.0f} s, exit code {code}, {output.stat().st_size / 1e9:.2f} GB written")
    hold(peak < LONG_LIMIT_MB, f"{peak:.0f} MB, at most {LONG_LIMIT_MB}")


def processes(folder, count):
    mix = folder / "mix.wav"
    make_mix(mix, 2)
    before = digest(mix)
    hold(acetate("master", mix, "-o", folder / "right.wav").returncode == 0, "a first run")
    right = digest(folder / "right.wav")

    def start(output):
        command = [str(BINARY), "master", str(mix), "-o", str(output), "--threads", "1", "-q"]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    runs = [start(folder / f"m{index}.wav") for index in range(count)]
    said = [run.communicate()[1] for run in runs]
    hold(all(run.returncode == 0 for run in runs), f"{[text for text in said if text][:3]}")
    hold(all(digest(folder / f"m{index}.wav") == right for index in range(count)), "all masters are the same")
    runs = [start(folder / "one.wav") for _ in range(count)]
    said = [run.communicate()[1] for run in runs]
    codes = [run.returncode for run in runs]
    hold(codes.count(0) == 1 and codes.count(2) == count - 1, f"exit codes {codes}")
    hold(all("one.wav" in text for text, code in zip(said, codes) if code), "the others say why")
    hold(digest(folder / "one.wav") == right, "the one that won is whole")
    hold(digest(mix) == before and not [p for p in folder.iterdir() if p.name.startswith(".")], "nothing else is left")
    print(f"{count} processes at once: all the same bytes; to one name: 1 delivered, {count - 1} refused")


def main():
    kinds = {"batch": (batch, 1000), "long": (long, 3), "processes": (processes, 100)}
    if len(sys.argv) < 2 or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    campaign, number = kinds[sys.argv[1]]
    with tempfile.TemporaryDirectory(prefix="acetate-load-") as folder:
        campaign(Path(folder), (float if campaign is long else int)(sys.argv[2]) if len(sys.argv) > 2 else number)


if __name__ == "__main__":
    main()
