"""What workers do with tracks, without a cluster: rows, records, names, results and the page."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE_HZ, run, write_wav

import acetate
from acetate import _acetate

pytest.importorskip("pyarrow")
pytest.importorskip("fsspec")

from acetate import catalog  # noqa: E402
from acetate.catalog import _api, _rows, _stores  # noqa: E402
from acetate.catalog._records import FOLDER  # noqa: E402
from acetate.catalog._tracks import Track, blocks, tracks  # noqa: E402
from acetate.catalog._scratch import Scratch  # noqa: E402
from acetate.catalog._work import ANALYZE, CHECK, MASTER, MEASURE, Asked, Worker  # noqa: E402


@pytest.fixture
def mixes(array: np.ndarray, tmp_path: Path) -> Path:
    """A folder with two albums of short songs and a file that is none."""
    folder = tmp_path / "mixes"
    for place, gain in (("a/one", 1.0), ("a/two", 0.5), ("b/one", 0.25)):
        path = folder / f"{place}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_wav(path, array[: 2 * RATE_HZ] * np.float32(gain))
    (folder / "b" / "zip.wav").write_bytes(b"this is no sound" * 9)
    return folder


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    out = str(tmp_path / "masters")
    return Asked(MASTER, "h1", ("--bits=16",), out=out, records=f"{out}/{FOLDER}", scratch=str(tmp_path / "scratch"))


@pytest.fixture
def work() -> Iterator[object]:
    """Does tracks as a worker of its own each time does."""
    workers: list[Worker] = []

    def rows(asked: Asked, wanted: list[Track]) -> list[dict]:
        workers.append(Worker(asked))
        return sorted(workers[-1].rows(wanted), key=lambda row: row["input"])

    before = os.environ.get("RAYON_NUM_THREADS")
    yield rows
    for worker in workers:
        worker.close()
    os.environ.pop("RAYON_NUM_THREADS", None)
    if before is not None:
        os.environ["RAYON_NUM_THREADS"] = before


def test_a_bad_input_is_a_row_and_a_second_run_does_only_what_changed(
    mixes: Path, asked: Asked, work, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = tracks(str(mixes), asked.out, None)
    with monkeypatch.context() as patch:
        # The engine hashes each file while it works; nobody else reads it again.
        patch.setattr(_acetate, "content_hash", None)
        first = work(asked, wanted)
    assert [row["ok"] for row in first] == [True, True, True, False]
    assert first[3]["error_kind"] == "InputError" and "zip.wav" in first[3]["error"] and first[3]["output"]
    assert all(abs(row["lufs_out"] + 14.0) < 0.1 and row["all_met"] for row in first[:3])
    master = Path(first[0]["output"])
    assert master == Path(asked.out) / "a" / "one.master.wav"
    run("master", mixes / "a" / "one.wav", "-o", mixes.parent / "binary.wav", "--bits", "16")
    assert master.read_bytes() == (mixes.parent / "binary.wav").read_bytes()

    written = {row["output"]: os.stat(row["output"]).st_mtime_ns for row in first[:3]}
    again = work(asked, wanted)
    assert [row["resumed"] for row in again] == [True, True, True, False]
    assert [row["lufs_out"] for row in again] == [row["lufs_out"] for row in first]
    assert {path: os.stat(path).st_mtime_ns for path in written} == written

    shutil.copy(mixes / "b" / "one.wav", mixes / "a" / "two.wav")
    changed = work(asked, wanted)
    assert [row["resumed"] for row in changed] == [True, False, True, False] and changed[1]["all_met"]
    assert changed[1]["output_blake3"] == first[2]["output_blake3"]
    other = work(replace(asked, hash="h2", words=("--bits=24",)), wanted)
    assert [row["resumed"] for row in other] == [False] * 4 and all(row["ok"] for row in other[:3])
    Path(first[0]["output"]).unlink()
    assert [row["resumed"] for row in work(replace(asked, hash="h2", words=("--bits=24",)), wanted)][:3] == [False, True, True]


def test_the_songs_of_an_album_are_mastered_as_one(mixes: Path, asked: Asked, work) -> None:
    wanted = tracks(str(mixes), asked.out, "folder")
    first = work(asked, wanted)
    assert [row["album"] for row in first] == ["a", "a", "b", "b"]
    assert [row["ok"] for row in first] == [True, True, True, False] and "zip.wav" in first[3]["error"]
    alone = mixes.parent / "alone"
    run("master", mixes / "a" / "one.wav", mixes / "a" / "two.wav", "--album", "--bits", "16", "--out-dir", alone)
    for row in first[:2]:
        assert Path(row["output"]).read_bytes() == (alone / Path(row["output"]).name).read_bytes()
        assert row["settings_toml"] and row["output_blake3"] == _acetate.content_hash(row["output"])
    # One record is quieter by 6 dB in the mix, and no single master.
    assert first[0]["lufs_out"] != first[1]["lufs_out"] and max(row["lufs_out"] for row in first[:2]) == pytest.approx(-14, abs=0.1)

    again = work(asked, wanted)
    assert [row["resumed"] for row in again] == [True, True, True, False]
    assert [row["lufs_out"] for row in again] == [row["lufs_out"] for row in first]
    # A worker that is killed between masters and records leaves the masters alone.
    shutil.rmtree(asked.records)
    assert [row["ok"] for row in work(asked, wanted)] == [True, True, True, False]
    # What changes one song may change each song of its album.
    shutil.copy(mixes / "b" / "one.wav", mixes / "a" / "two.wav")
    assert [row["resumed"] for row in work(asked, wanted)] == [False, False, True, False]
    shutil.copy(mixes / "a" / "one.wav", mixes / "b" / "zip.wav")
    mended = work(asked, wanted)
    assert [row["resumed"] for row in mended] == [True, True, False, False] and all(row["ok"] for row in mended)
    other = [Track(track.input, track.output, "all") for track in wanted]
    assert [row["resumed"] for row in work(asked, other)] == [False] * 4


def test_a_sound_as_reference_travels_as_its_signature(mixes: Path, song: Path, asked: Asked, work) -> None:
    references = [(str(song), 2.0), str(mixes / "a" / "two.wav")]
    signature = _api._checked(["--bits=16"], [], references)
    (row,) = work(replace(asked, side_files=tuple(signature)), tracks(str(mixes / "a" / "one.wav"), asked.out, None))
    acetate.master(mixes / "a" / "one.wav", mixes.parent / "alone.wav", reference=references, bits=16)
    assert Path(row["output"]).read_bytes() == (mixes.parent / "alone.wav").read_bytes()


def test_a_file_of_somebody_else_is_kept_and_a_master_without_its_record_is_taken(mixes: Path, asked: Asked, work) -> None:
    wanted = tracks(str(mixes / "a"), asked.out, None)
    mine = Path(wanted[0].output)
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    first = work(asked, wanted)
    assert not first[0]["ok"] and first[0]["error_kind"] == "OutputError" and mine.read_bytes() == b"mine"
    assert first[1]["ok"]
    # A worker that is killed between the master and its record leaves the master alone.
    shutil.rmtree(asked.records)
    again = work(asked, wanted)
    assert not again[0]["ok"] and again[1]["ok"] and not again[1]["resumed"]
    assert work(asked, wanted)[1]["resumed"]
    assert work(replace(asked, overwrite=True), wanted)[0]["ok"] and mine.read_bytes() != b"mine"


def test_analyses_checks_and_measures_for_training_are_rows_too(mixes: Path, asked: Asked, work, tmp_path: Path) -> None:
    wanted = tracks(str(mixes), None, None)
    for what in (ANALYZE, CHECK):
        kept = replace(asked, what=what, words=(), out=None, records=str(tmp_path / what))
        rows, again = work(kept, wanted), work(kept, wanted)
        assert [row["ok"] for row in rows] == [True, True, True, False] and rows[0]["verdict"]
        assert [row["resumed"] for row in again] == [True, True, True, False]
        assert {**again[0], "took_s": 0, "worker": "", "resumed": False} == {**rows[0], "took_s": 0, "worker": ""}
    measured = work(replace(asked, what=MEASURE, words=(), out=None, records=None, training_cache=str(tmp_path / "t")), wanted)
    assert [row["ok"] for row in measured] == [True, True, True, False]
    assert len(list((tmp_path / "t").iterdir())) == 3


def test_what_a_killed_worker_left_is_removed_and_what_a_living_one_has_is_not(tmp_path: Path) -> None:
    killed, living = Scratch(str(tmp_path)), Scratch(str(tmp_path))
    (Path(killed.path) / "copy.wav").write_bytes(b"x")
    killed._lock.close()
    third = Scratch(str(tmp_path))
    assert not Path(killed.path).exists() and Path(living.path).exists()
    for scratch in (living, third):
        scratch.close()


def test_names_keep_their_places_and_collisions_are_refused(mixes: Path) -> None:
    named = tracks(str(mixes), "s3://b/out", "folder")
    assert [track.output for track in named] == [
        f"s3://b/out/{place}.master.wav" for place in ("a/one", "a/two", "b/one", "b/zip")
    ]
    with pytest.raises(acetate.UsageError, match="both be written"):
        tracks([str(mixes / "a" / "one.wav"), str(mixes / "b" / "one.wav")], "out", None)
    with pytest.raises(acetate.UsageError, match="both be measured"):
        tracks(["x.wav", "x.wav"], None, None)
    with pytest.raises(acetate.UsageError, match="none"):
        tracks([], None, None)
    many = [Track(f"{n}.wav", None, "album" if n < 30 else None) for n in range(1000)]
    assert sorted(track.input for block in blocks(many) for track in block) == sorted(track.input for track in many)
    assert max(len(block) for block in blocks(many)) == 30 and len(blocks([many[-1]])) == 1


def test_options_that_no_catalog_takes_are_refused_before_any_work(mixes: Path) -> None:
    for options, what in (
        ({"variants": 3}, "variants"),
        ({"target": "nowhere"}, "target"),
        ({"reference": str(mixes / "a" / "none.wav")}, "none.wav"),
        ({"settings": acetate.Settings(), "albums": "folder"}, "no option of albums"),
        ({"weights": "none.safetensors"}, "no such file"),
    ):
        with pytest.raises(acetate.AcetateError, match=what):
            catalog.master(str(mixes), "out", **options)
    assert not Path("out").exists()


def test_results_of_job_arrays_merge_and_draw(mixes: Path, tmp_path: Path) -> None:
    table = tmp_path / "tracks.csv"
    names = [path.relative_to(tmp_path) for path in sorted(mixes.rglob("*.wav"))]
    lines = [f"{name},masters/{number}.wav" for number, name in enumerate(names)]
    (tmp_path / "masters").mkdir()
    table.write_text("input,output\n" + "\n".join(lines))
    for part in (1, 2):
        words = ("master", "--manifest", table, "--shard", f"{part}/2", "--resume", "--json", "-q")
        (tmp_path / f"{part}.jsonl").write_text(run(*words, code=0 if part == 1 else 2))
    merged = catalog.merge([tmp_path / "1.jsonl", tmp_path / "2.jsonl"])
    assert merged.num_rows == 4 and sorted(merged.column("ok").to_pylist()) == [False, True, True, True]
    counts = catalog.write([merged], tmp_path / "all.parquet")
    assert counts == {"met": 3, "missed": 0, "failed": 1, "resumed": 0}
    assert catalog.read(tmp_path / "all.parquet").equals(merged)
    page = catalog.report_page(merged, "My <catalog>")
    assert "My &lt;catalog&gt;" in page and "3</b> met" in page and "zip.wav" in page
    (tmp_path / "bad.jsonl").write_text("{}\n")
    with pytest.raises(acetate.InputError, match="line 1"):
        catalog.read(tmp_path / "bad.jsonl")


def test_the_page_holds_every_row_and_no_name_breaks_out_of_it() -> None:
    rng = np.random.default_rng(1)
    rows = [
        _rows.row(
            input=f"album {n % 700}/track {n}.wav", ok=n % 97 > 0, all_met=n % 89 > 0, error="x.wav: no sound" if n % 97 == 0 else None,
            lufs_in=float(rng.normal(-18, 3)), lufs_out=-14.0, duration_s=200.0, problems=[],
        )
        for n in range(20_000)
    ]  # fmt: skip
    rows[5]["input"] = "</script><script>alert(1)</script>"
    rows[7]["lufs_in"] = 400.0
    page = catalog.report_page(_rows.table(rows))
    assert page.count("<script") == 2 and "alert(1)" in page
    data = json.loads(page.split("id='data'>")[1].split("</script>")[0])
    assert data["size"] == 20_000 and {len(column["values"]) for column in data["columns"]} == {20_000}
    # Many rows have one reason, and one has a figure that no song has.
    assert page.count("no sound</td>") == 1 and "400.0 LUFS" in page


def test_files_of_a_store_are_read_written_and_marked() -> None:
    place = "memory://store/folder"
    assert _stores.mark_of(f"{place}/x.wav") is None and _stores.read_bytes(f"{place}/x.wav") is None
    _stores.write_bytes(f"{place}/x.wav", b"1")
    first = _stores.mark_of(f"{place}/x.wav")
    _stores.write_bytes(f"{place}/x.wav", b"2")
    assert first is not None and first != _stores.mark_of(f"{place}/x.wav")
    _stores.write_bytes(f"{place}/.hidden/y.wav", b"3")
    _stores.write_bytes(f"{place}/notes.txt", b"4")
    assert list(_stores.sound_files(place)) == ["memory:///store/folder/x.wav"] or list(_stores.sound_files(place)) == [
        "memory://store/folder/x.wav"
    ]
    assert _stores.is_folder(place) and not _stores.is_folder(f"{place}/x.wav")


def test_weights_have_a_hash(tmp_path: Path) -> None:
    assert len(_acetate.weights_hash()) == 64
    (tmp_path / "w.safetensors").write_bytes(b"none")
    with pytest.raises(acetate.AcetateError):
        _acetate.weights_hash(str(tmp_path / "w.safetensors"))
