#!/usr/bin/env python3
"""CPU time, wall time and memory of whole commands, side by side with other programs.

Usage: benches/performance.py FILE [RUNS] [--matchering PYTHON]

FILE is a mix, best one of four minutes as 24-bit WAV. Its master (-14 LUFS, -1 dBTP, 24 bits) is held
against ffmpeg's two-pass loudnorm and, where PYTHON has the package, Matchering; then come the analysis,
a second rendering with the settings of the first, the start-up, five seconds of the file, and a batch of
eight copies with one thread and with two. Runs alternate, medians are printed. Needs ffmpeg and a release
build (`cargo build --release`).
"""

import argparse
import json
import os
import shutil
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


def matchering(python, path, reference, out):
    """The file brought to itself, a decibel louder: the work does not depend on what the reference is."""
    louder = ["ffmpeg", "-v", "error", "-y", "-i", path, "-af", "volume=1dB", "-c:a", "pcm_s24le"]
    subprocess.run([*louder, str(reference)], check=True)
    code = (
        "import matchering as mg, sys;"
        "mg.process(target=sys.argv[1], reference=sys.argv[2], results=[mg.pcm24(sys.argv[3])])"
    )
    return [[python, "-c", code, path, str(reference), str(out)]]


def seconds_of(path):
    probe = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path]
    return float(subprocess.run(probe, capture_output=True, text=True, check=True).stdout)


def compare(contenders, runs, duration_s, made):
    """Prints a table; contenders are commands to be run in turn, and how many songs they handle. What they
    write goes into the folder `made`, which is empty before each: replacing a file takes the system time."""
    figures = {name: [] for name in contenders}
    for _ in range(runs):
        for name, (commands, _) in contenders.items():
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            figures[name].append(timed(commands))
    print("\n| | CPU s | times real time | wall s | times real time | peak MB |\n|---|---|---|---|---|---|")
    for name, rows in figures.items():
        cpu, wall, peak = (statistics.median(column) for column in zip(*rows))
        audio_s = duration_s * contenders[name][1]
        print(
            f"| {name} | {cpu:.2f} | {audio_s / cpu:.0f} | {wall:.2f} | {audio_s / wall:.0f} | {peak:.0f} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("runs", nargs="?", type=int, default=5)
    parser.add_argument("--matchering", metavar="PYTHON")
    arguments = parser.parse_args()
    path, runs = arguments.file, arguments.runs
    duration_s = seconds_of(path)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        out = Path(folder)
        made = out / "made"
        ours = [str(BINARY), "master", path, "-o", str(made / "ours.wav"), "-q"]
        one, two = ["--threads", "1"], ["--threads", "2"]
        # Every run but those that are to find it measures the mix.
        first = [*ours, "--no-cache"]
        contenders = {
            "acetate master, 1 thread": ([[*first, *one]], 1),
            "acetate master, 2 threads": ([[*first, *two]], 1),
            "ffmpeg loudnorm, two passes": (loudnorm(path, made / "theirs.wav"), 1),
        }
        if arguments.matchering:
            reference = out / "reference.wav"
            command = matchering(arguments.matchering, path, reference, made / "matchering.wav")
            contenders["Matchering"] = (command, 1)
        compare(contenders, runs, duration_s, made)

        settings = out / "settings.toml"
        again = [*ours, "--cache", str(out / "cache")]
        made.mkdir(exist_ok=True)
        subprocess.run([*again, "--overwrite", "--save-settings", str(settings)], check=True)
        again += ["--settings", str(settings)]
        analyze = [str(BINARY), "analyze", path, "--json"]
        scan = ["ffmpeg", "-nostats", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-"]
        compare(
            {
                "acetate analyze, 1 thread": ([[*analyze, *one]], 1),
                "acetate analyze, 2 threads": ([[*analyze, *two]], 1),
                "ffmpeg ebur128 with true peak": ([scan], 1),
                "acetate master --settings, 1 thread": ([[*again, *one]], 1),
                "acetate master --settings, 2 threads": ([[*again, *two]], 1),
            },
            runs,
            duration_s,
            made,
        )

        short = out / "short.wav"
        cut = ["ffmpeg", "-v", "error", "-ss", "30", "-t", "5", "-i", path, "-c:a", "pcm_s24le", str(short)]
        subprocess.run(cut, check=True)
        brief = [*first[:2], str(short), *first[3:]]
        compare(
            {
                "acetate master, 5 s": ([brief], 5 / duration_s),
                "acetate --version": ([[str(BINARY), "--version"]], 0),
            },
            4 * runs,
            duration_s,
            made,
        )

        copies = out / "copies"
        copies.mkdir()
        for index in range(8):
            shutil.copy(path, copies / f"{index}{Path(path).suffix}")
        songs = sorted(map(str, copies.iterdir()))
        batch = [str(BINARY), "master", *songs, "--out-dir", str(made / "batch"), "-q", "--no-cache"]
        compare(
            {
                "acetate master, 8 songs, 1 thread": ([[*batch, *one]], 8),
                "acetate master, 8 songs, 2 threads": ([[*batch, *two]], 8),
            },
            max(runs // 2, 1),
            duration_s,
            made,
        )


if __name__ == "__main__":
    main()
