"""The engine of the package; its functions are private to the package."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

__all__ = [
    "Engine",
    "StagedFile",
    "__version__",
    "analyze",
    "check",
    "command",
    "content_hash",
    "eq_curve_db",
    "has_sound_name",
    "is_own_master",
    "json_schema",
    "master_array",
    "master_file",
    "master_file_in_memory",
    "measure_for_training",
    "settings_from_toml",
    "settings_to_toml",
    "sound_files",
    "text_hash",
    "verify",
    "verify_certificate",
    "weights_hash",
]

__version__: str

_Progress = Callable[[str, int, int | None], Any]

@final
class Engine:
    def __new__(cls, words: list[str]) -> Engine: ...
    def master_album(self, words: list[str]) -> str: ...
    def master_file(self, words: list[str], overwrite: bool) -> tuple[str, bool, list[tuple[Path, str]]]: ...
    def signature_toml(self) -> str | None: ...

@final
class StagedFile:
    def __new__(cls, path: str) -> StagedFile: ...
    def commit(self, overwrite: bool) -> None: ...
    def discard(self) -> None: ...
    def write(self, bytes: bytes) -> None: ...

def analyze(
    mix: Any,
    sample_rate_hz: int,
    dual_mono: bool,
    strict: bool,
    progress: _Progress | None = None,
) -> str: ...
def check(
    mix: Any, sample_rate_hz: int, strict: bool, progress: _Progress | None = None, genre: str | None = None
) -> str: ...
def command(words: list[str]) -> int: ...
def content_hash(path: str) -> str: ...
def eq_curve_db(settings_json: str, frequencies_hz: list[float]) -> list[float]: ...
def has_sound_name(path: str) -> bool: ...
def is_own_master(path: str) -> bool: ...
def json_schema(kind: str) -> str: ...
def master_array(
    words: list[str],
    samples: npt.NDArray[Any],
    sample_rate_hz: int,
    frames_first: bool,
    to_file: bool,
    progress: _Progress | None = None,
) -> tuple[str, npt.NDArray[np.float32] | None, int]: ...
def master_file(
    words: list[str], progress: _Progress | None = None
) -> tuple[str, bool, list[tuple[Path, str]]]: ...
def master_file_in_memory(
    words: list[str], frames_first: bool, progress: _Progress | None = None
) -> tuple[str, npt.NDArray[np.float32], int]: ...
def measure_for_training(path: str, cache: str) -> float: ...
def settings_from_toml(text: str) -> str: ...
def settings_to_toml(json: str) -> str: ...
def sound_files(folder: str) -> list[Path]: ...
def text_hash(text: str) -> str: ...
def verify(
    words: list[str],
    mix: Any,
    sample_rate_hz: int,
    strict: bool,
    progress: _Progress | None = None,
) -> str: ...
def verify_certificate(
    master: str,
    certificate: str,
    mix: str | None,
    strict: bool,
    progress: _Progress | None = None,
) -> str: ...
def weights_hash(path: str | None = None) -> str: ...
