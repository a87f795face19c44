#!/usr/bin/env python3
"""How well `acetate learn` recovers settings that are known, and how often it claims what was not there.

    python3 campaigns/learn.py FOLDER [SONGS [SEED [KINDS]]]

Takes up to SONGS (12) sound files of FOLDER, masters a passage from each one's middle with settings drawn at random,
gives mix and master to `acetate learn`, and prints what it recovered beside what was set. KINDS is a list with commas of

    plain     a smooth EQ of at most 3 dB, width within 2 dB, ratio 1 to 2, -16 to -12 LUFS; 45 s
    deesser   the same and a de-esser: 5 to 8 kHz, 2 to 6 dB; 90 s
    sections  the same as plain and moves of level and side of some of the parts that --sections finds; 90 s
    both      all of it
    treble    as plain, 90 s, behind a static cut of 4 dB at 6.5 kHz (ffmpeg's equalizer): no de-esser
    fade      as plain, 90 s, with 12 s of fade-out: no sections
    multiband as plain, 90 s, behind ffmpeg's three-band mcompand: no de-esser, no sections
    foreign   as plain, 90 s, behind ffmpeg's deesser

and all of them if left out. With BASE=FILE in the environment, a binary of another commit learns from the plain masters
as well, and its settings are held against ours. Draws of a kind do not depend on the other kinds. Needs ffmpeg, numpy.
"""

import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import numpy as np
from campaign import acetate, sound_files

# Knots between 56 Hz and 10 kHz: the outer two hold what hardly any music has.
JUDGED = range(1, 11)
KINDS = ["plain", "deesser", "sections", "both", "treble", "fade", "multiband", "foreign"]
HAS_DEESSER = ("deesser", "both", "foreign")
HAS_SECTIONS = ("sections", "both")
FOREIGN = {
    "treble": "equalizer=f=6500:t=q:w=1.2:g=-4",
    "fade": "afade=t=out:st=78:d=12",
    "multiband": "mcompand=0.005\\,0.1 6 -47/-40\\,-34/-34\\,-17/-23 200 | 0.003\\,0.05 6 -47/-40\\,-34/-34\\,-17/-23 3000"
    " | 0.001\\,0.05 6 -47/-40\\,-34/-34\\,-17/-23 20000",
    "foreign": "deesser=i=0.6:m=0.5:f=0.5",
}


def drawn(chance):
    """Settings as TOML."""
    knots, slope = [0.0], 0.0
    for _ in range(11):
        slope = 0.6 * slope + chance.uniform(-0.8, 0.8)
        knots.append(knots[-1] + slope)
    middle = statistics.mean(knots)
    knots = [round(max(-3.0, min(3.0, knot - middle)), 2) for knot in knots]
    side_db = round(chance.uniform(-2.0, 2.0), 2)
    return "\n".join(
        [
            'schema = "acetate.settings/1"',
            f"[target]\nintegrated_lufs = {chance.uniform(-16.0, -12.0):.1f}",
            f"[eq]\nmid_db = {knots}",
            f"[compressor]\nthreshold_lu = -4.0\nratio = {chance.uniform(1.0, 2.0):.2f}",
            f"[stereo]\nlow_db = {min(side_db, 0.0)}\nmid_db = {side_db}\nhigh_db = {side_db}",
        ]
    )


def with_deesser(chance):
    return "\n".join(
        [
            f"\n[deesser]\nfrequency_hz = {chance.uniform(5000, 8000):.0f}",
            f"threshold_lu = {chance.uniform(-26, -18):.1f}\nmax_reduction_db = {chance.uniform(2, 6):.1f}",
        ]
    )


def with_sections(chance, parts):
    """Moves of some parts: half of them in level, a quarter in side; at least one."""
    def move(share, most):
        return round(chance.choice((-1, 1)) * chance.uniform(0.4, most), 2) if chance.random() < share else 0.0

    moves = [(move(0.5, 1.0), move(0.25, 1.5)) for _ in parts]
    if not any(level or side for level, side in moves):
        moves[-1] = (0.7, 0.0)
    rows = []
    for part, (level_db, side_db) in zip(parts, moves):
        rows.append(
            f"\n[[sections]]\nstart_s = {part['start_s']}\nend_s = {part['end_s']}\nletter = \"{part['letter']}\"\n"
            f"level_db = {level_db}\nside_db = {side_db}"
        )
    return "\n".join(rows)


def shape(settings):
    """The judged knots less their mean, dB."""
    knots = [settings["eq"]["mid_db"][knot] for knot in JUDGED]
    return [knot - statistics.mean(knots) for knot in knots]


def length_s(path):
    query = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path]
    return float(subprocess.run(query, capture_output=True, text=True, check=True).stdout)


def ffmpeg(path, out, *filters):
    chain = ["-af", ",".join(filters)] if filters else []
    command = ["ffmpeg", "-v", "error", "-y", "-i", path, *chain, "-c:a", "pcm_f32le", out]
    subprocess.run(command, check=True)


def samples(path):
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-ac", "2", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.float32)


def difference_db(one, two):
    """Level of what two files differ by, relative to the first, dB."""
    a, b = samples(one), samples(two)
    count = min(len(a), len(b))
    power = np.mean((a[:count] - b[:count]).astype(float) ** 2) / np.mean(a[:count].astype(float) ** 2)
    return 10 * math.log10(max(power, 1e-12))


def moves_off(got, set_):
    """Root mean square of what level and side of the parts are off by, each less its mean over time, dB."""
    found = got.get("sections", [])
    wanted = set_.get("sections", found)
    off = []
    for what in ("level_db", "side_db"):
        at = np.arange(0.5, max((part["end_s"] for part in wanted), default=1.0))

        def curve(parts):
            values = np.zeros(len(at))
            for part in parts:
                values[(at >= part["start_s"]) & (at < part["end_s"])] = part[what]
            return values - values.mean()

        off.append(float(np.sqrt(np.mean((curve(found) - curve(wanted)) ** 2))))
    return off


class Study:
    """One song after the other, in a folder of its own."""

    def __init__(self, folder):
        self.mix, self.wanted, self.master, self.found = (
            Path(folder) / name for name in ("mix.wav", "set.toml", "master.wav", "got.toml")
        )
        self.other = Path(folder) / "other.wav"

    def cut(self, path, seconds):
        start = max(0.0, length_s(path) / 2 - seconds / 2)
        cut = ["ffmpeg", "-v", "error", "-y", "-ss", str(start), "-i", path, "-t", str(seconds), "-ac", "2", self.mix]
        subprocess.run(cut, check=True)

    def parts(self):
        made = acetate("master", self.mix, "-o", self.other, "--overwrite", "--sections", "--json")
        return json.loads(made.stdout)["mastering"]["settings"].get("sections", []) if made.returncode in (0, 1) else []

    def learned(self, env=None):
        options = {"env": env} if env else {}
        out = acetate("learn", "--mix", self.mix, "--master", self.master, "--save-settings", self.found, "--overwrite", "--json", **options)
        if out.returncode != 0:
            raise SystemExit(out.stderr)
        return json.loads(out.stdout), tomllib.loads(self.found.read_text())

    def base(self, file):
        """Settings that another binary finds."""
        found = self.found.with_suffix(".base.toml")
        command = [file, "learn", "--mix", self.mix, "--master", self.master, "--save-settings", found, "--overwrite", "--quiet"]
        subprocess.run(command, check=True, capture_output=True)
        return tomllib.loads(found.read_text())

    def run(self, path, kind, chance):
        """A row of figures of one song; None where no master could be made."""
        self.cut(path, 45 if kind == "plain" else 90)
        text = drawn(chance)
        own = random.Random(chance.random()) if kind != "plain" else chance
        if kind in ("deesser", "both"):
            text += with_deesser(own)
        if kind in HAS_SECTIONS:
            parts = self.parts()
            if len(parts) < 2:
                return None
            text += with_sections(own, parts)
        self.wanted.write_text(text)
        source = self.mix
        if kind in ("treble", "multiband", "foreign"):
            source = self.mix.with_name("treated.wav")
            ffmpeg(self.mix, source, FOREIGN[kind])
        make = ("master", source, "-o", self.master, "--overwrite", "--settings", self.wanted, "--json")
        made = acetate(*make)
        if made.returncode != 0:
            print(f"{path.name}: no master with these settings ({made.returncode})")
            return None
        if kind == "fade":
            ffmpeg(self.master, self.other, FOREIGN[kind])
            self.other.replace(self.master)
        set_ = tomllib.loads(text)
        drive_db = json.loads(made.stdout)["mastering"]["settings"]["limiter"]["drive_db"]
        learned, got = self.learned()
        off = [a - b for a, b in zip(shape(got), shape(set_))]
        level_off, side_off = moves_off(got, set_)
        row = {
            "name": path.name,
            "eq_set": math.sqrt(statistics.mean(db**2 for db in shape(set_))),
            "eq_off": math.sqrt(statistics.mean(db**2 for db in off)),
            "side_off": abs(got["stereo"]["mid_db"] - set_["stereo"]["mid_db"]),
            "ratio_off": abs(got["compressor"]["ratio"] - set_["compressor"]["ratio"]),
            "drive_off": abs(got["limiter"]["drive_db"] - drive_db),
            "tone_left": learned["tone_left_db"],
            "deesser": got.get("deesser", {}) if got.get("deesser", {}).get("max_reduction_db") else None,
            "sections": got.get("sections") or None,
            "level_off": level_off,
            "parts_side_off": side_off,
            "set": set_,
            "told": learned["unexplained"],
        }
        if kind in ("deesser", "both"):
            acetate(*make[:3], self.other, *make[4:], "--bypass", "deesser")
            row["deessed_db"] = difference_db(self.master, self.other)
        if kind == "plain" and os.environ.get("BASE"):
            base = self.base(os.environ["BASE"])
            row["base"] = base
            row["same"] = all(base.get(key) == got.get(key) for key in base)
        return row


def told(kind, row):
    """A line of one song."""
    figures = ("eq_set", "eq_off", "side_off", "ratio_off", "drive_off", "tone_left")
    line = f"{kind:9} {row['name'][:30]:30} " + " ".join(f"{row[figure]:.2f}" for figure in figures)
    if kind in HAS_DEESSER or row["deesser"]:
        def words(deesser):
            return f"{deesser['frequency_hz']:.0f} Hz {deesser['threshold_lu']:.1f} LU {deesser['max_reduction_db']:.1f} dB" if deesser else "none"

        line += f" | de-esser {words(row['deesser'])} of {words(row['set'].get('deesser'))}"
        if "deessed_db" in row:
            line += f" ({row['deessed_db']:.0f} dB)"
    if kind in HAS_SECTIONS or row["sections"]:
        moved = [part for part in row["sections"] or [] if part["level_db"] or part["side_db"]]
        line += f" | sections {len(moved)} moved, off by {row['level_off']:.2f} and {row['parts_side_off']:.2f} dB"
    if "same" in row:
        line += " | as the base" if row["same"] else " | OTHER THAN THE BASE"
    return line


def table(rows):
    print("\n| kind | songs | EQ set | EQ off | side off | ratio off | drive off | tone left | de-esser | sections | level of parts off | side of parts off |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for kind, own in rows.items():
        if not own:
            continue

        def cell(figure):
            values = [row[figure] for row in own]
            return f"{statistics.median(values):.2f} / {max(values):.2f}"

        names = ("eq_set", "eq_off", "side_off", "ratio_off", "drive_off", "tone_left")
        claims = [sum(row[what] is not None for row in own) for what in ("deesser", "sections")]
        parts = [cell(what) if kind in HAS_SECTIONS else "" for what in ("level_off", "parts_side_off")]
        cells = [kind, str(len(own)), *map(cell, names), *map(str, claims), *parts]
        print("| " + " | ".join(cells) + " |")
    print("\nMedian / worst, dB (ratio: :1); de-esser and sections: songs in which one was found.")


def main():
    songs = int(sys.argv[2]) if len(sys.argv) > 2 else 12
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    kinds = sys.argv[4].split(",") if len(sys.argv) > 4 else KINDS
    rows = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            chance = random.Random(seed)
            files = sound_files(Path(sys.argv[1]).iterdir())
            chance.shuffle(files)
            for path in files:
                if len(rows[kind]) == songs:
                    break
                row = Study(folder).run(path, kind, chance)
                if row:
                    rows[kind].append(row)
                    print(told(kind, row), flush=True)
    table(rows)


if __name__ == "__main__":
    main()
