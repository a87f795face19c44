#!/usr/bin/env python3
"""Stops batches at random moments and looks at what is left.

Usage: campaigns/kills.py [TIMES] [SEED]

TIMES (default 200) times: a batch is started with --resume and stopped after a random time by
SIGKILL, SIGINT or SIGTERM. Each time, every file under a final name must have the bytes of an
undisturbed run's, no mix may have changed, and after a signal that can be handled no temporary
file may be left. When a batch comes to its end it must be whole, with no temporary file left,
and starts afresh. Needs a release build.
"""

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from campaign import BINARY, acetate, digest, hold, make_mix, temporary_files

MIXES = 6
SECONDS = 4
SIGNALS = [signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM]


def stopped(command, delay_s, how):
    """Exit code of a run that is stopped after a while, and what it said."""
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _, said = run.communicate(timeout=delay_s)
    except subprocess.TimeoutExpired:
        run.send_signal(how)
        _, said = run.communicate()
    return run.returncode, said


def main():
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    with tempfile.TemporaryDirectory(prefix="acetate-kills-") as folder:
        folder = Path(folder)
        mixes = [folder / f"mix{index}.wav" for index in range(MIXES)]
        for index, mix in enumerate(mixes):
            make_mix(mix, SECONDS, seed=index)
        began = time.monotonic()
        hold(acetate("master", *mixes, "--out-dir", folder / "whole", "--threads", 2).returncode == 0, "a first run")
        whole_s = time.monotonic() - began
        right = {path.name: digest(path) for path in (folder / "whole").glob("*.wav")}
        before = [digest(mix) for mix in mixes]
        out = folder / "out"
        command = [str(BINARY), "master", *map(str, mixes), "--out-dir", str(out), "--threads", "2", "--resume"]
        counts = {"stopped": {}, "ended by itself": 0, "batches completed": 0, "left temporary files": 0}
        while sum(counts["stopped"].values()) < times:
            how = chance.choice(SIGNALS)
            code, said = stopped(command, chance.uniform(0.0, 0.7 * whole_s), how)
            for path in out.glob("*.wav"):
                hold(digest(path) == right[path.name], f"{path.name} is not whole after {how.name}")
            hold([digest(mix) for mix in mixes] == before, "a mix was changed")
            left = temporary_files(out)
            if code == 0:
                counts["ended by itself"] += 1
            else:
                expected = {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143}[how]
                # A signal in the first milliseconds meets no handler yet.
                hold(code in (expected, -how), f"exit code {code} after {how.name}: {said}")
                counts["stopped"][how.name] = counts["stopped"].get(how.name, 0) + 1
                hold(how == signal.SIGKILL or code != expected or not left, f"{left} after {how.name}")
                counts["left temporary files"] += bool(left)
            hold("panicked" not in said, said)
            if code == 0:
                hold({path.name for path in out.glob("*.wav")} == set(right), "a batch that ended is not whole")
                hold(not left, f"{left} after a whole run")
                counts["batches completed"] += 1
                shutil.rmtree(out)
        done = acetate("master", *mixes, "--out-dir", out, "--resume")
        hold(done.returncode == 0 and not temporary_files(out), f"the last run: {done.stderr}")
        hold({path.name: digest(path) for path in out.glob("*.wav")} == right, "the last run's masters")
        print(f"{sum(counts['stopped'].values())} runs stopped: {counts}")
        print("no file under a final name was partial, no mix was changed, nothing temporary was left over")


if __name__ == "__main__":
    main()
