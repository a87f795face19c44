"""Settings: everything that decides the sound of a master, in physical units."""

from __future__ import annotations

import copy
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from . import _acetate, _files
from ._arrays import PathLike
from ._errors import InputError, UsageError


def _section(value: Any) -> Any:
    if isinstance(value, dict):
        return SimpleNamespace(**{name: _section(inner) for name, inner in value.items()})
    return [_section(inner) for inner in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, SimpleNamespace):
        return {name: _plain(inner) for name, inner in vars(value).items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


class Settings:
    """Everything that decides the sound of a master, in physical units.

    Sections and values have the names of a settings file (`acetate params` lists them), and can be changed:

    >>> settings = Settings.load("mix.toml")           # doctest: +SKIP
    >>> settings.compressor.ratio = 1.5                # doctest: +SKIP
    >>> acetate.render("mix.wav", settings, "new.wav") # doctest: +SKIP

    Ranges and names are checked whenever settings are used or saved.
    """

    target: Any
    """What the master must measure: `integrated_lufs`, `true_peak_dbtp`, `max_limiting_db`."""
    cleanup: Any
    eq: Any
    """Tone: `mid_db` and `side_db`, dB at the knots."""
    compressor: Any
    deesser: Any
    """Reduction of sibilants: `threshold_lu`, `frequency_hz`, and at most `max_reduction_db`."""
    saturation: Any
    stereo: Any
    sections: list[Any]
    """Parts of the song that differ in level or side, in order of time; empty without `--sections`."""
    limiter: Any
    """Drive and true-peak limiter: `drive_db`, and `drive_fixed` where it is not solved again."""

    def __init__(self) -> None:
        """Neutral settings, which do nothing but reach the default target."""
        self._take(_acetate.settings_from_toml('schema = "acetate.settings/1"'))

    def _take(self, text: str) -> None:
        # A file without parts of the song has no list of them.
        values = {"sections": [], **json.loads(text)}
        vars(self).update({name: _section(value) for name, value in values.items()})

    @classmethod
    def from_toml(cls, text: str) -> Settings:
        """Of the text of a settings file.

        Raises `UsageError` with the line of the first field that does not fit.
        """
        settings = cls.__new__(cls)
        settings._take(_acetate.settings_from_toml(text))
        return settings

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Of plain values, as `to_dict` gives them."""
        return cls.from_toml(_acetate.settings_to_toml(json.dumps(values)))

    @classmethod
    def load(cls, path: PathLike) -> Settings:
        """Reads a settings file, as `acetate master --save-settings` writes it."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise InputError(f"{os.fspath(path)}: expected a settings file: {error}") from error
        try:
            return cls.from_toml(text)
        except UsageError as error:
            raise UsageError(f"{os.fspath(path)}: {error}") from None

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Writes a settings file whole, or not at all.

        Raises `OutputError` where the name is taken and `overwrite` is not set.
        """
        _files.write(os.fspath(path), self.to_toml().encode(), overwrite=overwrite)

    def to_toml(self) -> str:
        """The text of a settings file."""
        return _acetate.settings_to_toml(json.dumps(self.to_dict()))

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `sections` is left out where it is empty, as in a settings file."""
        found: dict[str, Any] = copy.deepcopy({name: _plain(value) for name, value in vars(self).items()})
        if not found["sections"]:
            del found["sections"]
        return found

    def eq_curve_db(self, frequencies_hz: list[float]) -> list[float]:
        """The gain of the EQ for the middle of the stereo image, dB at each frequency in Hz."""
        return _acetate.eq_curve_db(json.dumps(self.to_dict()), frequencies_hz)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Settings(\n{self.to_toml()})"


@contextmanager
def as_file(settings: Settings | PathLike | None) -> Iterator[PathLike | None]:
    """Settings as a file for as long as they are used."""
    if not isinstance(settings, Settings):
        yield settings
        return
    with tempfile.TemporaryDirectory(prefix="acetate-") as folder:
        path = Path(folder) / "settings.toml"
        path.write_text(settings.to_toml(), encoding="utf-8")
        yield path
