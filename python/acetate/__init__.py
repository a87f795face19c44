"""Acetate masters music: a finished mix in, a verified release-ready master out.

>>> import acetate
>>> made = acetate.master("mix.wav", "master.wav", target="spotify")  # doctest: +SKIP
>>> made.all_met, made.report.after.integrated_lufs                   # doctest: +SKIP
(True, -14.0)

`master` and `render` make masters; `analyze`, `check` and `verify` measure; `Settings` is what decides a sound;
`train` retrains the network on your own music. `acetate.catalog` masters a whole catalog on a cluster.

Many calls may run at once, in threads or processes: the interpreter is free meanwhile. In a process made by `fork()`
each song has one thread of its own.
"""

from __future__ import annotations

from ._acetate import __version__
from ._arrays import Layout
from ._errors import (
    AcetateError,
    AcetateWarning,
    InputError,
    InternalError,
    MasteringError,
    OutputError,
    UsageError,
)
from ._master import Progress, master, render
from ._measure import analyze, check, verify
from ._report import Check, Finding, Master, Measures, Readiness, Report
from ._settings import Settings
from ._train import Training, train

__all__ = [
    "AcetateError",
    "AcetateWarning",
    "Check",
    "Finding",
    "InputError",
    "InternalError",
    "Layout",
    "Master",
    "MasteringError",
    "Measures",
    "OutputError",
    "Progress",
    "Readiness",
    "Report",
    "Settings",
    "Training",
    "UsageError",
    "__version__",
    "analyze",
    "check",
    "master",
    "render",
    "train",
    "verify",
]
