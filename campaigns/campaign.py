"""What the campaigns share: mixes, sound files, runs of the binary and of ffmpeg, and what must hold after."""

import hashlib
import math
import os
import random
import struct
import subprocess
import tempfile
import wave
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("ACETATE", ROOT / "target" / "release" / "acetate")).resolve()
SOUND = {".wav", ".flac", ".ogg", ".mp3", ".m4a", ".aiff"}

# Analyses are kept for the length of a campaign, not among the user's.
CACHE = tempfile.TemporaryDirectory()
os.environ["XDG_CACHE_HOME"] = CACHE.name


def make_mix(path, seconds, rate=44_100, seed=0):
    """Writes a 16-bit stereo mix: a chord with a pulse, other for another seed."""
    chance = random.Random(seed)
    tones = [chance.uniform(80, 900) for _ in range(4)]
    samples = bytearray()
    for frame in range(int(seconds * rate)):
        time = frame / rate
        pulse = math.exp(-6 * ((2 * time) % 1.0))
        left, right = (
            0.1 * math.sin(math.tau * a * time) + (0.05 + 0.2 * pulse) * math.sin(math.tau * b * time)
            for a, b in (tones[:2], tones[2:])
        )
        samples += struct.pack("<hh", int(left * 32_767), int(right * 32_767))
    with wave.open(str(path), "wb") as out:
        out.setparams((2, 2, rate, 0, "NONE", ""))
        out.writeframes(bytes(samples))


def acetate(*args, **options):
    """Runs the binary to its end; text of both streams in the result."""
    command = [str(BINARY), *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def sound_files(paths):
    """Those of some paths that are sound, in order of their names."""
    return sorted(path for path in paths if path.suffix.lower() in SOUND)


def ffmpeg(path, filters):
    """What ffmpeg prints of a file that goes through audio filters."""
    command = ["ffmpeg", "-nostats", "-hide_banner", "-i", str(path), "-af", filters, "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def ebur128_summary(path):
    """The summary of ffmpeg's loudness meter, true peak included."""
    text = ffmpeg(path, "ebur128=peak=true")
    return text[text.rindex("Summary:") :]


def digest(path):
    """Hash of a file's bytes; None where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


def temporary_files(folder):
    """Temporary files of ours in a folder."""
    return [path for path in folder.iterdir() if path.name.endswith(".acetate-tmp")] if folder.is_dir() else []


def hold(condition, what):
    """Ends the campaign where something does not hold."""
    if not condition:
        raise SystemExit(f"FAILED: {what}")
