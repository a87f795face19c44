"""The page of a catalog: distributions, outliers, what failed and why, and a table of all tracks."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
from collections import Counter
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

# Column, title, unit, digits, width of the column in pixels.
_FIGURES = (
    ("lufs_in", "mix", "LUFS", 1, 70),
    ("lufs_out", "master", "LUFS", 2, 80),
    ("true_peak_in_dbtp", "mix peak", "dBTP", 1, 85),
    ("true_peak_out_dbtp", "peak", "dBTP", 2, 75),
    ("loudness_range_out_lu", "range", "LU", 1, 75),
    ("limiting_db", "limiting", "dB", 1, 80),
    ("score", "score", "of 100", 0, 70),
    ("duration_s", "length", "s", 0, 75),
)
_BINS = 40
_PICTURE = (300, 130, 24)
# Further from the middle than this many median distances is an outlier (about 3 standard deviations and a half of a
# normal distribution).
_OUTLIER = 3.5
_PER_MAD = 1.4826
_MOST_OUTLIERS = 12
_MOST_REASONS = 30
# What differs between the messages of one reason.
_PARTICULAR = re.compile(r"\S*/\S+|\b\d+(\.\d+)?\b")


def report_page(table: pa.Table, title: str = "Catalog") -> str:
    """One HTML page that needs no network, of the table that `read` or `merge` gives.

    10^5 rows are searched, filtered and sorted in the browser; only the rows in sight are drawn.
    """
    states, is_check = _states(table)
    columns = _columns(table, states)
    script = _asset("page.js")
    payload = json.dumps({"size": table.num_rows, "columns": columns}, separators=(",", ":"), allow_nan=False)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    options = "".join(f"<option>{html.escape(word)}</option>" for word in dict.fromkeys(states))
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        _counts(states, table),
        "<h2>Distributions</h2>",
        f"<div class='pictures'>{_pictures(table)}</div>",
        "<h2>What failed, and why</h2>",
        _reasons(table, states, is_check),
        "<h2>Outliers</h2>",
        _outliers(table),
        "<h2>All tracks</h2>",
        "<div class='bar'><input id='search' type='search' placeholder='Search name, album, reason' aria-label='Search'>"
        f"<select id='state' aria-label='How it ended'><option value=''>all</option>{options}</select>"
        "<span id='count'></span></div>",
        "<div id='rows' tabindex='0'><div id='head'></div><div id='space'><div id='body'></div></div></div>",
    ]
    # Nothing in a name ends the script that holds it.
    safe = payload.replace("<", "\\u003c")
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<meta name='viewport' content='width=device-width'><title>{html.escape(title)}</title>"
        f"<style>{_asset('page.css')}</style></head><body>{''.join(parts)}"
        f"<script type='application/json' id='data'>{safe}</script><script>{script}</script></body></html>\n"
    )


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _states(table: pa.Table) -> tuple[list[str], bool]:
    """How each track ended, and whether the table is of a check."""
    is_check = table.num_rows > 0 and table.column("lufs_in").null_count == table.num_rows and (
        table.column("verdict").null_count < table.num_rows
    )
    words = ("ready", "not-ready") if is_check else ("met", "missed")
    both = zip(table.column("ok").to_pylist(), table.column("all_met").to_pylist())
    return ["failed" if not ok else words[0] if met else words[1] for ok, met in both], is_check


def _numbers(table: pa.Table, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    values = table.column(name).to_pylist()
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _coded(values: list[str | None]) -> dict[str, Any]:
    """Texts as numbers of a list of different ones: most are said often."""
    places: dict[str, int] = {}
    codes = [None if value is None else places.setdefault(value, len(places)) for value in values]
    return {"words": list(places), "values": codes}


def _why(table: pa.Table) -> list[str | None]:
    both = zip(table.column("error").to_pylist(), table.column("problems").to_pylist())
    return [error or ("; ".join(problems) if problems else None) for error, problems in both]


def _columns(table: pa.Table, states: list[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": "state", "title": "", "isText": True, "width": 75, **_coded(list(states))},
        {"name": "input", "title": "track", "isText": True, "width": 380, "values": table.column("input").to_pylist()},
    ]
    if table.column("album").null_count < table.num_rows:
        album = _coded(table.column("album").to_pylist())
        found.append({"name": "album", "title": "album", "isText": True, "width": 150, **album})
    for name, title, unit, digits, width in _FIGURES:
        values = _numbers(table, name)
        if np.isfinite(values).any():
            plain = [None if not math.isfinite(value) else round(value, digits) for value in values.tolist()]
            shown = {"title": f"{title}, {unit}", "isText": False, "digits": digits, "width": width + 30}
            found.append({"name": name, "values": plain, **shown})
    found.append({"name": "why", "title": "why", "isText": True, "width": 520, **_coded(_why(table))})
    return found


def _counts(states: list[str], table: pa.Table) -> str:
    counted = Counter(states)
    hours = float(np.nansum(_numbers(table, "duration_s"))) / 3600
    told = "".join(f"<span><b>{number}</b> {html.escape(word)}</span>" for word, number in counted.most_common())
    return f"<p class='counts'><span><b>{len(states)}</b> tracks</span>{told}<span><b>{hours:.1f}</b> hours</span></p>"


def _pictures(table: pa.Table) -> str:
    drawn = []
    for name, title, unit, digits, _ in _FIGURES:
        values = _numbers(table, name)
        values = values[np.isfinite(values)]
        if values.size:
            middle, low, high = np.percentile(values, [50, 5, 95])
            told = f"{title}, {unit}: median {middle:.{digits}f}, 90 % from {low:.{digits}f} to {high:.{digits}f}"
            drawn.append(f"<figure>{_histogram(values, digits, told)}<figcaption>{told}</figcaption></figure>")
    return "".join(drawn) or "<p>No figures.</p>"


def _histogram(values: np.ndarray[Any, np.dtype[np.float64]], digits: int, told: str) -> str:
    width, height, margin = _PICTURE
    # Single ones far away leave the rest its width; they stand among the outliers.
    low, high = np.percentile(values, [0.2, 99.8])
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    numbers, edges = np.histogram(np.clip(values, low, high), bins=_BINS, range=(low, high))
    step = width / _BINS
    tall = (height - margin) / numbers.max()
    bars = "".join(
        f"<rect x='{place * step:.1f}' y='{height - margin - number * tall:.1f}' width='{step - 1:.1f}' "
        f"height='{number * tall:.1f}'><title>{edges[place]:.{digits}f} to {edges[place + 1]:.{digits}f}: {number}"
        "</title></rect>"
        for place, number in enumerate(numbers.tolist())
        if number
    )
    ends = f"<text x='0' y='{height - 8}'>{low:.{digits}f}</text>" + (
        f"<text x='{width}' y='{height - 8}' text-anchor='end'>{high:.{digits}f}</text>"
    )
    label = html.escape(told)
    return f"<svg viewBox='0 0 {width} {height}' width='{width}' role='img' aria-label='{label}'>{bars}{ends}</svg>"


def _reasons(table: pa.Table, states: list[str], is_check: bool) -> str:
    kinds = table.column("error_kind").to_pylist()
    counted: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], str] = {}
    bad = ("failed", "not-ready") if is_check else ("failed", "missed")
    for state, why, kind, name in zip(states, _why(table), kinds, table.column("input").to_pylist()):
        if state not in bad:
            continue
        for reason in (why or "a check failed").split("; ") if state != "failed" else [why or "unknown"]:
            key = (kind or state, _PARTICULAR.sub("…", reason.replace(name, "…")).strip(": "))
            counted[key] += 1
            examples.setdefault(key, name)
    if not counted:
        return "<p>Nothing.</p>"
    rows = "".join(
        f"<tr><td class='number'>{number}</td><td>{html.escape(kind)}</td><td>{html.escape(reason)}</td>"
        f"<td>{_link(examples[kind, reason])}</td></tr>"
        for (kind, reason), number in counted.most_common(_MOST_REASONS)
    )
    more = len(counted) - _MOST_REASONS
    rest = f"<p>And {more} further reasons.</p>" if more > 0 else ""
    return f"<table><tr><th>tracks</th><th></th><th>why</th><th>for example</th></tr>{rows}</table>{rest}"


def _link(name: str) -> str:
    return f"<button type='button' class='link' data-search='{html.escape(name)}'>{html.escape(name)}</button>"


def _outliers(table: pa.Table) -> str:
    names = table.column("input").to_pylist()
    rows = []
    for column, title, unit, digits, _ in _FIGURES:
        values = _numbers(table, column)
        known = values[np.isfinite(values)]
        if known.size < 8:
            continue
        middle = float(np.median(known))
        usual = _PER_MAD * float(np.median(np.abs(known - middle)))
        if usual <= 0.0:
            continue
        far = np.where(np.isfinite(values), np.abs(values - middle) / usual, 0.0)
        order = np.argsort(-far, kind="stable")[:_MOST_OUTLIERS]
        rows += [
            f"<tr><td>{title}</td><td class='number'>{values[place]:.{digits}f} {unit}</td>"
            f"<td class='number'>{middle:.{digits}f}</td><td>{_link(names[place])}</td></tr>"
            for place in order.tolist()
            if far[place] > _OUTLIER
        ]
    if not rows:
        return "<p>None.</p>"
    return f"<table><tr><th></th><th>measured</th><th>median</th><th>track</th></tr>{''.join(rows)}</table>"
