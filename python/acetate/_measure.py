"""`analyze`, `check` and `verify`: nothing is made, all is measured."""

from __future__ import annotations

import json
from typing import Any

from . import _acetate, _words
from ._arrays import Layout, PathLike, Source, is_path, path_of, sample_rate_of, samples
from ._errors import UsageError
from ._master import Progress
from ._report import Readiness, Report


def _mix(source: Source, sample_rate: int | None, layout: Layout | None) -> tuple[Any, int]:
    rate_hz = sample_rate_of(source, sample_rate)
    return (path_of(source) if is_path(source) else samples(source, layout).frames), rate_hz


def analyze(
    source: Source,
    *,
    sample_rate: int | None = None,
    layout: Layout | None = None,
    dual_mono: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Measures a file or an array: loudness, true peak, spectrum, stereo.

    `source`, `sample_rate`, `layout` and `progress` are those of `master`. `dual_mono` measures one channel as two
    speakers play it (3 LU louder), `strict` refuses damaged files. Raises `AcetateError`.
    """
    mix, rate_hz = _mix(source, sample_rate, layout)
    return Report(json.loads(_acetate.analyze(mix, rate_hz, dual_mono, strict, progress)))


def check(
    source: Source,
    *,
    sample_rate: int | None = None,
    layout: Layout | None = None,
    genre: str | None = None,
    strict: bool = False,
    progress: Progress | None = None,
) -> Readiness:
    """Tells whether a mix is ready to be mastered, why not, and what to do.

    Parameters and exceptions are those of `analyze`; `genre` is that of `master`. A mix that is not ready is no exception.
    """
    mix, rate_hz = _mix(source, sample_rate, layout)
    return Readiness(json.loads(_acetate.check(mix, rate_hz, strict, progress, genre)))


def verify(
    source: Source,
    *,
    target: str | float | None = None,
    ceiling: float | None = None,
    certificate: PathLike | None = None,
    mix: PathLike | None = None,
    sample_rate: int | None = None,
    layout: Layout | None = None,
    dual_mono: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Holds a file or an array against a target, or a master against its certificate.

    Parameters
    ----------
    source, sample_rate, layout, progress
        As of `master`.
    target, ceiling
        A named target or a loudness in LUFS, and the highest true peak in dBTP.
    certificate
        What `master(..., certificate=...)` wrote: measured again, and with `mix` rendered again and compared byte by
        byte.
    dual_mono, strict
        As of `analyze`.

    Returns
    -------
    Report
        `all_met` says whether it holds. Raises `AcetateError` only where nothing could be measured.
    """
    if certificate is not None:
        if target is not None or ceiling is not None or not is_path(source):
            raise UsageError("certificate: expected the file of a master, and no target beside it")
        mix_path = None if mix is None else path_of(mix)
        text = _acetate.verify_certificate(path_of(source), path_of(certificate), mix_path, strict, progress)
        return Report(json.loads(text))
    given, rate_hz = _mix(source, sample_rate, layout)
    with _words.in_python():
        words = _words.words("verify", {**_words.target(target), "ceiling": ceiling, "dual_mono": dual_mono})
        # What is measured is no word: an array has no name.
        words += ["--", "samples"]
        return Report(json.loads(_acetate.verify(words, given, rate_hz, strict, progress)))
