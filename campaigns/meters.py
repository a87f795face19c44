#!/usr/bin/env python3
"""Our meters beside ffmpeg's `ebur128` filter on whole songs.

    python3 campaigns/meters.py FOLDER [SONGS]

For each sound file of FOLDER: integrated loudness, loudness range and true peak by `acetate analyze`, less
what ffmpeg prints (to a tenth). Prints each song's differences and, at the end, the median and the largest of
their sizes. ffmpeg reads true peaks with four-fold interpolation and so lower; a file whose decoders differ shows
in all three. Needs ffmpeg.
"""

import json
import re
import statistics
import sys
from pathlib import Path

from campaign import acetate, ebur128_summary, sound_files

FIGURES = {"integrated_lufs": "I", "loudness_range_lu": "LRA", "true_peak_dbtp": "Peak"}


def theirs_of(path):
    """The summary's figures by our names."""
    summary = ebur128_summary(path)
    return {ours: float(re.search(rf"\b{name}:\s*(-?[\d.]+)", summary)[1]) for ours, name in FIGURES.items()}


def main():
    files = sound_files(Path(sys.argv[1]).iterdir())
    rows = []
    for path in files[: int(sys.argv[2]) if len(sys.argv) > 2 else None]:
        ours = json.loads(acetate("analyze", path, "--json").stdout)["analysis"]
        theirs = theirs_of(path)
        rows.append([ours[name] - theirs[name] for name in FIGURES])
        print(path.name, " ".join(f"{off:+.2f}" for off in rows[-1]), flush=True)
    print(f"\n{len(rows)} songs | loudness, LU | range, LU | true peak, dB")
    for name, figure in (("median", statistics.median), ("largest", max)):
        print(name, "|", " | ".join(f"{figure([abs(off) for off in column]):.2f}" for column in zip(*rows)))


if __name__ == "__main__":
    main()
