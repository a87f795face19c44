"""Files that have their name only when all of them is there, by the engine's own writer."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import _acetate


class _Staged(io.RawIOBase):
    """The writer as a file of Python."""

    def __init__(self, staged: _acetate.StagedFile) -> None:
        self._staged = staged

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._staged.write(bytes(data))
        return len(data)


@contextmanager
def staged(path: str, *, overwrite: bool) -> Iterator[io.RawIOBase]:
    """A file to write to, which is named when the block ends well and leaves nothing when it does not.

    Raises `OutputError`, also where the name is taken and `overwrite` is not set.
    """
    file = _acetate.StagedFile(path)
    try:
        yield _Staged(file)
    except BaseException:
        file.discard()
        raise
    file.commit(overwrite)


def write(path: str, data: bytes, *, overwrite: bool) -> None:
    """Writes a file whole, or not at all."""
    with staged(path, overwrite=overwrite) as file:
        file.write(data)
