"""What a worker does with a track. Nothing here knows Ray."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import tempfile
import time
import warnings
from dataclasses import dataclass, field
from typing import Any

from .. import _acetate
from .._errors import AcetateError, AcetateWarning, OutputError
from .._measure import analyze, check
from .._report import Report
from . import _rows, _stores
from ._records import Record, Records
from ._tracks import Track, output_of

MASTER, ANALYZE, CHECK, MEASURE = "master", "analyze", "check", "measure"
# Where workers keep copies of inputs; each in a folder of its own, which is locked as long as it works.
_SCRATCH = "acetate-catalog"
_LOCK = "lock"


@dataclass(frozen=True)
class Asked:
    """What is the same for every track. It travels to the workers."""

    what: str
    """`master`, `analyze`, `check` or `measure`."""
    hash: str
    """Hash of everything that decides the result but the input."""
    words: tuple[str, ...] = ()
    """Options of `acetate master`."""
    side_files: tuple[tuple[str, str, bytes], ...] = ()
    """Files that options name: the option, the file's name, its content."""
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


class Scratch:
    """A folder of this worker's. What killed workers left beside it is removed."""

    def __init__(self, parent: str | None) -> None:
        root = os.path.join(parent or tempfile.gettempdir(), f"{_SCRATCH}-{os.getuid()}")
        os.makedirs(root, mode=0o700, exist_ok=True)
        self._sweep(root)
        self.path = tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=root)
        self._lock = open(os.path.join(self.path, _LOCK), "w")  # noqa: SIM115
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    @staticmethod
    def _sweep(root: str) -> None:
        for name in os.listdir(root):
            folder = os.path.join(root, name)
            try:
                with open(os.path.join(folder, _LOCK)) as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
            except OSError:
                # Somebody works in it, or it was made this moment.
                continue

    def close(self) -> None:
        """Removes it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


@dataclass
class _Made:
    """What came of a track."""

    columns: dict[str, Any]
    input_mark: str
    output_mark: str | None = field(default=None)


class Worker:
    """Does one track after the other. An error of a track is a row, never an exception."""

    def __init__(self, asked: Asked) -> None:
        # A song has one thread: the songs are what is done side by side.
        os.environ["RAYON_NUM_THREADS"] = "1"
        self._asked = asked
        self._scratch = Scratch(asked.scratch)
        self._records = Records(asked.records) if asked.records is not None else None
        self._words = list(asked.words)
        self._name = f"{socket.gethostname()} {os.getpid()}"
        for number, (option, name, content) in enumerate(asked.side_files):
            path = os.path.join(self._scratch.path, f"{number}-{name}")
            with open(path, "wb") as file:
                file.write(content)
            self._words.append(f"--{option}={path}")

    def close(self) -> None:
        """Removes what it keeps on disk."""
        self._scratch.close()

    def row(self, track: Track) -> dict[str, Any]:
        """Does a track."""
        began = time.monotonic()
        output = track.output
        if output is None and self._asked.out is not None:
            output = output_of(track.input, self._asked.out)
        named = {"input": track.input, "output": output, "album": track.album, "asked": self._asked.hash}
        try:
            with warnings.catch_warnings(), tempfile.TemporaryDirectory(dir=self._scratch.path) as folder:
                # Damage stands in the findings.
                warnings.simplefilter("ignore", AcetateWarning)
                columns, resumed = self._done(Track(track.input, output, track.album), folder)
            return _rows.row(**{**columns, **named}, resumed=resumed, **self._told(began))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other tracks go on
            text = str(error) if isinstance(error, AcetateError) else f"{track.input}: {type(error).__name__}: {error}"
            return _rows.row(
                **named, ok=False, all_met=False, error=text, error_kind=type(error).__name__, resumed=False,
                version=_acetate.__version__, **self._told(began),
            )

    def _told(self, began: float) -> dict[str, Any]:
        return {"took_s": time.monotonic() - began, "worker": self._name}

    def _done(self, track: Track, folder: str) -> tuple[dict[str, Any], bool]:
        known = self._records.read(track) if self._records else None
        if self._asked.resume and known is not None and known.asked == self._asked.hash and self._is_current(known, track):
            return known.columns, True
        if self._asked.what == MASTER:
            made = self._master(track, folder, known)
        else:
            made = self._measure(track, folder)
        if self._records:
            # After the master lies where it belongs, and before anybody is told.
            self._records.write(track, Record(self._asked.hash, made.input_mark, made.output_mark, made.columns))
        return made.columns, False

    def _is_current(self, known: Record, track: Track) -> bool:
        source = _stores.mark_of(track.input)
        if source is None or source.to_text() != known.input_mark:
            return False
        if known.output_mark is None or track.output is None:
            return known.output_mark is None and track.output is None
        master = _stores.mark_of(track.output)
        return master is not None and master.to_text() == known.output_mark

    def _master(self, track: Track, folder: str, known: Record | None) -> _Made:
        assert track.output is not None
        input_mark = _stores.mark_of(track.input)
        there = _stores.mark_of(track.output)
        # What an earlier run of ours wrote is replaced when input or options changed.
        is_ours = known is not None and there is not None and known.output_mark == there.to_text()
        may_write = there is None or is_ours or self._asked.overwrite
        source = _stores.fetch(track.input, folder)
        is_direct = may_write and not _stores.is_remote(track.output)
        if is_direct:
            _stores.make_folder_of(track.output)
            made_path = _stores.local_path(track.output)
        else:
            made_path = os.path.join(folder, "made-" + track.output.rsplit("/", 1)[-1])
        words = ["acetate", "master", "--no-config", "--no-cache", *self._words, f"--output={made_path}"]
        if there is not None and is_direct:
            words.append("--overwrite")
        _, _, masters = _acetate.master_file([*words, "--", source])
        report = Report(json.loads(masters[0][1]))
        if not may_write:
            self._expect_same(track.output, report, folder)
        elif not is_direct:
            _stores.put(made_path, track.output)
        written = _stores.mark_of(track.output)
        if written is None:
            raise OutputError(f"{track.output}: expected the master that was written, found none")
        return _Made(_rows.of_report(report), input_mark.to_text() if input_mark else "", written.to_text())

    @staticmethod
    def _expect_same(output: str, report: Report, folder: str) -> None:
        """A worker that was killed may have left the very master, and no record of it."""
        there = _stores.fetch(output, folder)
        if _acetate.content_hash(there) != report.output_blake3:
            raise OutputError(
                f"{output}: expected no file or a master that an earlier run made, found another file: move it, or use "
                "overwrite=True"
            )

    def _measure(self, track: Track, folder: str) -> _Made:
        input_mark = _stores.mark_of(track.input)
        source = _stores.fetch(track.input, folder)
        asked = self._asked
        if asked.what == CHECK:
            columns = _rows.of_readiness(check(source, strict=asked.strict))
            columns["input_blake3"] = _acetate.content_hash(source)
        elif asked.what == MEASURE:
            lufs = _acetate.measure_for_training(source, asked.training_cache or "")
            columns = {"ok": True, "all_met": True, "lufs_in": lufs, "version": _acetate.__version__}
            columns["input_blake3"] = _acetate.content_hash(source)
        else:
            columns = _rows.of_report(analyze(source, strict=asked.strict, dual_mono=asked.dual_mono))
        return _Made(columns, input_mark.to_text() if input_mark else "")
