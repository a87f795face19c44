"""What a worker does with a track. Nothing here knows Ray."""

from __future__ import annotations

import json
import os
import socket
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .. import _acetate
from .._arrays import path_of
from .._errors import AcetateError, AcetateWarning, OutputError
from .._measure import analyze, check
from .._report import Report
from . import _albums, _rows, _stores
from ._records import Record, Records
from ._scratch import Scratch
from ._tracks import Track, output_of

MASTER, ANALYZE, CHECK, MEASURE = "master", "analyze", "check", "measure"
_COMMAND = ("acetate", "master", "--no-config", "--no-cache")


SideFile = tuple[str, str, bytes]
"""A file that an option names: the option, the file's name, its content."""


@dataclass(frozen=True)
class Asked:
    """What is the same for every track. It travels to the workers."""

    what: str
    """`master`, `analyze`, `check` or `measure`."""
    hash: str
    """Hash of everything that decides the result but the input."""
    words: tuple[str, ...] = ()
    """Options of `acetate master`."""
    side_files: tuple[SideFile, ...] = ()
    """Files that options name."""
    out: str | None = None
    """Where masters go that have no name of their own."""
    records: str | None = None
    """Where it is recorded what was done; nowhere if `None`."""
    resume: bool = True
    overwrite: bool = False
    strict: bool = False
    dual_mono: bool = False
    training_cache: str | None = None
    """The folder of `acetate train --cache`, for `measure`."""
    scratch: str | None = None
    """Folder for copies of inputs; the system's temporary one if `None`."""


@dataclass
class _Made:
    """What came of a track."""

    columns: dict[str, Any]
    input_mark: str
    output_mark: str | None = field(default=None)


@dataclass(frozen=True)
class _Source:
    """A mix on this machine."""

    path: str
    mark: str | None
    """Of an object of a store, as it was before it was fetched."""


def add_files(words: list[str], side_files: tuple[SideFile, ...], folder: str) -> list[str]:
    """Words with the files that options name, which are put into a folder of this machine."""
    found = list(words)
    for number, (option, name, content) in enumerate(side_files):
        path = os.path.join(folder, f"{number}-{name}")
        with open(path, "wb") as file:
            file.write(content)
        found.append(f"--{option}={path}")
    return found


def engine(words: list[str]) -> _acetate.Engine:
    """An engine with its weights and references read. Raises `AcetateError` for what cannot be understood."""
    return _acetate.Engine([*_COMMAND, *words, "--output=x.wav", "--", "samples"])


class Worker:
    """Does one track after the other, with an engine that is built once. An error of a track is a row, never an
    exception."""

    def __init__(self, asked: Asked) -> None:
        # A song has one thread: the songs are what is done side by side.
        os.environ["RAYON_NUM_THREADS"] = "1"
        self._asked = asked
        self._scratch = Scratch(asked.scratch)
        self._records = Records(asked.records) if asked.records is not None else None
        self._name = f"{socket.gethostname()} {os.getpid()}"
        self._words = add_files(list(asked.words), asked.side_files, self._scratch.path)
        self._engine = engine(self._words) if asked.what == MASTER else None

    def close(self) -> None:
        """Removes what it keeps on disk."""
        self._scratch.close()

    def rows(self, tracks: list[Track]) -> list[dict[str, Any]]:
        """Does tracks; those of an album are mastered as one."""
        albums: dict[str, list[Track]] = {}
        rows = []
        for track in tracks:
            if track.album is not None and self._asked.what == MASTER:
                albums.setdefault(track.album, []).append(track)
            else:
                rows.append(self.row(track))
        for songs in albums.values():
            rows += self.album(sorted(songs, key=lambda song: song.input))
        return rows

    def row(self, track: Track) -> dict[str, Any]:
        """Does a track by itself."""
        began = time.monotonic()
        track = self._named(track)
        try:
            with self._folder() as folder:
                columns, resumed = self._done(track, folder)
            return self._row(track, columns, resumed, began)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other tracks go on
            return self._failed(track, error, began)

    def album(self, tracks: list[Track]) -> list[dict[str, Any]]:
        """Masters songs as one album. One that cannot be part of it is a row of its own, and the others go on."""
        began = time.monotonic()
        tracks = [self._named(track) for track in tracks]
        failed: dict[Track, Exception] = {}
        columns: dict[Track, dict[str, Any]] = {}
        resumed = False
        try:
            with self._folder() as folder:
                sources = self._fetched(tracks, folder, failed)
                kept = self._kept_album(sources, failed)
                resumed = kept is not None
                columns = kept if kept is not None else self._master_album(sources, failed, folder)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other albums go on
            failed.update({track: error for track in tracks if track not in failed})
        return [
            self._failed(track, failed[track], began) if track in failed else self._row(track, columns[track], resumed, began)
            for track in tracks
        ]

    def _named(self, track: Track) -> Track:
        if track.output is not None or self._asked.out is None:
            return track
        return Track(track.input, output_of(track.input, self._asked.out), track.album)

    @contextmanager
    def _folder(self) -> Iterator[str]:
        with warnings.catch_warnings(), tempfile.TemporaryDirectory(dir=self._scratch.path) as folder:
            # Damage stands in the findings.
            warnings.simplefilter("ignore", AcetateWarning)
            yield folder

    def _row(self, track: Track, columns: dict[str, Any], resumed: bool, began: float) -> dict[str, Any]:
        return _rows.row(**{**columns, **self._told(track, began)}, resumed=resumed)

    def _failed(self, track: Track, error: Exception, began: float) -> dict[str, Any]:
        text = str(error) if isinstance(error, AcetateError) else f"{track.input}: {type(error).__name__}: {error}"
        return _rows.row(
            **self._told(track, began), ok=False, all_met=False, error=text, error_kind=type(error).__name__,
            resumed=False, version=_acetate.__version__,
        )  # fmt: skip

    def _told(self, track: Track, began: float) -> dict[str, Any]:
        return {
            "input": track.input, "output": track.output, "album": track.album, "asked": self._asked.hash,
            "took_s": time.monotonic() - began, "worker": self._name,
        }  # fmt: skip

    def _done(self, track: Track, folder: str) -> tuple[dict[str, Any], bool]:
        known = self._known(track)
        if known is not None and known.asked == self._asked.hash and self._is_current(known, track):
            return known.columns, True
        made = self._master(track, folder) if self._asked.what == MASTER else self._measure(track, folder)
        self._record(track, self._asked.hash, made)
        return made.columns, False

    def _known(self, track: Track) -> Record | None:
        """What an earlier run recorded, if that counts."""
        return self._records.read(track) if self._records and self._asked.resume else None

    def _record(self, track: Track, asked: str, made: _Made) -> None:
        if self._records:
            # After the master lies where it belongs, and before anybody is told.
            self._records.write(track, Record(asked, made.input_mark, made.output_mark, made.columns))

    def _is_current(self, known: Record, track: Track) -> bool:
        if (known.output_mark is None) != (track.output is None) or not _stores.has_mark(track.input, known.input_mark):
            return False
        return known.output_mark is None or track.output is None or _stores.has_mark(track.output, known.output_mark)

    def _fetched(self, tracks: list[Track], folder: str, failed: dict[Track, Exception]) -> dict[Track, _Source]:
        """The songs of an album on this machine."""
        sources = {}
        for number, track in enumerate(tracks):
            own = os.path.join(folder, str(number))
            os.mkdir(own)
            try:
                mark = _stores.remote_mark(track.input)
                sources[track] = _Source(_stores.fetch(track.input, own), mark)
            except AcetateError as error:
                failed[track] = error
        return sources

    def _kept_album(self, sources: dict[Track, _Source], failed: dict[Track, Exception]) -> dict[Track, dict[str, Any]] | None:
        """The columns of an album that an earlier run made of these very songs; `None` where it has to be made."""
        known = {track: self._known(track) for track in sources}
        records = {track: record for track, record in known.items() if record is not None}
        if not records:
            return None
        marks = {track.input: record.input_mark for track, record in records.items()}
        asked = _albums.hash_of(self._asked.hash, marks)
        if not all(record.asked == asked and self._is_current(record, track) for track, record in records.items()):
            return None
        # What has no record could be no part of it then, and may be one now.
        missing = {track: self._why_not(sources[track].path) for track in sources if track not in records}
        if not all(missing.values()):
            return None
        failed.update({track: error for track, error in missing.items() if error})
        return {track: record.columns for track, record in records.items()}

    def _why_not(self, source: str) -> AcetateError | None:
        return _albums.why_not(source, strict="--strict" in self._words)

    def _master_album(
        self, sources: dict[Track, _Source], failed: dict[Track, Exception], folder: str
    ) -> dict[Track, dict[str, Any]]:
        assert self._engine is not None
        try:
            made = self._made_album(self._engine, sources, folder)
        except AcetateError:
            unfit = {track: error for track, source in sources.items() if (error := self._why_not(source.path))}
            if not unfit or len(unfit) == len(sources):
                raise
            failed.update(unfit)
            sources = {track: source for track, source in sources.items() if track not in unfit}
            made = self._made_album(self._engine, sources, folder)
        marks = {
            track: source.mark or _mark(track.input, one.input_blake3)
            for (track, source), one in zip(sources.items(), made, strict=True)
        }
        asked = _albums.hash_of(self._asked.hash, {track.input: mark for track, mark in marks.items()})
        done = {}
        for number, (track, one) in enumerate(zip(sources, made, strict=True)):
            try:
                output_mark = self._deliver(track, os.path.join(folder, f"{number}.wav"), one.columns["output_blake3"])
                self._record(track, asked, _Made(one.columns, marks[track], output_mark))
                done[track] = one.columns
            except AcetateError as error:
                failed[track] = error
        return done

    def _made_album(self, held: _acetate.Engine, sources: dict[Track, _Source], folder: str) -> list[_albums.Made]:
        places = [os.path.join(folder, f"{number}.wav") for number in range(len(sources))]
        songs = [_albums.Song(source.path, place) for source, place in zip(sources.values(), places, strict=True)]
        return _albums.master(held, [*_COMMAND, *self._words], songs, folder)

    def _deliver(self, track: Track, made: str, blake3: str) -> str:
        """Sends a master to where it belongs; its mark."""
        assert track.output is not None
        there = _stores.mark_of(track.output)
        if there is None or self._may_replace(track, there.to_text()):
            _stores.put(made, track.output, overwrite=there is not None)
        else:
            self._expect_same(track.output, blake3)
        return _mark(track.output, blake3)

    def _may_replace(self, track: Track, there: str) -> bool:
        """Whether a master takes the place of what is there: of what an earlier run of ours wrote, when input or options
        changed."""
        known = self._records.read(track) if self._records else None
        return self._asked.overwrite or (known is not None and known.output_mark == there)

    def _master(self, track: Track, folder: str) -> _Made:
        assert track.output is not None and self._engine is not None
        there = _stores.mark_of(track.output)
        may_replace = there is not None and self._may_replace(track, there.to_text())
        is_direct = not _stores.is_remote(track.output) and (there is None or may_replace)
        input_mark = _stores.remote_mark(track.input)
        source = _stores.fetch(track.input, folder)
        if is_direct:
            _stores.make_folder_of(track.output)
            made = _stores.local_path(track.output)
        else:
            made = os.path.join(folder, "made-" + track.output.rsplit("/", 1)[-1])
        words = [*_COMMAND, *self._words, f"--output={made}", "--", path_of(source)]
        _, _, masters = self._engine.master_file(words, may_replace)
        report = Report(json.loads(masters[0][1]))
        blake3 = report.output_blake3 or ""
        output_mark = _mark(track.output, blake3) if is_direct else self._deliver(track, made, blake3)
        return _Made(_rows.of_report(report), input_mark or _mark(track.input, report.input_blake3), output_mark)

    @staticmethod
    def _expect_same(output: str, blake3: str) -> None:
        """A worker that was killed may have left the very master, and no record of it."""
        with tempfile.TemporaryDirectory(prefix="acetate-") as folder:
            if _acetate.content_hash(_stores.fetch(output, folder)) != blake3:
                raise OutputError(
                    f"{output}: expected no file or a master that an earlier run made, found another file: move it, or use "
                    "overwrite=True"
                )

    def _measure(self, track: Track, folder: str) -> _Made:
        input_mark = _stores.remote_mark(track.input)
        source = _stores.fetch(track.input, folder)
        asked = self._asked
        if asked.what == ANALYZE:
            columns = _rows.of_report(analyze(source, strict=asked.strict, dual_mono=asked.dual_mono))
            return _Made(columns, input_mark or _mark(track.input, columns["input_blake3"]))
        if asked.what == CHECK:
            columns = _rows.of_readiness(check(source, strict=asked.strict))
        else:
            lufs = _acetate.measure_for_training(source, asked.training_cache or "")
            columns = {"ok": True, "all_met": True, "lufs_in": lufs, "version": _acetate.__version__}
        columns["input_blake3"] = _acetate.content_hash(source)
        return _Made(columns, input_mark or _mark(track.input, columns["input_blake3"]))


def _mark(uri: str, blake3: str | None) -> str:
    """The mark of a file whose content is known."""
    found = _stores.mark_of(uri, blake3)
    if found is None:
        raise OutputError(f"{uri}: expected the file that was read or written, found none")
    return found.to_text()
