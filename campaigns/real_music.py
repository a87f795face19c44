#!/usr/bin/env python3
"""Masters a folder of real music and judges the results with other programs' meters.

Usage: campaigns/real_music.py FOLDER [OUT_FOLDER] [-- options of acetate master]

For each file: `acetate master --json`, then ffmpeg's ebur128 (loudness and true peak) and ffmpeg's
resampler to 16 times the sample rate with the highest sample of the result. Prints a Markdown table
and a summary. Needs ffmpeg and a release build (`cargo build --release`).
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from campaign import BINARY, ebur128_summary, ffmpeg, sound_files

OVERSAMPLING = 16
TARGET_LUFS, CEILING_DBTP = -14.0, -1.0


def last(pattern, text):
    return float(re.findall(pattern, text)[-1])


def judge(path, rate):
    """Loudness, true peak by ffmpeg, and peak after 16 times oversampling."""
    summary = ebur128_summary(path)
    # ffmpeg's filters do not flush: silence at the end brings out the last samples.
    resampled = ffmpeg(
        path,
        f"apad=pad_len=4096,aresample={rate * OVERSAMPLING}:filter_size=64:phase_shift=10:"
        "internal_sample_fmt=dblp,astats=measure_perchannel=none:measure_overall=Peak_level",
    )
    return (
        last(r"I:\s+(-?[\d.]+) LUFS", summary),
        last(r"Peak:\s+(-?[\d.]+|-inf) dBFS", summary),
        last(r"Peak level dB: (-?[\d.]+)", resampled),
    )


def master(path, out, options):
    """The report of one master; None where it was refused."""
    command = [str(BINARY), "master", str(path), "-o", str(out), "--overwrite", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 2:
        print(done.stderr.strip(), file=sys.stderr)
        return None
    return json.loads(done.stdout)


def main():
    arguments = sys.argv[1:]
    options = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, options = arguments[:at], arguments[at + 1:]
    if not arguments:
        sys.exit(__doc__)
    folder = Path(arguments[0])
    keep = Path(arguments[1]) if len(arguments) > 1 else None
    files = sound_files(folder.iterdir())
    print("| track | mix LUFS | drive dB | limiting dB | renders | LUFS | ffmpeg LUFS | dBTP | ffmpeg dBTP | 16x dBTP | EQ rms dB | verdict |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        out_folder = keep or Path(scratch)
        out_folder.mkdir(parents=True, exist_ok=True)
        for path in files:
            out = out_folder / f"{path.stem}.master.wav"
            report = master(path, out, options)
            if report is None:
                continue
            done = report["mastering"]
            lufs, ffmpeg_peak, fine_peak = judge(out, report["output"]["sample_rate_hz"])
            knots = done["settings"]["eq"]["mid_db"]
            eq_rms = (sum(k * k for k in knots) / len(knots)) ** 0.5
            feasible = done["infeasible"] is None
            rows.append((feasible, lufs, ffmpeg_peak, fine_peak, done))
            print(
                f"| {path.stem[:40]} | {done['before']['integrated_lufs']:.1f} "
                f"| {done['settings']['limiter']['drive_db']:+.2f} | {done['limiting_db']:.2f} "
                f"| {len(done['attempts'])} | {done['after']['integrated_lufs']:.3f} | {lufs:.1f} "
                f"| {done['after']['true_peak_dbtp']:.3f} | {ffmpeg_peak:.1f} | {fine_peak:.3f} "
                f"| {eq_rms:.2f} | {'met' if report['all_met'] else 'infeasible' if not feasible else 'MISSED'} |",
                flush=True,
            )
            if keep is None:
                out.unlink()
    feasible = [row for row in rows if row[0]]
    errors = [abs(row[4]["after"]["integrated_lufs"] - row[4]["target"]["integrated_lufs"]) for row in feasible]
    print(
        f"\n{len(rows)} tracks, {len(rows) - len(feasible)} infeasible; on the feasible ones: largest "
        f"loudness error {max(errors):.3f} LU by the report, highest true peak "
        f"{max(row[2] for row in rows):.1f} dBTP by ffmpeg and {max(row[3] for row in rows):.3f} dBTP at "
        f"{OVERSAMPLING} times; {sum(len(row[4]['attempts']) > 1 for row in rows)} needed a second render; "
        f"largest ceiling correction {max(-a['trim_db'] for row in rows for a in row[4]['attempts']):.3f} dB"
    )
    firsts = [row[4]["attempts"][0] for row in feasible]
    spread("|loudness error| of the first render, LU", [abs(a["integrated_lufs"] - a["foretold_lufs"]) for a in firsts])
    spread("true peak of the first render over its ceiling, dB", [a["true_peak_dbtp"] - a["ceiling_dbtp"] for a in firsts])


def spread(name, values):
    """Prints where values lie."""
    values = sorted(values)
    at = lambda share: values[min(int(share * len(values)), len(values) - 1)]
    print(f"{name}: median {at(0.5):.3f}, 90 % below {at(0.9):.3f}, highest {values[-1]:.3f}")


if __name__ == "__main__":
    main()
