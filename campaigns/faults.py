#!/usr/bin/env python3
"""Lets the disk, the folder and the input fail in the middle of a master.

Usage: campaigns/faults.py [TIMES] [SEED]

Disk full and a read-only file system need a user who may mount (a small tmpfs each); without, they
are said to be left out. TIMES (default 30) is for each fault with a random moment. Needs a release
build.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from campaign import BINARY, acetate, digest, hold, make_mix, temporary_files

SECONDS = 8


@contextmanager
def mounted(folder, size_kib):
    """A small file system in memory; None where that is not allowed."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(folder)]
    allowed = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield folder if allowed else None
    finally:
        if allowed:
            subprocess.run(["umount", str(folder)], check=True)


def is_clean_error(done, words, what):
    hold(done.returncode == 2, f"{what}: exit code {done.returncode}, {done.stderr}")
    hold(len(done.stderr.strip().splitlines()) == 1, f"{what}: {done.stderr}")
    hold(any(word in done.stderr for word in words), f"{what}: {done.stderr}")


def disk_full(folder, mix):
    """From no room at all to enough, WAV and FLAC: an error or a whole master."""
    frames = SECONDS * 44_100
    refused = delivered = 0
    for extension in ("wav", "flac"):
        for percent in range(5, 151, 5):
            # The scratch takes 8 bytes per frame, a 24-bit master 6.
            size_kib = frames * 14 * percent // 100 // 1024
            with mounted(folder / "small", size_kib) as small:
                if small is None:
                    return "left out: this user may not mount"
                output = small / f"master.{extension}"
                done = acetate("master", mix, "-o", output)
                if done.returncode == 0:
                    hold(acetate("verify", output, "--strict").returncode == 0, "the master verifies")
                    delivered += 1
                else:
                    is_clean_error(done, ["free space", "No space left"], f"{percent} % {extension}")
                    hold(not output.exists() and not temporary_files(small), "nothing is left behind")
                    refused += 1
    hold(refused > 10 and delivered > 2, f"{refused} refused, {delivered} delivered")
    return f"{refused} refused with one error and nothing left, {delivered} delivered whole"


def read_only(folder, mix):
    with mounted(folder / "fixed", 1024) as fixed:
        if fixed is None:
            return "left out: this user may not mount"
        subprocess.run(["mount", "-o", "remount,ro", str(fixed)], check=True)
        is_clean_error(acetate("master", mix, "-o", fixed / "m.wav"), ["Read-only"], "read-only")
        done = acetate("master", mix, "--out-dir", fixed / "new")
        is_clean_error(done, ["Read-only"], "a new folder in a read-only one")
    return "refused with one error before the work"


def with_fault(mix, output, fault, delay_s):
    """Masters a mix while `fault` strikes after a while; how it ended."""
    command = [str(BINARY), "master", str(mix), "-o", str(output), "--threads", "1"]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(delay_s)
    fault()
    _, said = run.communicate()
    return subprocess.CompletedProcess(command, run.returncode, "", said)


def input_changed(folder, mix, times, chance, whole_s, right):
    """Appended to, cut, overwritten in place, replaced: an error, or the master of what was there."""
    refused = untouched = changed_before = 0
    copy, output = folder / "copy.wav", folder / "changed.wav"

    def append():
        with copy.open("ab") as file:
            file.write(bytes(40_000))

    def cut():
        os.truncate(copy, copy.stat().st_size // 2)

    def overwrite():
        with copy.open("r+b") as file:
            file.seek(copy.stat().st_size // 3)
            file.write(bytes(40_000))

    def replace():
        other = folder / "other.wav"
        make_mix(other, 1, seed=99)
        other.replace(copy)

    for turn in range(times):
        shutil.copy(mix, copy)
        fault = [append, cut, overwrite, replace][turn % 4]
        done = with_fault(copy, output, fault, chance.uniform(0.02, whole_s))
        if done.returncode == 2:
            is_clean_error(done, ["changed", "cannot be read", "expected"], fault.__name__)
            hold(not output.exists(), "no master of a changed mix")
            refused += 1
        else:
            hold(done.returncode == 0, f"{fault.__name__}: exit code {done.returncode}, {done.stderr}")
            if digest(output) == right:
                untouched += 1
            else:
                # Changed before it was opened.
                acetate("master", copy, "-o", folder / "after.wav", "--overwrite")
                hold(digest(output) == digest(folder / "after.wav"), f"{fault.__name__}: a master of a mixture")
                changed_before += 1
            output.unlink()
        hold(not temporary_files(folder), "nothing temporary is left")
    hold(refused > 0, "no change came in time")
    return (
        f"{refused} of {times} refused, {untouched} delivered as from the unchanged mix, "
        f"{changed_before} as from the changed one"
    )


def folder_removed(folder, mix, times, chance, whole_s):
    refused = 0
    for _ in range(times):
        gone = folder / "gone"
        gone.mkdir()
        done = with_fault(mix, gone / "m.wav", lambda: shutil.rmtree(gone, ignore_errors=True), chance.uniform(0.02, whole_s))
        if done.returncode == 2:
            is_clean_error(done, ["No such file", "expected a folder"], "folder removed")
            refused += 1
        else:
            hold(done.returncode == 0, f"exit code {done.returncode}: {done.stderr}")
        hold("panicked" not in done.stderr, done.stderr)
        shutil.rmtree(gone, ignore_errors=True)
    hold(refused > 0, "no removal came in time")
    return f"{refused} of {times} refused with one error, the others were done before"


def main():
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    with tempfile.TemporaryDirectory(prefix="acetate-faults-") as folder:
        folder = Path(folder)
        mix = folder / "mix.wav"
        make_mix(mix, SECONDS)
        before = digest(mix)
        began = time.monotonic()
        hold(acetate("master", mix, "-o", folder / "right.wav", "--threads", 1).returncode == 0, "a first run")
        whole_s = time.monotonic() - began
        right = digest(folder / "right.wav")
        print("disk full:", disk_full(folder, mix), flush=True)
        print("read-only folder:", read_only(folder, mix), flush=True)
        print("input changed:", input_changed(folder, mix, times, chance, whole_s, right), flush=True)
        print("output folder removed:", folder_removed(folder, mix, times, chance, whole_s), flush=True)
        hold(digest(mix) == before, "the mix is untouched")


if __name__ == "__main__":
    main()
