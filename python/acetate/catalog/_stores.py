"""Files of tracks wherever they lie: local paths, and URIs of object stores through fsspec."""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from .. import _acetate, _files
from .._errors import InputError, OutputError

_FILE = "file://"
# A store that is busy is asked again, each time after twice as long.
_TRIES = 4
_FIRST_PAUSE_S = 0.5
# What stores call the mark of an object's content.
_MARKS = ("ETag", "etag", "md5Hash", "content_md5", "crc32c")
_CHUNK_BYTES = 1 << 22
_T = TypeVar("_T")


def is_remote(uri: str) -> bool:
    """Whether it lies in an object store."""
    return "://" in uri and not uri.startswith(_FILE)


def local_path(uri: str) -> str:
    """The path of a local file."""
    return uri[len(_FILE) :] if uri.startswith(_FILE) else uri


def _filesystem(uri: str) -> tuple[Any, str]:
    import fsspec

    filesystem, path = fsspec.core.url_to_fs(uri)
    return filesystem, str(path)


def _patiently(work: Callable[[], _T]) -> _T:
    """Does work that a busy store may fail, some times. What is not there is no reason to wait."""
    pause_s = _FIRST_PAUSE_S
    for _ in range(_TRIES - 1):
        try:
            return work()
        except (FileNotFoundError, PermissionError, IsADirectoryError):
            raise
        except OSError:
            time.sleep(pause_s)
            pause_s *= 2
    return work()


@dataclass(frozen=True)
class Mark:
    """What tells a file from another one under its name without reading it; of a local file its hash."""

    bytes: int
    mark: str

    def to_text(self) -> str:
        """As a record keeps it."""
        return f"{self.bytes} {self.mark}"

    @staticmethod
    def of_local(path: str, blake3: str) -> Mark:
        """Of a local file whose hash is known."""
        return Mark(os.path.getsize(path), f"blake3 {blake3}")


def mark_of(uri: str, blake3: str | None = None) -> Mark | None:
    """The mark of a file; `None` where there is none. `blake3`: the hash of its content, if it is known already."""
    if not is_remote(uri):
        path = local_path(uri)
        if not os.path.lexists(path):
            return None
        return Mark.of_local(path, blake3 or _acetate.content_hash(path))
    filesystem, path = _filesystem(uri)
    filesystem.invalidate_cache()
    try:
        info = _patiently(lambda: filesystem.info(path))
    except FileNotFoundError:
        return None
    named = next((f"{name} {info[name]}" for name in _MARKS if info.get(name)), None)
    if named is None:
        # Without a mark of the store's only the content tells.
        with tempfile.TemporaryDirectory(prefix="acetate-") as folder:
            copy = os.path.join(folder, "content")
            _patiently(lambda: filesystem.get_file(path, copy))
            named = "blake3 " + _acetate.content_hash(copy)
    return Mark(int(info.get("size") or 0), named)


def remote_mark(uri: str) -> str | None:
    """The mark of an object of a store, to be taken before it is fetched; `None` of a local file."""
    found = mark_of(uri) if is_remote(uri) else None
    return None if found is None else found.to_text()


def has_mark(uri: str, text: str) -> bool:
    """Whether a file still has the mark that a record keeps; a local file is read only if it has the same size."""
    if not is_remote(uri):
        path = local_path(uri)
        if not os.path.isfile(path) or text.split(" ")[0] != str(os.path.getsize(path)):
            return False
    found = mark_of(uri)
    return found is not None and found.to_text() == text


def fetch(uri: str, folder: str) -> str:
    """A file on this machine: itself, or a copy in `folder` under its own name."""
    if not is_remote(uri):
        return local_path(uri)
    filesystem, path = _filesystem(uri)
    copy = os.path.join(folder, path.rsplit("/", 1)[-1])
    try:
        _patiently(lambda: filesystem.get_file(path, copy))
    except FileNotFoundError as error:
        raise InputError(f"{uri}: no such file") from error
    except OSError as error:
        raise InputError(f"{uri}: expected to read it, found: {error}") from error
    return copy


def put(path: str, uri: str, *, overwrite: bool) -> None:
    """Sends a whole local file to where it belongs, which has its name only when all of it is there.

    In a store `overwrite` is not asked for: an object there is replaced.
    """
    if not is_remote(uri):
        make_folder_of(uri)
        with _files.staged(local_path(uri), overwrite=overwrite) as to, open(path, "rb") as source:
            while chunk := source.read(_CHUNK_BYTES):
                to.write(chunk)
        return
    filesystem, target = _filesystem(uri)
    try:
        _patiently(lambda: filesystem.put_file(path, target))
    except OSError as error:
        raise OutputError(f"{uri}: expected to write it, found: {error}") from error


def read_bytes(uri: str) -> bytes | None:
    """A small file; `None` where there is none."""
    if not is_remote(uri):
        try:
            with open(local_path(uri), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None
    filesystem, path = _filesystem(uri)
    try:
        found: bytes = _patiently(lambda: filesystem.cat_file(path))
        return found
    except FileNotFoundError:
        return None


def write_bytes(uri: str, data: bytes) -> None:
    """Writes a small file whole, in place of what is there."""
    if is_remote(uri):
        filesystem, path = _filesystem(uri)
        try:
            _patiently(lambda: filesystem.pipe_file(path, data))
        except OSError as error:
            raise OutputError(f"{uri}: expected to write it, found: {error}") from error
        return
    make_folder_of(uri)
    _files.write(local_path(uri), data, overwrite=True)


@contextmanager
def staged(uri: str) -> Iterator[io.RawIOBase]:
    """A file to write to, in place of what is there; it is named when the block ends well."""
    if not is_remote(uri):
        make_folder_of(uri)
        with _files.staged(local_path(uri), overwrite=True) as file:
            yield file
        return
    with tempfile.TemporaryDirectory(prefix="acetate-") as folder:
        path = os.path.join(folder, "staged")
        with open(path, "wb", buffering=0) as copy:
            yield copy
        put(path, uri, overwrite=True)


def make_folder_of(uri: str) -> None:
    """Makes the folder of a local file; stores have none."""
    if not is_remote(uri):
        folder = os.path.dirname(local_path(uri))
        try:
            os.makedirs(folder or ".", exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: expected a folder that can be made, found: {error}") from error


def sound_files(uri: str) -> Iterator[str]:
    """Every sound file below a folder or prefix, in the order of names; hidden ones are passed over."""
    if not is_remote(uri):
        yield from map(str, _acetate.sound_files(local_path(uri)))
        return
    filesystem, prefix = _filesystem(uri)
    scheme = uri.split("://", 1)[0]
    for path in sorted(_patiently(lambda: filesystem.find(prefix))):
        parts = path[len(prefix) :].strip("/").split("/")
        is_hidden = any(part.startswith(".") for part in parts)
        if not is_hidden and _acetate.has_sound_name(path):
            yield f"{scheme}://{path}"


def is_folder(uri: str) -> bool:
    """Whether it is a folder, or a prefix of objects and no object."""
    if not is_remote(uri):
        return os.path.isdir(local_path(uri))
    filesystem, path = _filesystem(uri)
    return bool(_patiently(lambda: filesystem.isdir(path)))


def join(folder: str, name: str) -> str:
    """A name in a folder or prefix."""
    return f"{folder.rstrip('/')}/{name}" if is_remote(folder) else os.path.join(local_path(folder), name)
