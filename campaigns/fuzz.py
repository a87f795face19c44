#!/usr/bin/env python3
"""Runs every fuzz target for a while and says how many executions that were.

Usage: campaigns/fuzz.py build
       campaigns/fuzz.py [SECONDS] [TARGET ...]

`build` compiles the targets with libFuzzer's counters, as `cargo fuzz build -O -s none` does, without
cargo-fuzz and with the compiler of the repository; fuzz/seeds.py makes what they begin with. SECONDS
(default 60) is for each target.

An input that panics, takes over 10 s (by the clock: on a machine that is busy, try it again) or over
1 GB of memory is a finding: it is kept in fuzz/artifacts and belongs, once mended, into
tests/crashers, where `cargo test` replays it. Totals add up over runs in fuzz/corpus/executions.json.
"""

import fcntl
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FUZZ = ROOT / "fuzz"
TRIPLE = "x86_64-unknown-linux-gnu"
BINARIES = FUZZ / "target" / TRIPLE / "release"
TOTALS = FUZZ / "corpus" / "executions.json"
TARGETS = ["settings", "certificates", "lists", "weights", "tags", "cuesheets", "joined", "decode", "analyze", "master"]
MAX_BYTES = {"weights": 1_000_000, "lists": 8192, "settings": 8192, "tags": 8192, "cuesheets": 4096}
PASSES = """
    -sanitizer-coverage-level=4 -sanitizer-coverage-inline-8bit-counters -sanitizer-coverage-pc-table
    -sanitizer-coverage-trace-compares
""".split()
LIMITS = ["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"]


def build():
    """Compiles all targets; counters in every crate, none in build scripts."""
    flags = ["-Cpasses=sancov-module", *(f"-Cllvm-args={one}" for one in PASSES), "--cfg", "fuzzing"]
    flags += ["-Cllvm-args=-simplifycfg-branch-fold-threshold=0", "-Cllvm-args=-sanitizer-coverage-stack-depth"]
    environment = {**os.environ, "RUSTFLAGS": " ".join(flags)}
    command = ["cargo", "build", "--release", "--locked", "--target", TRIPLE, "--bins"]
    subprocess.run(command, check=True, env=environment, cwd=FUZZ)


def run(target, seconds):
    """Executions of a target, its findings, and its highest memory in MB."""
    artifacts = FUZZ / "artifacts" / target
    artifacts.mkdir(parents=True, exist_ok=True)
    before = set(artifacts.iterdir())
    executions, memory, end = 0, 0, time.monotonic() + seconds
    while (left := int(end - time.monotonic())) > 0:
        command = [BINARIES / target, FUZZ / "corpus" / target, f"-artifact_prefix={artifacts}/"]
        command += [f"-max_total_time={left}", f"-max_len={MAX_BYTES.get(target, 32_768)}", *LIMITS]
        environment = {**os.environ, "TMPDIR": "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp"}
        done = subprocess.run(command, capture_output=True, env=environment, check=False)
        text = done.stderr.decode(errors="replace")
        (artifacts.parent / f"{target}.log").write_text(text[-20_000:])
        counts = re.findall(r"stat::number_of_executed_units:\s+(\d+)", text) or re.findall(r"^#(\d+)", text, re.M)
        executions += int(counts[-1]) if counts else 0
        memory = max([memory, *map(int, re.findall(r"stat::peak_rss_mb:\s+(\d+)", text))])
        if done.returncode == 0:
            break
    return executions, sorted(set(artifacts.iterdir()) - before), memory


def add(target, executions):
    """All totals with what a run adds; several may end at once."""
    with TOTALS.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        totals = json.loads(file.read() or "{}")
        totals[target] = totals.get(target, 0) + executions
        file.truncate(0)
        file.write(json.dumps(totals))
    return totals


def main():
    if sys.argv[1:] == ["build"]:
        return build()
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    failed = False
    for target in sys.argv[2:] or TARGETS:
        executions, findings, memory = run(target, seconds)
        totals = add(target, executions)
        failed |= bool(findings)
        print(f"{target}: {executions} executions, at most {memory} MB, {len(findings)} findings", flush=True)
        for finding in findings:
            print(f"  {finding}", flush=True)
    print(f"in all: {sum(totals.values())} executions: {totals}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
