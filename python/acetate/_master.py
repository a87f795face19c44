"""`master` and `render`: a mix in, a verified master out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Union

from . import _acetate, _words
from ._arrays import Layout, PathLike, Source, is_path, path_of, sample_rate_of, samples
from ._errors import InternalError, UsageError
from ._report import Master, Report
from ._settings import Settings, as_file

Progress = Callable[[str, int, Union[int, None]], Any]
"""Called with the step's name, what is done of it, and what there is in all if that is known."""

# Of options that make files beside the master or look at the one that is there.
_FILES_ONLY = (
    "certificate",
    "report",
    "pack",
    "variants",
    "notes",
    "save_settings",
    "resume",
    "skip_existing",
    "dry_run",
)
# The array of a file has this layout unless another is asked for.
_FRAMES_FIRST = "frames_first"


def master(
    source: Source,
    out: PathLike | None = None,
    *,
    sample_rate: int | None = None,
    layout: Layout | None = None,
    target: str | float | None = None,
    settings: Settings | PathLike | None = None,
    reference: PathLike | tuple[PathLike, float] | Sequence[Any] | None = None,
    amount: float | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Master:
    """Masters a mix, and verifies what was written.

    A target that is missed is no exception: look at `all_met` of the result.

    Parameters
    ----------
    source
        A sound file, or an array of float32 or float64 samples with full scale 1.0, shape `(frames, channels)` or
        `(channels, frames)` or `(frames,)`: numpy, torch or anything with DLPack or the buffer protocol. It is read
        where it lies and never changed.
    out
        The master, a name that ends in .wav or .flac. Without one the master comes back as `audio`: float32, the
        samples that a file of 24 bits (or `bits`) would hold, laid as the mix.
    sample_rate
        Sample rate of an array, Hz. A file knows its own; for another rate of the master use `rate`.
    layout
        `"frames_first"` or `"channels_first"`, where the shape of an array does not say it; of a file, how `audio`
        is laid (frames first).
    target
        A name as `"spotify"` (`acetate master --help` lists them), or a loudness in LUFS. -14 LUFS and -1 dBTP.
    settings
        Settings to render in place of predicted ones, or the path of a settings file.
    reference
        A finished record to move toward, or several: sound files, folders or saved signatures, each alone or in a
        tuple with what it counts.
    amount
        How much of the treatment, percent, 0 to 200. 100.
    overwrite
        Replaces a master that is there, never an input.
    progress
        Called with the step's name, what is done and what there is in all (frames or thousandths), at most 20 times
        a second. What it raises stops the work and is raised here.
    options
        Every other long option of `acetate master`, with underscores: `lufs="keep"`, `ceiling=-2.0`, `rate=48000`,
        `bits=16`, `codec_safe=True`, `eq_amount=50`, `certificate="cert.json"`, `report="page.html"`, `resume=True`.
        `acetate.toml` is not read; `ACETATE_*` of the environment is.

    Returns
    -------
    Master
        With its report, settings, and path or audio.

    Raises
    ------
    AcetateError
        Nothing was made: `UsageError`, `InputError`, `OutputError`, `MasteringError`.
    KeyboardInterrupt
        On Ctrl-C, at the next block. Nothing is left behind.
    """
    rate_hz = sample_rate_of(source, sample_rate)
    several = reference if isinstance(reference, list) else [reference]
    with _words.in_python(), as_file(settings) as settings_path:
        words = _words.words("master", {**_words.target(target), "amount": amount, "overwrite": overwrite, **options})
        words += _words.references(several)
        if settings_path is not None:
            words.append(f"--settings={path_of(settings_path)}")
        words.append(f"--output={'-' if out is None else path_of(out)}")
        to_files = [name for name in _FILES_ONLY if options.get(name)]
        if to_files and (out is None or not is_path(source)):
            raise UsageError(f"{', '.join(to_files)}: expected a mix in a file and a name for the master")
        if is_path(source):
            words += ["--", path_of(source)]
            if out is not None:
                return _file(words, out, progress)
            return _file_in_memory(words, layout, progress)
        return _array(words, source, rate_hz, layout, out, progress)


def render(
    source: Source,
    settings: Settings | PathLike,
    out: PathLike | None = None,
    **options: Any,
) -> Master:
    """Renders given settings: nothing is predicted. The same settings give the same bytes.

    Parameters, results and exceptions are those of `master`. The limiter's drive is solved again unless
    `settings.limiter.drive_fixed` is set.
    """
    return master(source, out, settings=settings, **options)


def _file(words: list[str], out: PathLike, progress: Progress | None) -> Master:
    outcome, all_met, masters = _acetate.master_file(words, progress)
    if not masters:
        return Master(Report(_left_alone(all_met)), Path(os.fsdecode(out)), outcome=outcome, all_met=all_met)
    reports = [(path, Report(json.loads(report))) for path, report in masters]
    path, report = reports[0]
    return Master(report, path, outcome=outcome, all_met=all_met, variants=tuple(reports[1:]))


def _left_alone(all_met: bool) -> dict[str, Any]:
    return {
        "schema": "",
        "command": "master",
        "version": _acetate.__version__,
        "checks": [],
        "findings": [],
        "all_met": all_met,
    }


def _file_in_memory(words: list[str], layout: Layout | None, progress: Progress | None) -> Master:
    frames_first = (layout or _FRAMES_FIRST) == _FRAMES_FIRST
    text, audio, rate_hz = _acetate.master_file_in_memory(words, frames_first, progress)
    return _in_memory(Report(json.loads(text)), audio, rate_hz)


def _array(
    words: list[str],
    source: Any,
    rate_hz: int,
    layout: Layout | None,
    out: PathLike | None,
    progress: Progress | None,
) -> Master:
    given = samples(source, layout)
    text, audio, rate_hz = _acetate.master_array(
        [*words, "--", os.curdir + os.sep + "samples"],
        given.frames,
        rate_hz,
        given.frames_first,
        out is not None,
        progress,
    )
    report = Report(json.loads(text))
    if out is not None:
        return Master(report, Path(os.fsdecode(out)), outcome=_outcome(report), all_met=report.all_met)
    if audio is None:
        raise InternalError("internal error: expected a master in memory, found none")
    return _in_memory(report, given.like_given(audio), rate_hz)


def _in_memory(report: Report, audio: Any, rate_hz: int) -> Master:
    return Master(report, None, audio, rate_hz, _outcome(report), report.all_met)


def _outcome(report: Report) -> str:
    return "met" if report.all_met else "missed"
