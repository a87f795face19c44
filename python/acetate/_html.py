"""Reports as HTML for notebooks: a table and a picture, no script, no network."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._settings import Settings

_WIDTH, _HEIGHT, _MARGIN = 560, 190, 34
_FROM_HZ, _TO_HZ = 25.0, 20_000.0
_FLOOR_DB = -60.0
_LABELS_HZ = ((100, "100"), (1_000, "1k"), (10_000, "10k"))
_BEFORE, _AFTER, _GOOD, _BAD = "#8c8c8c", "#1f77b4", "#2e7d32", "#c62828"


def figure(value: float | None, digits: int = 2) -> str:
    """A figure as text; a dash where there is none."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def report(values: dict[str, Any], settings: Settings | None) -> str:
    """A report: checks, figures before and after, the spectrum and what the EQ makes of it."""
    rows = "".join(_check(check) for check in values["checks"])
    mastering = values.get("mastering") or {}
    before, after = mastering.get("before") or values, mastering.get("after") or {}
    verdict = "all met" if values["all_met"] else "not all met"
    color = _GOOD if values["all_met"] else _BAD
    name = (values.get("output") or values.get("input") or {}).get("path", "samples")
    parts = [
        f"<b>{html.escape(values['command'])}</b> {html.escape(name)} <b style='color:{color}'>{verdict}</b>",
        _figures(before, after),
    ]
    if rows:
        parts.append(_table(("check", "measured", "asked for", ""), rows))
    reason = (mastering.get("infeasible") or {}).get("reason")
    if reason:
        parts.append(f"<p>{html.escape(reason)}</p>")
    spectrum = (values.get("analysis") or {}).get("spectrum")
    if spectrum:
        parts.append(_spectrum(spectrum, before.get("integrated_lufs"), settings))
    parts.append(_list(mastering.get("done") or []))
    parts.append(_list([finding["text"] for finding in values["findings"]]))
    return f"<div class='acetate-report'>{''.join(parts)}</div>"


def readiness(values: dict[str, Any]) -> str:
    """A check: verdict, score and findings."""
    rows = "".join(
        f"<tr><td>{html.escape(f['severity'])}</td><td>{html.escape(f['text'])}</td>"
        f"<td>{html.escape(f['advice'])}</td></tr>"
        for f in values["findings"]
    )
    color = _BAD if values["verdict"] == "not-ready" else _GOOD
    head = (
        f"<b style='color:{color}'>{html.escape(values['verdict'].replace('-', ' '))}</b>, "
        f"score {figure(values['score'], 0)} of 100"
    )
    table = _table(("", "found", "what to do"), rows) if rows else ""
    return f"<div class='acetate-report'>{head}{table}</div>"


def _table(heads: tuple[str, ...], rows: str) -> str:
    cells = "".join(f"<th>{html.escape(head)}</th>" for head in heads)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table>"


def _list(texts: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{html.escape(text)}</li>" for text in texts) + "</ul>" if texts else ""


def _check(check: dict[str, Any]) -> str:
    color, word = (_GOOD, "met") if check["pass"] else (_BAD, "missed")
    unit = html.escape(check["unit"])
    return (
        f"<tr><td>{html.escape(check['name'])}</td><td>{figure(check['measured'])} {unit}</td>"
        f"<td>{figure(check['target'])} {unit}</td><td style='color:{color}'>{word}</td></tr>"
    )


def _figures(before: dict[str, Any], after: dict[str, Any]) -> str:
    named = (
        ("integrated_lufs", "LUFS"),
        ("true_peak_dbtp", "dBTP"),
        ("loudness_range_lu", "LU of range"),
        ("plr_db", "dB peak to loudness"),
    )
    rows = "".join(
        f"<tr><td>{unit}</td><td>{figure(before.get(name))}</td>"
        + (f"<td>{figure(after.get(name))}</td>" if after else "")
        + "</tr>"
        for name, unit in named
    )
    return _table(("", "mix", "master") if after else ("", "measured"), rows)


def _spectrum(spectrum: dict[str, Any], lufs: float | None, settings: Settings | None) -> str:
    centers_hz = spectrum.get("center_hz") or spectrum["centre_hz"]
    points = [
        (hz, level_db - (lufs or 0.0))
        for hz, level_db in zip(centers_hz, spectrum["mid_db"])
        if level_db is not None and _FROM_HZ <= hz <= _TO_HZ
    ]
    lines = [(points, _BEFORE)]
    if settings is not None:
        gains_db = settings.eq_curve_db([hz for hz, _ in points])
        lines.append(([(hz, db + gain_db) for (hz, db), gain_db in zip(points, gains_db)], _AFTER))
    drawn = "".join(
        f"<polyline fill='none' stroke='{color}' stroke-width='1.5' "
        f"points='{' '.join(_place(hz, db) for hz, db in line)}'/>"
        for line, color in lines
    )
    labels = "".join(
        f"<text x='{_x(hz):.0f}' y='{_HEIGHT - 12}' text-anchor='middle'>{text}</text>" for hz, text in _LABELS_HZ
    )
    scale = "".join(
        f"<text x='4' y='{_y(db) + 4:.0f}'>{db:.0f}</text>"
        f"<line x1='{_MARGIN}' x2='{_WIDTH}' y1='{_y(db):.1f}' y2='{_y(db):.1f}' stroke='#ddd'/>"
        for db in (-60.0, -40.0, -20.0, 0.0)
    )
    title = "Spectrum of the mix (gray)" + (", and with the EQ of the master (blue)" if len(lines) > 1 else "")
    return (
        f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' width='{_WIDTH}' role='img' aria-label='{title}' "
        f"font-size='11' fill='currentColor'><title>{title}</title>{scale}{labels}{drawn}</svg>"
        f"<div><small>{title}; third octaves, dB relative to the loudness</small></div>"
    )


def _x(hz: float) -> float:
    return _MARGIN + (_WIDTH - _MARGIN) * math.log(hz / _FROM_HZ) / math.log(_TO_HZ / _FROM_HZ)


def _y(db: float) -> float:
    share = (min(max(db, _FLOOR_DB), 0.0)) / _FLOOR_DB
    return 8 + share * (_HEIGHT - _MARGIN - 8)


def _place(hz: float, db: float) -> str:
    return f"{_x(hz):.1f},{_y(db):.1f}"
