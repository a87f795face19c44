"""Records: what was done, one small file a track, so that a second run does only what is missing or changed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from .. import _acetate
from . import _stores
from ._tracks import Track

FOLDER = ".acetate-records"
"""The folder of records beside the masters; hidden, so that nothing takes it for music."""


@dataclass(frozen=True)
class Record:
    """What was done with a track."""

    asked: str
    """Hash of everything that was asked for."""
    input_mark: str
    """What told the input from another file."""
    output_mark: str | None
    """The same of the master; `None` where none was made."""
    columns: dict[str, Any]
    """The columns of its row."""


class Records:
    """The records below a folder or prefix."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def _place(self, track: Track) -> str:
        name = _acetate.text_hash(track.output if track.output is not None else track.input)
        return _stores.join(self._folder, f"{name}.json")

    def read(self, track: Track) -> Record | None:
        """The record of a track; `None` where there is none that can be read."""
        data = _stores.read_bytes(self._place(track))
        try:
            return None if data is None else Record(**json.loads(data))
        except (ValueError, TypeError):
            return None

    def write(self, track: Track, record: Record) -> None:
        """Keeps the record of a track, whole or not at all."""
        _stores.write_bytes(self._place(track), json.dumps(asdict(record)).encode())
