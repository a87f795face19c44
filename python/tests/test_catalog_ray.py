"""A catalog in an object store, mastered by Ray: one session, started once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE_HZ, read_wav, write_wav

import acetate

ray = pytest.importorskip("ray")
pytest.importorskip("s3fs")
pytest.importorskip("moto")

from acetate import catalog  # noqa: E402

pytestmark = pytest.mark.ray
PATIENCE_S = 60


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bucket of a server that speaks S3, on this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("moto") / "log"
    named = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = {name: os.environ.get(name) for name in named}
    os.environ.update(named)
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=out, stderr=out
        )
    try:
        import boto3

        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                boto3.client("s3").create_bucket(Bucket="label")
                break
            except Exception:
                assert time.monotonic() < end and server.poll() is None, log.read_text()
                time.sleep(0.2)
        yield "s3://label"
    finally:
        server.kill()
        server.wait()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


@pytest.fixture(scope="module")
def cluster(store: str) -> Iterator[None]:
    """Ray on the loopback of this machine, with the store's address in its environment."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


def test_a_catalog_goes_from_store_to_store_and_a_second_run_does_what_changed(
    cluster: None, store: str, array: np.ndarray, tmp_path: Path
) -> None:
    import s3fs

    files = s3fs.S3FileSystem()
    for number in range(6):
        write_wav(tmp_path / f"{number}.wav", array[: 2 * RATE_HZ] * np.float32(0.9**number))
        files.put_file(str(tmp_path / f"{number}.wav"), f"label/mixes/a{number % 2}/{number}.wav")
    files.pipe_file("label/mixes/a0/noise.wav", b"this is no sound" * 9)

    def rows() -> list[dict]:
        made = catalog.master(f"{store}/mixes", f"{store}/masters", target=-16.0, concurrency=2)
        return sorted(made.take_all(), key=lambda row: row["input"])

    first = rows()
    assert len(first) == 7 and len({row["input"] for row in first}) == 7
    assert [row["ok"] for row in first].count(False) == 1 and not any(row["resumed"] for row in first)
    files.invalidate_cache()
    for row in first:
        assert files.exists(row["output"]) == row["ok"]
    local = acetate.master(tmp_path / "0.wav", target=-16.0).audio
    files.get_file("label/masters/a0/0.master.wav", str(tmp_path / "master.wav"))
    np.testing.assert_array_equal(read_wav(tmp_path / "master.wav"), local)

    again = rows()
    assert [row["resumed"] for row in again] == [row["ok"] for row in first]
    files.put_file(str(tmp_path / "5.wav"), "label/mixes/a0/0.wav")
    changed = [row["input"] for row in rows() if row["ok"] and not row["resumed"]]
    assert changed == ["s3://label/mixes/a0/0.wav"]

    counts = catalog.write(catalog.check(f"{store}/mixes", records=f"{store}/checks"), tmp_path / "check.parquet")
    assert counts["failed"] == 1 and counts["met"] + counts["missed"] == 6
    assert "not-ready" in catalog.report_page(catalog.read(tmp_path / "check.parquet")) or counts["missed"] == 0


def test_a_dataset_of_the_callers_own_is_mastered_too(cluster: None, array: np.ndarray, tmp_path: Path) -> None:
    write_wav(tmp_path / "x.wav", array[: 2 * RATE_HZ])
    given = ray.data.from_items([{"input": str(tmp_path / "x.wav")}, {"input": str(tmp_path / "none.wav")}])
    rows = catalog.master(given, tmp_path / "out").take_all()
    assert sorted((row["ok"], row["output"]) for row in rows) == [
        (False, str(tmp_path / "out" / "none.master.wav")),
        (True, str(tmp_path / "out" / "x.master.wav")),
    ]


def test_the_rows_of_an_album_are_mastered_together_wherever_they_lie(
    cluster: None, store: str, array: np.ndarray, tmp_path: Path
) -> None:
    import s3fs

    files = s3fs.S3FileSystem()
    inputs = []
    for number in range(4):
        write_wav(tmp_path / f"{number}.wav", array[: 2 * RATE_HZ] * np.float32(0.6**number))
        inputs.append(str(tmp_path / f"{number}.wav"))
        files.put_file(inputs[-1], f"label/albums/{number % 2}/{number}.wav")
    acetate_words = [sys.executable, "-m", "acetate", "master", "--album", "-q", "--out-dir"]
    for album in range(2):
        subprocess.run([*acetate_words, str(tmp_path / "alone"), *inputs[album::2]], check=True)

    rows = [{"input": path, "album": str(number % 2)} for number, path in enumerate(inputs)]
    given = ray.data.from_items(rows, override_num_blocks=4)
    made = catalog.master(given, tmp_path / "out").take_all()
    made += catalog.master(f"{store}/albums", tmp_path / "stored", albums="folder").take_all()
    assert len(made) == 8 and all(row["ok"] for row in made)
    for row in made:
        name = Path(row["output"]).name
        assert Path(row["output"]).read_bytes() == (tmp_path / "alone" / name).read_bytes(), row["input"]
