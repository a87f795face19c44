#!/usr/bin/env python3
"""Matchering toward another song of the album, then a plain gain to -14 LUFS.

    python3 campaigns/tools/matchering_to.py IN.wav OUT.wav REFERENCE.wav

Matchering takes the loudness of its reference; the gain makes its masters comparable with the others.
Needs the packages `matchering` (2.0), `pyloudnorm` and `soundfile`, and ffmpeg.
"""

import sys

import matchering
import pyloudnorm
import soundfile

TARGET_LUFS = -14.0


def main():
    source, out, reference = sys.argv[1:]
    matchering.process(target=source, reference=reference, results=[matchering.Result(out, subtype="FLOAT")])
    audio, rate = soundfile.read(out, always_2d=True)
    loudness = pyloudnorm.Meter(rate).integrated_loudness(audio)
    soundfile.write(out, audio * 10 ** ((TARGET_LUFS - loudness) / 20), rate, subtype="FLOAT")


if __name__ == "__main__":
    main()
