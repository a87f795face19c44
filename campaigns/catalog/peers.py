#!/usr/bin/env python3
"""Calls from Python beside the peers, on the same songs in one run: time, memory, target met.

campaigns/catalog/peers.py FOLDER [SONGS]

Each call is a process of its own, by turns, on one thread where the library lets itself be told: CPU seconds and most memory are the
process's. Every result is held against -14 LUFS and -1 dBTP by `acetate.verify`. Needs the packages acetate, pedalboard,
pyloudnorm, matchering and soundfile. The first of the songs is the reference of matchering.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

SOUND = {".ogg", ".flac", ".mp3", ".wav"}
LENGTH_S = (90, 300)
SETUP = """
import sys
import soundfile
source, out, reference = sys.argv[1:]
"""
CALLS = {
    "nothing but imports, read and write": SETUP + """
import numpy
audio, rate = soundfile.read(source, always_2d=True, dtype="float32")
soundfile.write(out, audio, rate, subtype="PCM_24")
""",
    "acetate.master, file to file": """
import sys
import acetate
source, out, reference = sys.argv[1:]
acetate.master(source, out)
""",
    "acetate.master, array to array": SETUP + """
import acetate
audio, rate = soundfile.read(source, always_2d=True, dtype="float32")
made = acetate.master(audio, sample_rate=rate)
soundfile.write(out, made.audio, made.sample_rate, subtype="PCM_24")
""",
    "pedalboard, chain and limiter": SETUP + """
import pyloudnorm
from pedalboard import BrickwallLimiter, Compressor, Gain, HighpassFilter, Pedalboard
audio, rate = soundfile.read(source, always_2d=True, dtype="float32")
shaped = Pedalboard([HighpassFilter(30.0), Compressor(-18.0, 2.0, 10.0, 100.0)])(audio.T, rate)
gain_db = -14.0 - pyloudnorm.Meter(rate).integrated_loudness(shaped.T)
soundfile.write(out, Pedalboard([Gain(gain_db), BrickwallLimiter(-1.0)])(shaped, rate).T, rate, subtype="PCM_24")
""",
    "pyloudnorm, gain": SETUP + """
import pyloudnorm
audio, rate = soundfile.read(source, always_2d=True)
audio *= 10 ** ((-14.0 - pyloudnorm.Meter(rate).integrated_loudness(audio)) / 20)
soundfile.write(out, audio, rate, subtype="PCM_24")
""",
    "matchering, toward another song": SETUP + """
import matchering
matchering.process(target=source, reference=reference, results=[matchering.pcm24(out)])
""",
}


def run(code, arguments):
    """CPU seconds, most memory in MB, and whether it ended well."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    timed = ["/usr/bin/env", "python3", "-c", WATCH, sys.executable, "-c", code, *map(str, arguments)]
    ended = subprocess.run(timed, env=environment, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu_s, float(ended.stdout.strip().rsplit("\n", 1)[-1] or 0) / 1024, ended.returncode == 0


# The most memory is that of one process: asked in a process that has only this child.
WATCH = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


def main():
    import acetate

    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 6
    songs = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix in SOUND):
        try:
            length_s = acetate.analyze(path).before.duration_s
        except acetate.AcetateError:
            continue
        if LENGTH_S[0] <= length_s <= LENGTH_S[1]:
            songs.append((path, length_s))
        if len(songs) == count + 1:
            break
    reference, songs = songs[0][0], songs[1:]
    print(f"{len(songs)} songs of {median(length for _, length in songs):.0f} s in the median")
    with tempfile.TemporaryDirectory(prefix="acetate-peers-") as work:
        import soundfile

        results = {name: [] for name in CALLS}
        for number, (song, length_s) in enumerate(songs):
            # All read the same file, which every one of them can read.
            mix = Path(work) / f"{number}.wav"
            audio, rate = soundfile.read(song, always_2d=True, dtype="float32")
            soundfile.write(mix, audio, rate, subtype="FLOAT")
            model = Path(work) / "reference.wav"
            if not model.exists():
                audio, rate = soundfile.read(reference, always_2d=True, dtype="float32")
                soundfile.write(model, audio, rate, subtype="FLOAT")
            for name, code in CALLS.items():
                out = Path(work) / "out.wav"
                out.unlink(missing_ok=True)
                cpu_s, memory_mb, is_good = run(code, (mix, out, model))
                held = acetate.verify(out) if is_good and out.exists() else None
                results[name].append((cpu_s * 60 / length_s, memory_mb, held))
    print(f"{'call':<38}{'CPU s a minute':>15}{'memory MB':>11}{'worst LU off':>14}{'worst dBTP':>12}{'both met':>10}")
    for name, found in results.items():
        held = [one for _, _, one in found if one is not None]
        off = max((abs(one.before.integrated_lufs + 14) for one in held), default=float("nan"))
        peak = max((one.before.true_peak_dbtp for one in held), default=float("nan"))
        met = sum(one.all_met for one in held)
        print(
            f"{name:<38}{median(cpu for cpu, _, _ in found):>15.2f}{max(mb for _, mb, _ in found):>11.0f}{off:>14.2f}"
            f"{peak:>12.2f}{met:>6} of {len(found)}"
        )


if __name__ == "__main__":
    main()
