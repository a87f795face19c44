"""What a caller asks of a catalog, resolved before any track is looked at."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Union

from .. import _acetate, _words
from .._errors import InputError, UsageError
from .._settings import Settings
from . import _ray, _stores
from ._albums import NOT_WITH_ALBUMS
from ._ray import COLUMNS, MEMORY_BYTES, Concurrency
from ._records import FOLDER
from ._tracks import Albums, Track, tracks
from ._work import ANALYZE, CHECK, MASTER, MEASURE, Asked, SideFile, add_files, engine

if TYPE_CHECKING:
    from ray.data import Dataset

Paths = Union[str, "os.PathLike[str]", Iterable[Union[str, "os.PathLike[str]"]], "Dataset"]
"""Files, folders or prefixes, as local paths or URIs; or a Dataset with a column `input`."""

# Weights and settings take a few megabytes.
_MOST_SIDE_BYTES = 64 << 20
# What a worker decides itself.
_NOT_HERE = ("overwrite", "resume", "skip_existing", "dry_run", "no_cache", "cache", "variants", "pack", "report",
             "certificate", "save_settings", "save_signature", "notes", "index", "csv", "manifest", "shard")  # fmt: skip


def master(
    paths: Paths,
    out: str | os.PathLike[str],
    *,
    target: str | float | None = None,
    settings: Settings | str | os.PathLike[str] | None = None,
    reference: Any = None,
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
        `input`, and `output` and `album` where they are known. The rows of one with albums are read at once.
    out
        Folder or prefix for the masters, named as `song.master.wav`. What lies in folders keeps its place. Beside the
        masters a hidden folder records what was done.
    target, settings, reference
        As of `acetate.master`; references may be URIs too. They are measured here, once, and their signature travels.
    albums
        `"folder"`, a function of the path, or a table by path: the album of each track. The tracks of an album are
        mastered as one, as `acetate master --album` does it, by one worker and in the order of their names. A track
        without an album is mastered for itself. No `settings`, `reference` or `style` beside it.
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
        `weights="my.safetensors"`.

    Raises
    ------
    AcetateError
        Options that cannot be understood, no track, two tracks with one name for their masters.
    """
    target_out = os.fspath(out)
    refused = [name for name in _NOT_HERE if options.get(name) is not None]
    if refused:
        raise UsageError(f"{', '.join(refused)}: no option of a catalog")
    found = _tracks(paths, target_out, albums)
    beside = {"settings": settings, "reference": reference, "style": options.get("style")}
    if isinstance(found, list) and any(track.album is not None for track in found):
        alone = [name for name in NOT_WITH_ALBUMS if beside[name] is not None]
        if alone:
            raise UsageError(f"{', '.join(alone)}: no option of albums: leave it out, or albums=")
    side_files = [_side_file(name, one) for name, one in (("settings", settings), ("weights", options.pop("weights", None)))
                  if one is not None]  # fmt: skip
    with _words.in_python():
        words = _words.words("master", {**_words.target(target), **options})[2:]
        words = [word for word in words if word != "--no-config"]
        side_files += _checked(words, side_files, reference)
    asked = Asked(
        MASTER,
        _hash(MASTER, words, side_files),
        tuple(words),
        tuple(side_files),
        out=target_out,
        records=_stores.join(target_out, FOLDER),
        resume=resume,
        overwrite=overwrite,
        scratch=scratch,
    )
    return _ray.dataset(found, asked, concurrency, memory_bytes)


def _checked(words: list[str], side_files: list[SideFile], reference: Any) -> list[SideFile]:
    """Builds an engine as every worker will, so that what fails there fails here; the signature of the references."""
    with tempfile.TemporaryDirectory(prefix="acetate-") as folder:
        given = [_local(one, folder) for one in (reference if isinstance(reference, list) else [reference])]
        built = engine([*add_files(words, tuple(side_files), folder), *_words.references(given)])
        signature = built.signature_toml()
    return [] if signature is None else [("reference", "reference.toml", signature.encode())]


def _local(reference: Any, folder: str) -> Any:
    """A reference on this machine."""
    if isinstance(reference, tuple):
        return _local(reference[0], folder), reference[1]
    if reference is None or not _stores.is_remote(os.fspath(reference)):
        return reference
    uri, own = os.fspath(reference), tempfile.mkdtemp(dir=folder)
    if not _stores.is_folder(uri):
        return _stores.fetch(uri, own)
    for number, name in enumerate(_stores.sound_files(uri)):
        # In the order of names, by which the sum of the signatures is always the same.
        place = os.path.join(own, f"{number:06}")
        os.mkdir(place)
        _stores.fetch(name, place)
    return own


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


def _tracks(paths: Any, out: str | None, albums: Albums) -> list[Track] | Any:
    if not hasattr(paths, "map_batches"):
        return tracks(paths, out, albums)
    if albums is not None:
        raise UsageError("albums: expected none beside a Dataset: give it a column album")
    if "album" not in paths.schema().names:
        return paths
    # An album has to stay together, wherever its rows lie.
    rows = paths.select_columns([name for name in COLUMNS if name in paths.schema().names]).iter_rows()
    return [Track(*(row.get(name) for name in COLUMNS)) for row in rows]


def _side_file(option: str, given: Any) -> SideFile:
    """A file that an option names, as its name and content."""
    if isinstance(given, Settings):
        return option, "settings.toml", given.to_toml().encode()
    uri = os.fspath(given)
    content = _stores.read_bytes(uri)
    if content is None:
        raise InputError(f"{option}: {uri}: no such file")
    if len(content) > _MOST_SIDE_BYTES:
        raise UsageError(f"{option}: {uri}: expected at most {_MOST_SIDE_BYTES} bytes, found {len(content)}")
    return option, uri.rsplit("/", 1)[-1], content


def _hash(what: str, words: list[str], side_files: list[SideFile]) -> str:
    """Hash of everything that decides a result but its input."""
    shipped = [(option, content.hex()) for option, _, content in side_files]
    whole = [_acetate.__version__, _acetate.weights_hash(), what, sorted(words), shipped]
    return _acetate.text_hash(json.dumps(whole))
