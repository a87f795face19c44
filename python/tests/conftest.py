"""What the tests share: a short real song as a file and as an array, and the binary."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import acetate

ROOT = Path(__file__).resolve().parents[2]
SONG = ROOT / "examples" / "mix.flac"
RATE_HZ = 44_100


def binary() -> str:
    """The command that the wheel's masters are held against: the binary where one is named, else the wheel's own."""
    named = os.environ.get("ACETATE")
    own = Path(sysconfig.get_path("scripts")) / "acetate"
    found = named or (str(own) if own.exists() else shutil.which("acetate"))
    assert found, "expected the command acetate beside the package"
    return str(Path(found).resolve())


def run(*words: object, code: int = 0) -> str:
    """Runs the command and returns what it prints."""
    ended = subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, check=False)
    assert ended.returncode == code, ended.stderr
    return ended.stdout


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of the example mix as float WAV, so that array and file hold the same samples."""
    whole = acetate.render(SONG, acetate.Settings(), lufs="keep", ceiling=0.0, bits="32f")
    assert whole.audio is not None
    # What a master in memory holds goes back to a file through the engine's own writer.
    excerpt = np.ascontiguousarray(whole.audio[: 6 * RATE_HZ] * np.float32(0.25))
    path = tmp_path_factory.mktemp("songs") / "song.wav"
    write_wav(path, excerpt)
    return path


@pytest.fixture(scope="session")
def array(song: Path) -> np.ndarray:
    """The samples of the song, `(frames, 2)`, float32."""
    return read_wav(song)


def write_wav(path: Path, samples: np.ndarray, rate_hz: int = RATE_HZ) -> None:
    """Writes samples `(frames, channels)` as WAV of 32-bit floats."""
    import struct

    data = np.ascontiguousarray(samples, dtype="<f4").tobytes()
    channels = samples.shape[1]
    fmt = struct.pack("<HHIIHH", 3, channels, rate_hz, rate_hz * channels * 4, channels * 4, 32)
    head = b"WAVE" + b"fmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(data))
    path.write_bytes(b"RIFF" + struct.pack("<I", len(head) + len(data)) + head + data)


def read_wav(path: Path) -> np.ndarray:
    """Reads WAV of 32-bit floats, or of 24-bit integers, as `write_wav` and the engine write it."""
    data = path.read_bytes()
    at, channels, bits, body = 12, 2, 32, b""
    while at + 8 <= len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        chunk = data[at + 8 : at + 8 + length]
        if name == b"fmt ":
            channels, bits = int.from_bytes(chunk[2:4], "little"), int.from_bytes(chunk[14:16], "little")
        elif name == b"data":
            body = chunk
        at += 8 + length + length % 2
    if bits == 32:
        return np.frombuffer(body, dtype="<f4").reshape(-1, channels)
    assert bits == 24
    wide = np.zeros((len(body) // 3, 4), dtype=np.uint8)
    wide[:, 1:] = np.frombuffer(body, dtype=np.uint8).reshape(-1, 3)
    return (wide.view("<i4").reshape(-1, channels) / 2.0**31).astype(np.float32)
