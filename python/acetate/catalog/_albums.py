"""Albums of a catalog: songs that are decided on together, by the engine's own `acetate master --album`."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass
from typing import Any

from .. import _acetate
from .._errors import AcetateError
from .._measure import analyze
from . import _rows

# What the album's command has no place for.
NOT_WITH_ALBUMS = ("settings", "reference", "style")
_SCHEMA = "acetate.catalog.album/1"


@dataclass(frozen=True)
class Song:
    """A mix on this machine, and where its master is made."""

    source: str
    made: str


@dataclass(frozen=True)
class Made:
    """What came of one song."""

    columns: dict[str, Any]
    input_blake3: str


def hash_of(asked: str, marks: dict[str, str]) -> str:
    """Hash of everything that decides a master of an album: what was asked for, and all of its mixes."""
    return _acetate.text_hash(json.dumps([_SCHEMA, asked, sorted(marks.items())]))


def master(engine: _acetate.Engine, words: list[str], songs: list[Song], folder: str) -> list[Made]:
    """Masters songs as one album, in their order. `folder` is for the list of them.

    Raises `AcetateError` where one of them cannot be part of it; nothing counts as made then.
    """
    manifest = os.path.join(folder, "album.csv")
    with open(manifest, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["input", "output"])
        table.writerows([os.path.abspath(song.source), song.made] for song in songs)
    report = json.loads(engine.master_album([*words, "--album", "--overwrite", f"--manifest={manifest}"]))
    made = []
    for song, told in zip(songs, report["songs"], strict=True):
        columns = _rows.of_album_song(told, report)
        columns["output_blake3"] = _acetate.content_hash(song.made)
        made.append(Made(columns, told["input_blake3"]))
    return made


def why_not(source: str, *, strict: bool = False) -> AcetateError | None:
    """Why a mix can be part of no album; `None` where it can."""
    try:
        figures = analyze(source, strict=strict).before
    except AcetateError as error:
        return error
    if figures is None or figures.integrated_lufs is None:
        return AcetateError(f"{source}: expected a mix with a loudness, found silence")
    return None
