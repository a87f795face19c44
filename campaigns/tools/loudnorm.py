#!/usr/bin/env python3
"""ffmpeg's `loudnorm` in two passes to -14 LUFS, -1 dBTP, at the rate of the mix.

    python3 campaigns/tools/loudnorm.py IN.wav OUT.wav

Needs ffmpeg and ffprobe.
"""

import json
import os
import subprocess
import sys

TARGET = "I=-14:TP=-1:LRA=20"


def main():
    source, out = sys.argv[1:]
    probe = ["ffprobe", "-v", "error", "-show_entries", "stream=sample_rate", "-of", "csv=p=0", source]
    rate = subprocess.run(probe, capture_output=True, check=True, text=True).stdout.strip()
    quiet = ["ffmpeg", "-hide_banner", "-nostats", "-nostdin", "-i", source]
    first = [*quiet, "-af", f"loudnorm={TARGET}:print_format=json", "-f", "null", "-"]
    said = subprocess.run(first, capture_output=True, check=True, text=True).stderr
    found = json.loads(said[said.rindex("{") : said.rindex("}") + 1])
    measured = ":".join(
        f"measured_{name}={found[key]}"
        for name, key in (("I", "input_i"), ("TP", "input_tp"), ("LRA", "input_lra"), ("thresh", "input_thresh"))
    )
    filters = f"loudnorm={TARGET}:{measured}:offset={found['target_offset']}:linear=true"
    # Instead of this program, so that its time and memory are the tool's.
    os.execvp("ffmpeg", [*quiet, "-v", "error", "-y", "-af", filters, "-ar", rate, "-c:a", "pcm_s24le", out])


if __name__ == "__main__":
    main()
