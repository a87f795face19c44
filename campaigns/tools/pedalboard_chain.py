#!/usr/bin/env python3
"""A usual chain of pedalboard's processors: high-pass, gentle compressor, gain to -14 LUFS, limiter.

    python3 campaigns/tools/pedalboard_chain.py IN.wav OUT.wav

High-pass at 30 Hz; 2:1 above -18 dBFS, 10 ms attack, 100 ms release; the gain that pyloudnorm asks for;
a brickwall limiter at -1 dB. Needs the packages `pedalboard`, `pyloudnorm` and `soundfile`.
"""

import sys

import pyloudnorm
import soundfile
from pedalboard import BrickwallLimiter, Compressor, Gain, HighpassFilter, Pedalboard

TARGET_LUFS = -14.0


def main():
    source, out = sys.argv[1:]
    audio, rate = soundfile.read(source, always_2d=True, dtype="float32")
    shape = Pedalboard([HighpassFilter(30.0), Compressor(-18.0, 2.0, 10.0, 100.0)])
    shaped = shape(audio.T, rate)
    gain_db = TARGET_LUFS - pyloudnorm.Meter(rate).integrated_loudness(shaped.T)
    deliver = Pedalboard([Gain(gain_db), BrickwallLimiter(-1.0)])
    soundfile.write(out, deliver(shaped, rate).T, rate, subtype="PCM_24")


if __name__ == "__main__":
    main()
