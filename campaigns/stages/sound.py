"""Sound in and out of the stages' campaigns: samples by ffmpeg, masters by acetate."""

import json
import subprocess
import sys

import numpy as np

RATE_HZ = 44_100


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, check=True).stdout


def read(path, start_s=None, length_s=None):
    """Frames by two channels, of the whole file or of a part."""
    part = [] if start_s is None else ["-ss", start_s, "-t", length_s]
    raw = run("ffmpeg", "-v", "error", "-nostdin", *part, "-i", path, "-f", "f32le", "-ac", 2, "-ar", RATE_HZ, "-")
    return np.frombuffer(raw, "<f4").reshape(-1, 2).astype(np.float64)


def write(path, samples):
    command = ["ffmpeg", "-v", "error", "-y", "-f", "f32le", "-ac", "2", "-ar", str(RATE_HZ), "-i", "-", "-c:a", "pcm_f32le", str(path)]
    subprocess.run(command, input=samples.astype("<f4").tobytes(), check=True)


def master(acetate, mix, out, *options):
    """Masters with the loudness kept, and returns the settings; exit code 1 (a target missed) is no failure here."""
    command = [acetate, "master", mix, "-o", out, "-f", "-b", "32f", "--lufs", "keep", "--no-cache", "--json", *options]
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    if done.returncode > 1:
        sys.exit(done.stderr.decode())
    return json.loads(done.stdout)["mastering"]["settings"]


def without(*stages):
    """Options that leave stages, the limiter and the default repair out."""
    amounts = [part for stage in stages for part in (f"--{stage}-amount", 0)]
    return [*amounts, "--bypass", "limiter", "--no-repair"]
