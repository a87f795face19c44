#!/usr/bin/env python3
"""Renders thousands of signals with any settings: finite output, the ceiling and the length kept.

Usage: campaigns/signals.py [SIGNALS] [FIRST]

SIGNALS (default 10000) seeds from FIRST (default 0) on, of the test of tests/cli/any_settings.rs,
in a release build. The first seed that fails is named.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main():
    signals = sys.argv[1] if len(sys.argv) > 1 else "10000"
    first = sys.argv[2] if len(sys.argv) > 2 else "0"
    environment = {**os.environ, "ACETATE_SIGNALS": signals, "ACETATE_FIRST_SIGNAL": first}
    command = ["cargo", "test", "--release", "--test", "cli", "any_settings", "--", "--nocapture"]
    sys.exit(subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode)


if __name__ == "__main__":
    main()
