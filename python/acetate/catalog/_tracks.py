"""Which tracks there are, where their masters go, and which belong together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Union

from .. import _acetate
from .._errors import UsageError
from . import _stores

Albums = Union[str, Callable[[str], str], Mapping[str, str], None]
"""Who says the album of a track: `"folder"`, a function of the path, or a table by path."""

_MASTER = ".master.wav"
# A killed worker does at most one block of tracks again, and the driver keeps a few bytes for each block.
_FEWEST_IN_BLOCK, _MOST_IN_BLOCK, _BLOCKS = 4, 64, 2000


@dataclass(frozen=True)
class Track:
    """One track of a catalog."""

    input: str
    """Path or URI of the mix."""
    output: str | None
    """Path or URI of its master; `None` where none is made."""
    album: str | None
    """The album that it belongs to; `None` where nobody said."""


def tracks(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], out: str | None, albums: Albums) -> list[Track]:
    """The tracks of files, folders and prefixes. What lies in a folder keeps its place below `out`.

    Raises `UsageError` where two masters would have one name, or there is no track.
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    found = []
    for one in given:
        uri = os.fspath(one)
        if _stores.is_folder(uri):
            names = [name for name in _stores.sound_files(uri) if not _acetate.is_own_master(name)]
            found += [(name, _below(name, uri)) for name in names]
        else:
            found.append((uri, uri.rsplit("/", 1)[-1]))
    if not found:
        raise UsageError("expected at least one sound file, found none")
    seen: dict[str, str] = {}
    made = []
    for uri, place in found:
        output = None if out is None else _stores.join(out, _stem(place) + _MASTER)
        other = seen.get(output or uri)
        seen[output or uri] = uri
        if other is not None:
            what = f"both be written to {output}" if output else "both be measured"
            raise UsageError(f"{other} and {uri} would {what}: name each track once, and under a name of its own")
        made.append(Track(uri, output, _album(uri, albums)))
    return made


def output_of(uri: str, out: str) -> str:
    """Where the master of a track goes that stands alone."""
    return _stores.join(out, _stem(uri.rsplit("/", 1)[-1]) + _MASTER)


def _below(name: str, folder: str) -> str:
    start = _stores.local_path(folder).rstrip("/") if not _stores.is_remote(folder) else folder.rstrip("/")
    return name[len(start) :].lstrip("/") if name.startswith(start) else name.rsplit("/", 1)[-1]


def _stem(place: str) -> str:
    folder, _, name = place.rpartition("/")
    stem = name.rsplit(".", 1)[0] if "." in name[1:] else name
    return f"{folder}/{stem}" if folder else stem


def _album(uri: str, albums: Albums) -> str | None:
    if albums is None:
        return None
    if albums == "folder":
        return uri.rpartition("/")[0].rsplit("/", 1)[-1]
    if isinstance(albums, str):
        raise UsageError(f'albums: expected "folder", a function or a table, found {albums!r}')
    return albums.get(uri) if isinstance(albums, Mapping) else albums(uri)


def blocks(all_tracks: list[Track]) -> list[list[Track]]:
    """Tracks in groups that one worker does one after the other. An album stays together."""
    most = min(max(len(all_tracks) // _BLOCKS, _FEWEST_IN_BLOCK), _MOST_IN_BLOCK)
    by_album: dict[str, list[Track]] = {}
    alone = []
    for track in all_tracks:
        if track.album is None:
            alone.append(track)
        else:
            by_album.setdefault(track.album, []).append(track)
    groups = [alone[start : start + most] for start in range(0, len(alone), most)]
    return groups + list(by_album.values())
