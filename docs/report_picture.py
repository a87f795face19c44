#!/usr/bin/env python3
"""Draws what `acetate master examples/mix.flac` prints as docs/report.svg.

Usage: docs/report_picture.py   (after `cargo build --release`)
"""

import subprocess
import tempfile
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINE_PX, LEFT_PX, TOP_PX, FONT_PX = 21, 18, 34, 14


def main():
    with tempfile.TemporaryDirectory() as folder:
        mix = Path(folder) / "mix.flac"
        mix.write_bytes((ROOT / "examples" / "mix.flac").read_bytes())
        run = subprocess.run(
            [str(ROOT / "target" / "release" / "acetate"), "master", mix.name],
            cwd=folder, capture_output=True, text=True, check=True,
        )
    lines = ["$ acetate master mix.flac", *run.stdout.rstrip().splitlines()]
    width = LEFT_PX * 2 + round(max(map(len, lines)) * FONT_PX * 0.605)
    height = TOP_PX + LINE_PX * len(lines)
    body = "\n".join(
        f'<text x="{LEFT_PX}" y="{TOP_PX + LINE_PX * row}" fill="{color(line)}" xml:space="preserve">{escape(line)}</text>'
        for row, line in enumerate(lines)
    )
    (ROOT / "docs" / "report.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{FONT_PX}">\n'
        f'<rect width="100%" height="100%" rx="8" fill="#1d2126"/>\n{body}\n</svg>\n'
    )


def color(line):
    if line.startswith("$"):
        return "#8ab4f8"
    return "#9ece6a" if line.rstrip().endswith(("met", "verified")) else "#d7dae0"


if __name__ == "__main__":
    main()
