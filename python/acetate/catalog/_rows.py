"""Rows: what is told of each track, with the same columns whether it went well or not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .._report import Readiness, Report

_TEXT, _NUMBER, _WHOLE, _TRUTH, _TEXTS = "string", "double", "int64", "bool", "list<string>"

COLUMNS: dict[str, str] = {
    "input": _TEXT,  # path or URI of the mix
    "output": _TEXT,  # path or URI of the master
    "album": _TEXT,
    "ok": _TRUTH,  # something was made or measured
    "all_met": _TRUTH,  # every check passed; of a check: ready
    "error": _TEXT,  # what was expected and what was found
    "error_kind": _TEXT,  # class of the exception
    "lufs_in": _NUMBER,  # integrated loudness of the mix, LUFS
    "lufs_out": _NUMBER,  # of the master, LUFS
    "true_peak_in_dbtp": _NUMBER,
    "true_peak_out_dbtp": _NUMBER,
    "loudness_range_in_lu": _NUMBER,
    "loudness_range_out_lu": _NUMBER,
    "limiting_db": _NUMBER,  # most gain reduction of the limiter, dB
    "duration_s": _NUMBER,
    "score": _NUMBER,  # of the check, 0 to 100
    "verdict": _TEXT,  # ready, ready-with-remarks, not-ready
    "findings": _TEXTS,  # codes of what stands out in the mix
    "problems": _TEXTS,  # sentences of what keeps it from being ready, and why a target was missed
    "sample_rate_hz": _WHOLE,
    "channels": _WHOLE,
    "input_blake3": _TEXT,
    "output_blake3": _TEXT,
    "weights_hash": _TEXT,
    "asked": _TEXT,  # hash of everything that was asked for
    "settings_toml": _TEXT,  # what was rendered
    "version": _TEXT,
    "resumed": _TRUTH,  # an earlier run did it
    "took_s": _NUMBER,
    "worker": _TEXT,  # machine and process
}
"""Every column and its type, as pyarrow names it."""


def row(**values: Any) -> dict[str, Any]:
    """A row with every column; what is not said is missing."""
    unknown = values.keys() - COLUMNS.keys()
    if unknown:
        raise KeyError(f"no such column: {', '.join(sorted(unknown))}")
    return {name: values.get(name) for name in COLUMNS}


def table(rows: Iterable[dict[str, Any]]) -> Any:
    """Rows as a table of pyarrow whose types do not depend on what is in them."""
    import pyarrow as pa

    schema = pa.schema([(name, _type(pa, kind)) for name, kind in COLUMNS.items()])
    return pa.Table.from_pylist(list(rows), schema=schema)


def _type(pa: Any, kind: str) -> Any:
    return pa.list_(pa.string()) if kind == _TEXTS else pa.type_for_alias(kind)


def of_report(report: Report) -> dict[str, Any]:
    """The columns of a master or an analysis."""
    values = report.to_dict()
    before, after, source = report.before, report.after, values.get("input") or {}
    mastering, readiness = values.get("mastering") or {}, values.get("readiness") or {}
    settings = report.settings
    reasons = [finding.text for finding in report.findings if finding.severity == "problem"]
    return {
        "ok": True,
        "all_met": report.all_met,
        "lufs_in": before.integrated_lufs if before else None,
        "lufs_out": after.integrated_lufs if after else None,
        "true_peak_in_dbtp": before.true_peak_dbtp if before else None,
        "true_peak_out_dbtp": after.true_peak_dbtp if after else None,
        "loudness_range_in_lu": before.loudness_range_lu if before else None,
        "loudness_range_out_lu": after.loudness_range_lu if after else None,
        "limiting_db": report.limiting_db,
        "duration_s": before.duration_s if before else None,
        "score": readiness.get("score"),
        "verdict": readiness.get("verdict"),
        "findings": [finding.code for finding in report.findings],
        "problems": reasons + ([report.infeasible] if report.infeasible else []),
        "sample_rate_hz": source.get("sample_rate_hz"),
        "channels": source.get("channels"),
        "input_blake3": report.input_blake3,
        "output_blake3": report.output_blake3,
        "weights_hash": mastering.get("weights_hash"),
        "settings_toml": settings.to_toml() if settings else None,
        "version": report.version,
    }


def of_album_song(song: dict[str, Any], album: dict[str, Any]) -> dict[str, Any]:
    """The columns of a song that was mastered as part of an album."""
    missed = [f"{check['name']}: missed" for check in song["checks"] if not check["pass"]]
    infeasible = [song["infeasible"]] if song["infeasible"] else []
    after = song["after"]
    return {
        "ok": True,
        "all_met": not missed and not infeasible,
        "lufs_in": song["mix_integrated_lufs"],
        "lufs_out": after["integrated_lufs"],
        "true_peak_in_dbtp": song["mix_true_peak_dbtp"],
        "true_peak_out_dbtp": after["true_peak_dbtp"],
        "loudness_range_out_lu": after["loudness_range_lu"],
        "limiting_db": song["limiting_db"],
        "duration_s": song["sound_s"],
        "findings": [],
        "problems": infeasible + missed + song["damage"],
        "input_blake3": song["input_blake3"],
        "weights_hash": album["weights_hash"],
        "settings_toml": song["settings"],
        "version": album["version"],
    }


def of_readiness(readiness: Readiness) -> dict[str, Any]:
    """The columns of a check."""
    return {
        "ok": True,
        "all_met": readiness.is_ready,
        "score": readiness.score,
        "verdict": readiness.verdict,
        "findings": [finding.code for finding in readiness.findings],
        "problems": [finding.text for finding in readiness.findings if finding.severity == "problem"],
        "version": readiness.version,
    }
