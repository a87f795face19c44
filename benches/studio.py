#!/usr/bin/env python3
"""The studio's figures, in a real browser: first sound after a file is chosen, knob to sound, page weight, memory.

    benches/studio.py MIX.wav [TURNS]

Needs node, npm and Debian's chromium, and a release build. On a machine that does other things beside it the
times are worth little: compare runs side by side.
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = ROOT / "crates/studio/browser"


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    mix = pathlib.Path(sys.argv[1]).resolve()
    environment = dict(os.environ)
    environment.setdefault("ACETATE", str(ROOT / "target/release/acetate"))
    if not (TESTS / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=TESTS, check=True)
    command = ["node", "figures.mjs", str(mix), *sys.argv[2:3]]
    return subprocess.run(command, cwd=TESTS, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
