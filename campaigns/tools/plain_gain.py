#!/usr/bin/env python3
"""A plain gain to -14 LUFS, whatever the peaks are: what a loudness normalizer does.

    python3 campaigns/tools/plain_gain.py IN.wav OUT.wav

Needs the packages `pyloudnorm` and `soundfile`.
"""

import sys

import pyloudnorm
import soundfile

TARGET_LUFS = -14.0


def main():
    source, out = sys.argv[1:]
    audio, rate = soundfile.read(source, always_2d=True)
    loudness = pyloudnorm.Meter(rate).integrated_loudness(audio)
    soundfile.write(out, audio * 10 ** ((TARGET_LUFS - loudness) / 20), rate, subtype="FLOAT")


if __name__ == "__main__":
    main()
