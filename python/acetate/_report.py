"""What was measured and done, as objects. Each keeps the whole JSON object behind it (`to_dict`)."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _html
from ._settings import Settings


@dataclass(frozen=True)
class Measures:
    """The figures of a program. One that does not exist, as the loudness of silence, is `None`."""

    integrated_lufs: float | None
    """Integrated loudness, LUFS."""
    loudness_range_lu: float | None
    """Loudness range, LU."""
    true_peak_dbtp: float | None
    """True peak, dBTP, the worst of all meters."""
    sample_peak_dbfs: float | None
    """Sample peak, dBFS."""
    short_term_max_lufs: float | None
    """Highest short-term loudness, LUFS."""
    momentary_max_lufs: float | None
    """Highest momentary loudness, LUFS."""
    plr_db: float | None
    """Peak to loudness ratio, dB."""
    duration_s: float
    """Length, seconds."""

    @classmethod
    def of(cls, values: dict[str, Any] | None) -> Measures | None:
        """Of a JSON object that has these figures; `None` of one that has none."""
        if not values or "duration_s" not in values:
            return None
        return cls(**{name: values.get(name) for name in cls.__dataclass_fields__})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Check:
    """One figure held against what was asked for."""

    name: str
    """What was measured."""
    measured: float | None
    """What was measured, in `unit`."""
    target: float
    """What was asked for, in `unit`."""
    tolerance: float
    """How far off counts as met, in `unit`."""
    unit: str
    passed: bool


@dataclass(frozen=True)
class Finding:
    """Something that stands out in the mix."""

    code: str
    """Stable code; docs/CHECK.md lists them."""
    severity: str
    """`note`, `remark` or `problem`."""
    text: str
    """What was found, one sentence."""
    advice: str
    """What to do in the mix, one sentence."""
    evidence: float | None
    """The measured figure, in `unit`."""
    unit: str


def _findings(values: list[dict[str, Any]]) -> list[Finding]:
    return [Finding(**{name: one.get(name) for name in Finding.__dataclass_fields__}) for one in values]  # type: ignore[arg-type]


class _Told:
    """Behind a JSON object."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def to_dict(self) -> dict[str, Any]:
        """The whole JSON object, as the command's `--json` prints it (`acetate schema` has its schema)."""
        return copy.deepcopy(self._values)

    @property
    def version(self) -> str:
        """The version of Acetate."""
        return str(self._values["version"])

    @cached_property
    def findings(self) -> list[Finding]:
        """What stands out in the mix, most severe first."""
        return _findings(self._values["findings"])


class Report(_Told):
    """What was measured, and what was done to a mix."""

    @property
    def command(self) -> str:
        """`master`, `analyze` or `verify`."""
        return str(self._values["command"])

    @property
    def all_met(self) -> bool:
        """Whether every check passed."""
        return bool(self._values["all_met"])

    @cached_property
    def checks(self) -> list[Check]:
        """Each figure that was held against the target."""
        return [
            Check(c["name"], c["measured"], c["target"], c["tolerance"], c["unit"], c["pass"])
            for c in self._values["checks"]
        ]

    @cached_property
    def before(self) -> Measures | None:
        """The figures of the mix, or of what was analyzed or verified."""
        mastering = self._values.get("mastering")
        return Measures.of(mastering["before"] if mastering else self._values)

    @cached_property
    def after(self) -> Measures | None:
        """The figures of the master as it was written; `None` where none was."""
        mastering = self._values.get("mastering")
        return Measures.of(mastering.get("after")) if mastering else None

    @cached_property
    def settings(self) -> Settings | None:
        """What was rendered, the solved drive included; `None` where nothing was."""
        mastering = self._values.get("mastering")
        return Settings.from_dict(mastering["settings"]) if mastering else None

    @property
    def limiting_db(self) -> float | None:
        """Most gain reduction of the limiter, dB; `None` where nothing was rendered."""
        mastering = self._values.get("mastering")
        return float(mastering["limiting_db"]) if mastering else None

    @property
    def infeasible(self) -> str | None:
        """Why the target could not be met, one sentence; `None` where it was."""
        mastering = self._values.get("mastering") or {}
        reason = mastering.get("infeasible")
        return str(reason["reason"]) if reason else None

    @property
    def input_blake3(self) -> str | None:
        """BLAKE3 of the mix's file; `None` of an array."""
        return (self._values.get("input") or {}).get("blake3")

    @property
    def output_blake3(self) -> str | None:
        """BLAKE3 of the master's file; `None` of an array."""
        return (self._values.get("output") or {}).get("blake3")

    def __repr__(self) -> str:
        met = "all met" if self.all_met else "not all met"
        figures = self.after or self.before
        told = ""
        if figures and figures.integrated_lufs is not None and figures.true_peak_dbtp is not None:
            told = f", {figures.integrated_lufs:.2f} LUFS, {figures.true_peak_dbtp:.2f} dBTP"
        return f"<acetate.Report of {self.command}: {met}{told}>"

    def _repr_html_(self) -> str:
        return _html.report(self._values, self.settings)


class Readiness(_Told):
    """Whether a mix is ready to be mastered, and what to do about it."""

    @property
    def verdict(self) -> str:
        """`ready`, `ready-with-remarks` or `not-ready`."""
        return str(self._values["verdict"])

    @property
    def is_ready(self) -> bool:
        """Whether it can go to mastering, with or without remarks."""
        return self.verdict != "not-ready"

    @property
    def score(self) -> float:
        """The score, 0 to 100."""
        return float(self._values["score"])

    def __repr__(self) -> str:
        return f"<acetate.Readiness: {self.verdict}, score {self.score:.0f}, {len(self.findings)} findings>"

    def _repr_html_(self) -> str:
        return _html.readiness(self._values)


@dataclass(frozen=True, repr=False)
class Master:
    """A master that was made and verified."""

    report: Report
    """What was measured and done; a skipped one has an empty report."""
    path: Path | None = None
    """Its file; `None` of a master in memory."""
    audio: npt.NDArray[np.float32] | None = None
    """Its samples where no file was asked for: float32, laid as the mix; `(frames, channels)` of a file."""
    sample_rate: int | None = None
    """Sample rate of `audio`, Hz."""
    outcome: str = "met"
    """`met`, `missed`, or of what was left alone `skipped` (it exists) or `before` (an earlier run made it)."""
    all_met: bool = True
    """Whether every check passed."""
    variants: tuple[tuple[Path, Report], ...] = ()
    """With `variants=N` the further masters and their reports."""

    @property
    def settings(self) -> Settings | None:
        """What was rendered, the solved drive included."""
        return self.report.settings

    def __repr__(self) -> str:
        place = self.path if self.path is not None else "in memory"
        return f"<acetate.Master {place}: {self.outcome}, {self.report!r}>"

    def _repr_html_(self) -> str:
        return self.report._repr_html_()
