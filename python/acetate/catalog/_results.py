"""Tables of results: written whole, read again, and merged from the runs of job arrays."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .._errors import InputError
from .._report import Readiness, Report
from . import _rows, _stores

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.data import Dataset

_LINES = (".jsonl", ".json", ".ndjson")
_ERROR, _CHECK, _REPORT = "acetate.error/", "acetate.check/", "acetate.report/"
# Rows in a group of a Parquet file.
_ROWS = 4096


def write(rows: Dataset | Iterable[pa.Table], path: str | os.PathLike[str]) -> dict[str, int]:
    """Writes the rows of a Dataset or of tables to one Parquet file as they come, and counts how they ended.

    The file has its name only when all rows are in it; an earlier one is replaced. Returns the numbers of rows that are
    `met`, `missed`, `failed` and `resumed`.
    """
    import pyarrow.parquet as pq

    place = os.fspath(path)
    counts = dict.fromkeys(("met", "missed", "failed", "resumed"), 0)
    with _stores.staged(place) as file, pq.ParquetWriter(file, _rows.table([]).schema) as writer:
        for table in _tables(rows):
            writer.write_table(table)
            _count(table, counts)
    return counts


def _tables(rows: Any) -> Iterator[Any]:
    if not hasattr(rows, "iter_batches"):
        yield from rows
        return
    schema = _rows.table([]).schema
    for batch in rows.iter_batches(batch_size=_ROWS, batch_format="pyarrow"):
        yield batch.select(schema.names).cast(schema)


def _count(table: Any, counts: dict[str, int]) -> None:
    columns = [table.column(name).to_pylist() for name in ("ok", "all_met", "resumed")]
    for is_ok, all_met, resumed in zip(*columns):
        counts["failed" if not is_ok else "met" if all_met else "missed"] += 1
        counts["resumed"] += bool(resumed)


def read(path: str | os.PathLike[str]) -> pa.Table:
    """Results as a table: a Parquet file, a folder of them, or the lines of `acetate master --json`.

    Raises `InputError` with the line that cannot be read.
    """
    place = os.fspath(path)
    if place.endswith(_LINES):
        return _rows.table(_lines(place))
    import pyarrow as pa
    import pyarrow.parquet as pq

    source: Any = place
    filesystem = None
    if _stores.is_remote(place):
        filesystem, source = _stores._filesystem(place)
    try:
        table = pq.read_table(source, filesystem=filesystem)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{place}: expected results in Parquet or lines of JSON, found: {error}") from error
    missing = [name for name in _rows.COLUMNS if name not in table.column_names]
    if missing:
        raise InputError(f"{place}: expected results of a catalog, found no column {', '.join(missing)}")
    return table.select(list(_rows.COLUMNS)).cast(_rows.table([]).schema)


def merge(paths: Iterable[str | os.PathLike[str]]) -> pa.Table:
    """The results of several runs in one table: one row a track.

    Of several rows of one track the last one counts, but a failure gives way to what was made.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        for row in read(path).to_pylist():
            known = found.get(row["input"])
            if known is None or row["ok"] or not known["ok"]:
                found[row["input"]] = row
    return _rows.table(found.values())


def _lines(place: str) -> Iterator[dict[str, Any]]:
    data = _stores.read_bytes(place)
    if data is None:
        raise InputError(f"{place}: no such file")
    for number, line in enumerate(data.decode(errors="replace").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield _of_line(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{place}: line {number}: expected a report of acetate --json, found something else: {error}"
            ) from error


def _of_line(values: dict[str, Any]) -> dict[str, Any]:
    kind = str(values["schema"])
    if kind.startswith(_ERROR):
        return _rows.row(
            input=values["input"], ok=False, all_met=False, error=values["error"], version=values["version"]
        )
    if kind.startswith(_CHECK):
        return _rows.row(**_rows.of_readiness(Readiness(values)), input=values.get("input"))
    if kind.startswith(_REPORT):
        columns = _rows.of_report(Report(values))
        output = (values.get("output") or {}).get("path")
        return _rows.row(**columns, input=values["input"]["path"], output=output)
    raise ValueError(f"the schema {kind}")
