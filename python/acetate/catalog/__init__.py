"""A whole catalog, on one machine or on a cluster of Ray: `pip install "acetate[ray]"`.

>>> from acetate import catalog                                                  # doctest: +SKIP
>>> rows = catalog.master("s3://label/mixes", out="s3://label/masters", target="spotify")  # doctest: +SKIP
>>> rows.write_parquet("s3://label/results")                                     # doctest: +SKIP

Each function gives a Dataset of Ray with one row a track, whose columns are `COLUMNS`. It is lazy: tracks are done
when rows are asked for (`write_parquet`, `take_all`, `iter_batches`), so ask once. A track that cannot be read or
written is a row with `ok` false and its `error`; the others go on. A second run does only what is missing or changed,
by the hashes of input, options, settings, weights and version.

Workers read a track where it lies, or fetch a copy of it; they master it, verify it, send it, and only then tell. A
master has its name only when all of it is there.
"""

from __future__ import annotations

from ._api import analyze, check, master, measure
from ._ray import MEMORY_BYTES, Concurrency, start
from ._report import report_page
from ._results import merge, read, write
from ._rows import COLUMNS
from ._tracks import Albums

__all__ = [
    "COLUMNS",
    "MEMORY_BYTES",
    "Albums",
    "Concurrency",
    "analyze",
    "check",
    "master",
    "measure",
    "merge",
    "read",
    "report_page",
    "start",
    "write",
]
