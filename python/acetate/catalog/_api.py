"""What a caller asks of a catalog, resolved before any track is looked at."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Union

from .. import _acetate, _words
from .._errors import InputError, UsageError
from .._settings import Settings
from . import _ray, _stores
from ._ray import MEMORY_BYTES, Concurrency
from ._records import FOLDER
from ._tracks import Albums, Track, tracks
from ._work import ANALYZE, CHECK, MASTER, MEASURE, Asked

if TYPE_CHECKING:
    from ray.data import Dataset

Paths = Union[str, "os.PathLike[str]", Iterable[Union[str, "os.PathLike[str]"]], "Dataset"]
"""Files, folders or prefixes, as local paths or URIs; or a Dataset with a column `input`."""

# Options that name a file which every worker needs.
_SIDE_FILES = ("settings", "weights", "reference")
# A signature or weights take a few megabytes; sound would travel to every worker.
_MOST_SIDE_BYTES = 64 << 20
_SIGNATURE = ".toml"
# What a worker decides itself.
_NOT_HERE = ("overwrite", "resume", "skip_existing", "dry_run", "no_cache", "cache", "variants", "pack", "report",
             "certificate", "save_settings", "save_signature", "notes", "index", "csv", "manifest", "shard")  # fmt: skip


def master(
    paths: Paths,
    out: str | os.PathLike[str],
    *,
    target: str | float | None = None,
    settings: Settings | str | os.PathLike[str] | None = None,
    albums: Albums = None,
    resume: bool = True,
    overwrite: bool = False,
    concurrency: Concurrency = None,
    memory_bytes: int = MEMORY_BYTES,
    scratch: str | None = None,
    **options: Any,
) -> Dataset:
    """Masters every track: a Dataset with one row a track.

    Parameters
    ----------
    paths
        Files, folders or prefixes, as local paths or URIs (`s3://`, `gs://`, `file://`); or a Dataset with the column
        `input`, and `output` and `album` where they are known.
    out
        Folder or prefix for the masters, named as `song.master.wav`. What lies in folders keeps its place. Beside the
        masters a hidden folder records what was done.
    target, settings
        As of `acetate.master`.
    albums
        `"folder"`, a function of the path, or a table by path: the album of each track, for the column `album`. The
        tracks of an album are done by one worker. Each track is mastered for itself.
    resume
        Leaves alone what an earlier run made of the same input with the same options.
    overwrite
        Replaces files under a master's name that no earlier run made.
    concurrency
        So many workers, or the fewest and the most; as many as there are processors.
    memory_bytes
        What a worker declares to Ray.
    scratch
        Folder on each machine for copies of inputs; the system's temporary one.
    options
        Every other long option of `acetate master` that is about the sound, with underscores: `ceiling=-2.0`, `bits=16`,
        `weights="my.safetensors"`, `reference="album.toml"` (a saved signature).

    Raises
    ------
    AcetateError
        Options that cannot be understood, no track, two tracks with one name for their masters.
    """
    target_out = os.fspath(out)
    side_files = [("settings", settings)] if settings is not None else []
    for name in _SIDE_FILES[1:]:
        given = options.pop(name, None)
        several = given if isinstance(given, list) else [given]
        side_files += [(name, one) for one in several if one is not None]
    refused = [name for name in _NOT_HERE if options.get(name) is not None]
    if refused:
        raise UsageError(f"{', '.join(refused)}: no option of a catalog")
    with _words.in_python():
        words = _words.words("master", {**_words.target(target), **options})[2:]
        words = [word for word in words if word != "--no-config"]
        _acetate.check_words(["acetate", "master", *words, "--no-config", "--output=x.wav", "--", "samples"])
    shipped = [_side_file(name, one) for name, one in side_files]
    asked = Asked(
        MASTER,
        _hash(MASTER, words, shipped),
        tuple(words),
        tuple(shipped),
        out=target_out,
        records=_stores.join(target_out, FOLDER),
        resume=resume,
        overwrite=overwrite,
        scratch=scratch,
    )
    return _ray.dataset(_tracks(paths, target_out, albums), asked, concurrency, memory_bytes)


def analyze(
    paths: Paths,
    *,
    records: str | os.PathLike[str] | None = None,
    albums: Albums = None,
    dual_mono: bool = False,
    strict: bool = False,
    concurrency: Concurrency = None,
    memory_bytes: int = MEMORY_BYTES,
    scratch: str | None = None,
) -> Dataset:
    """Measures every track: a Dataset with one row a track, with the columns that are about the mix.

    Parameters and exceptions are those of `master`. `records` is a folder or prefix where it is kept what was measured,
    so that a second run measures only what is new or changed; nothing is kept without one.
    """
    asked = _measuring(ANALYZE, records, [f"{dual_mono} {strict}"], dual_mono=dual_mono, strict=strict, scratch=scratch)
    return _ray.dataset(_tracks(paths, None, albums), asked, concurrency, memory_bytes)


def check(
    paths: Paths,
    *,
    records: str | os.PathLike[str] | None = None,
    albums: Albums = None,
    strict: bool = False,
    concurrency: Concurrency = None,
    memory_bytes: int = MEMORY_BYTES,
    scratch: str | None = None,
) -> Dataset:
    """Tells of every track whether it is ready to be mastered: `all_met`, `verdict`, `score`, `problems`.

    Parameters and exceptions are those of `analyze`.
    """
    asked = _measuring(CHECK, records, [f"{strict}"], strict=strict, scratch=scratch)
    return _ray.dataset(_tracks(paths, None, albums), asked, concurrency, memory_bytes)


def measure(
    paths: Paths,
    cache: str | os.PathLike[str],
    *,
    concurrency: Concurrency = None,
    memory_bytes: int = MEMORY_BYTES,
    scratch: str | None = None,
) -> Dataset:
    """Measures finished masters for a training, which is most of the work of one.

    `cache` is a folder that all machines share; `acetate.train(masters=..., cache=...)` then finds there what it would
    measure. Other parameters and exceptions are those of `analyze`.
    """
    folder = os.path.abspath(os.fspath(cache))
    asked = _measuring(MEASURE, None, [], training_cache=folder, scratch=scratch)
    return _ray.dataset(_tracks(paths, None, None), asked, concurrency, memory_bytes)


def _measuring(what: str, records: Any, words: list[str], **more: Any) -> Asked:
    place = None if records is None else _stores.join(os.fspath(records), what)
    return Asked(what, _hash(what, words, []), records=place, **more)


def _tracks(paths: Paths, out: str | None, albums: Albums) -> list[Track] | Any:
    if hasattr(paths, "map_batches"):
        return paths
    return tracks(paths, out, albums)


def _side_file(option: str, given: Any) -> tuple[str, str, bytes]:
    """A file that an option names, as its name and content."""
    if isinstance(given, Settings):
        return option, "settings.toml", given.to_toml().encode()
    uri = os.fspath(given)
    if option == "reference" and not uri.endswith(_SIGNATURE):
        raise UsageError(
            f"reference: expected a saved signature (.toml), found {uri}: make one with "
            "acetate master mix.wav --reference RECORDS --save-signature album.toml"
        )
    content = _stores.read_bytes(uri)
    if content is None:
        raise InputError(f"{option}: {uri}: no such file")
    if len(content) > _MOST_SIDE_BYTES:
        raise UsageError(f"{option}: {uri}: expected at most {_MOST_SIDE_BYTES} bytes, found {len(content)}")
    return option, uri.rsplit("/", 1)[-1], content


def _hash(what: str, words: list[str], side_files: list[tuple[str, str, bytes]]) -> str:
    """Hash of everything that decides a result but its input."""
    shipped = [(option, content.hex()) for option, _, content in side_files]
    whole = [_acetate.__version__, _acetate.weights_hash(), what, sorted(words), shipped]
    return _acetate.text_hash(json.dumps(whole))
