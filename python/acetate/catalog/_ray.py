"""The workers on Ray: blocks of tracks go to a pool of actors, one processor each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Union

from .._errors import AcetateError
from . import _rows
from ._tracks import Track, blocks
from ._work import Asked, Worker

if TYPE_CHECKING:
    from ray.data import Dataset

Concurrency = Union[int, tuple[int, int], None]
"""So many workers, or the fewest and the most."""

_MIB = 1024 * 1024
# A song of four minutes takes about a fifth of it; one of an hour more.
MEMORY_BYTES = 400 * _MIB
"""What a worker declares, bytes."""
# Ray's word for a cluster of its own.
_HERE = "local"
COLUMNS = ("input", "output", "album")
"""What is told of a track before it is done."""


def _ray() -> Any:
    # Ray is asked before it is loaded.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise AcetateError('expected Ray: install it with pip install "acetate[ray]"') from error
    return ray


def start(address: str | None) -> None:
    """Joins a cluster: that of the address, else of RAY_ADDRESS; else starts one on this machine for this process.

    A cluster that was joined before is kept.
    """
    ray = _ray()
    if ray.is_initialized():
        return
    cluster = address or os.environ.get("RAY_ADDRESS") or _HERE
    ray.init(address=cluster, include_dashboard=False if cluster == _HERE else None, log_to_driver=False)


class Actor:
    """A worker as Ray calls it: a table of tracks in, a table of rows out."""

    def __init__(self, asked: Asked) -> None:
        import atexit

        import ray

        self._worker = Worker(asked)
        atexit.register(self._worker.close)
        # Several nodes may run on one machine.
        self._worker._name += f" {ray.get_runtime_context().get_node_id()[:8]}"

    def __call__(self, batch: Any) -> Any:
        tracks = (Track(*(row.get(name) for name in COLUMNS)) for row in batch.to_pylist())
        return _rows.table(self._worker.rows(list(tracks)))


def dataset(tracks: list[Track] | Dataset, asked: Asked, concurrency: Concurrency, memory_bytes: int) -> Dataset:
    """Every track's row, made when it is asked for."""
    ray = _ray()
    start(None)
    given = _of_tracks(ray, tracks) if isinstance(tracks, list) else tracks
    most = max(int(ray.cluster_resources().get("CPU", 1)), 1)
    fewest, most = (1, most) if concurrency is None else _bounds(concurrency)
    made: Dataset = given.map_batches(
        Actor,
        fn_constructor_args=(asked,),
        batch_size=None,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(min_size=fewest, max_size=most),
        num_cpus=1,
        memory=memory_bytes,
    )
    return made


def _bounds(concurrency: int | tuple[int, int]) -> tuple[int, int]:
    return concurrency if isinstance(concurrency, tuple) else (concurrency, concurrency)


def _of_tracks(ray: Any, tracks: list[Track]) -> Dataset:
    import pyarrow as pa

    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    tables = [
        pa.Table.from_pylist([{name: getattr(track, name) for name in COLUMNS} for track in block], schema=schema)
        for block in blocks(tracks)
    ]
    made: Dataset = ray.data.from_arrow(tables)
    return made
