#!/usr/bin/env python3
"""What `acetate train --pairs` learns from few pairs of an engineer with a habit, and of one without.

    python3 campaigns/training/habit.py ACETATE FOLDER [PAIRS]

Takes PAIRS (6) songs of FOLDER, 50 s of each, as masters. Their mixes lack what the engineer does: a shelf of 2.5 dB above
5 kHz and a cut of 1.8 dB at 250 Hz, give or take 0.4 dB each; or, without a habit, either of the two by -2.5 to 2.5 dB. Two
songs are an album. Prints the verdicts. Needs ffmpeg.
"""

import random
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from campaign import sound_files  # noqa: E402

SEED = 3
EXCERPT = ["-ss", "20", "-t", "50"]


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True)


def pair(song, number, moves, folder):
    """A row of the list: mix, master, album."""
    treble_db, bass_db = moves
    mix, master = f"mix{number}.wav", f"master{number}.wav"
    ffmpeg(*EXCERPT, "-i", str(song), "-ac", "2", "-af", "volume=-3dB", str(folder / master))
    undone = f"treble=g={-treble_db}:f=5000:w=0.7,equalizer=f=250:t=o:w=1.6:g={-bass_db},volume=-6dB"
    ffmpeg("-i", str(folder / master), "-af", undone, str(folder / mix))
    return f"{mix},{master},album {number // 2}"


def main():
    acetate, songs = sys.argv[1], sys.argv[2]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 6
    files = sound_files(Path(songs).rglob("*"))
    files = [path for path in files if path.stat().st_size > 500_000][:count]
    chance = random.Random(SEED)
    habit = lambda: (2.5 + chance.gauss(0, 0.4), -1.8 + chance.gauss(0, 0.4))
    none = lambda: (chance.uniform(-2.5, 2.5), chance.uniform(-2.5, 2.5))
    for name, moves in [("with a habit", habit), ("without one", none)]:
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            rows = [pair(song, number, moves(), folder) for number, song in enumerate(files)]
            (folder / "pairs.csv").write_text("mix,master,album\n" + "\n".join(rows) + "\n")
            command = [acetate, "train", "--pairs", "pairs.csv", "--cache", "cache", "--out-dir", "out"]
            ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            print(f"{len(rows)} pairs {name}: {ran.stdout.strip() or ran.stderr.strip()}")


if __name__ == "__main__":
    main()
