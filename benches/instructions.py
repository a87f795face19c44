#!/usr/bin/env python3
"""Instructions per frame of every stage and meter, held against benches/instructions.json.

Usage: benches/instructions.py [--write]

Counts are callgrind's, stereo at 44.1 kHz: those of 3 s of the example mix less those of 1 s, and less
those of decoding alone, so that what is built once does not count. Ends with 1 where a count has
grown by more than 10 %; --write renews the file. Needs valgrind and a processor with AVX2, and builds
the dev profile, in which the DSP is optimized as in a release.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = ROOT / "target" / "debug" / "examples" / "one_stage"
COUNTS = ROOT / "benches" / "instructions.json"
RATE_HZ = 44_100
SHORT_S, LONG_S = 1, 3
GROWTH = 1.10
# Counts below this move by a few instructions for no reason.
SLACK = 2.0


def counted(stage, seconds):
    """Instructions of one run."""
    command = [
        "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
        str(BINARY), stage, str(seconds),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return int(found.group(1))


def per_frame(stage):
    """Instructions per frame, decoding included."""
    frames = (LONG_S - SHORT_S) * RATE_HZ
    return (counted(stage, LONG_S) - counted(stage, SHORT_S)) / frames


def main():
    if "avx2" not in Path("/proc/cpuinfo").read_text(encoding="ascii"):
        print("no AVX2 here: the counts would be other ones, nothing is compared")
        return
    build = ["cargo", "build", "--locked", "-q", "--example", "one_stage"]
    subprocess.run(build, cwd=ROOT, check=True)
    stages = subprocess.run([BINARY], capture_output=True, text=True, check=True).stdout.splitlines()
    decoding = per_frame(stages[0])
    counts = {stages[0]: decoding} | {stage: per_frame(stage) - decoding for stage in stages[1:]}
    counts = {stage: round(count, 1) for stage, count in counts.items()}
    if "--write" in sys.argv[1:]:
        COUNTS.write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")
    before = json.loads(COUNTS.read_text(encoding="utf-8"))
    grown = []
    print(f"{'stage':24} {'instructions a frame':>20} {'recorded':>10}")
    for stage, count in counts.items():
        recorded = before.get(stage, 0.0)
        print(f"{stage:24} {count:20.1f} {recorded:10.1f}")
        if count > GROWTH * recorded + SLACK:
            grown.append(stage)
    if grown:
        sys.exit(
            f"grown by more than 10 %: {', '.join(grown)}. Where that is worth it, say why and renew "
            "the counts with benches/instructions.py --write"
        )


if __name__ == "__main__":
    main()
