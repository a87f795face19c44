#!/usr/bin/env python3
"""How often a master needs a second render, and how far the first one was off.

    python3 campaigns/renders.py FOLDER [SONGS] [SEED]

Masters SONGS (150) sound files drawn from FOLDER and the folders in it, and prints the share that was rendered
more than once, the share that is infeasible, and how far the first render's loudness and true peak lay from what
was wanted, before any correction.
"""

import json
import random
import statistics
import sys
import tempfile
from pathlib import Path

from campaign import acetate, sound_files


def main():
    folder = Path(sys.argv[1])
    songs = int(sys.argv[2]) if len(sys.argv) > 2 else 150
    files = sound_files(folder.rglob("*"))
    random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1).shuffle(files)
    again, infeasible, off_lu, over_db, trim_db = 0, 0, [], [], []
    with tempfile.TemporaryDirectory() as out:
        for path in files:
            if len(over_db) == songs:
                break
            run = acetate("master", path, "-o", Path(out) / "master.wav", "--overwrite", "--json", "--threads", "1")
            if run.returncode not in (0, 1):
                print(f"{path.name}: no master ({run.returncode}): {run.stderr.strip()}", flush=True)
                continue
            done = json.loads(run.stdout)["mastering"]
            first = done["attempts"][0]
            again += len(done["attempts"]) > 1
            infeasible += done["infeasible"] is not None
            if done["infeasible"] is None:
                off_lu.append(abs(first["integrated_lufs"] - first["foretold_lufs"]))
            over_db.append(first["true_peak_dbtp"] - first["ceiling_dbtp"])
            trim_db.append(max(-attempt["trim_db"] for attempt in done["attempts"]))
            if len(done["attempts"]) > 1:
                print(path.name, [(a["integrated_lufs"], a["true_peak_dbtp"]) for a in done["attempts"]], flush=True)
    off_lu.sort()
    print(f"{len(over_db)} songs: {again} rendered more than once ({100 * again / len(over_db):.1f} %), {infeasible} infeasible")
    print(
        f"first render, LU off the prediction: median {statistics.median(off_lu):.3f}, "
        f"90 % below {off_lu[int(0.9 * len(off_lu))]:.3f}, at most {off_lu[-1]:.3f}"
    )
    print(f"first render, true peak over the ceiling, dB: median {statistics.median(over_db):+.3f}, highest {max(over_db):+.3f}")
    print(f"largest final correction of the whole file: {max(trim_db):.3f} dB")


if __name__ == "__main__":
    main()
