"""Threads, forks and signals: nothing hangs, nothing is left behind, and the bytes stay the same."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE_HZ

import acetate

AT_ONCE = 8
# A child that hangs for ever is a failure after this.
PATIENCE_S = 120


def _digest(song: Path) -> str:
    audio = acetate.master(song).audio
    assert audio is not None
    return hashlib.sha256(audio.tobytes()).hexdigest()


def _child(song: str, answers: object) -> None:
    answers.put(_digest(Path(song)))  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_work_8_at_once_after_the_parent_has_worked(song: Path, method: str) -> None:
    expected = _digest(song)
    context = multiprocessing.get_context(method)
    answers = context.Queue()
    children = [context.Process(target=_child, args=(str(song), answers)) for _ in range(AT_ONCE)]
    for child in children:
        child.start()
    try:
        found = [answers.get(timeout=PATIENCE_S) for _ in children]
    finally:
        for child in children:
            child.kill()
            child.join()
    assert found == [expected] * AT_ONCE


def _grandchild(song: str, answers: object) -> None:
    own = _digest(Path(song))
    inner = multiprocessing.get_context("fork").Process(target=_child, args=(song, answers))
    inner.start()
    inner.join(PATIENCE_S)
    inner.kill()
    answers.put(own)  # type: ignore[attr-defined]


def test_a_child_of_a_child_works_too(song: Path) -> None:
    expected = _digest(song)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_grandchild, args=(str(song), answers))
    child.start()
    try:
        assert [answers.get(timeout=PATIENCE_S) for _ in range(2)] == [expected] * 2
    finally:
        child.kill()
        child.join()


def test_threads_work_8_at_once(song: Path) -> None:
    expected = _digest(song)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        assert list(threads.map(_digest, [song] * AT_ONCE)) == [expected] * AT_ONCE


def test_a_child_forked_while_others_work_does_not_hang(song: Path) -> None:
    expected = _digest(song)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    busy = threading.Thread(target=_digest, args=(song,))
    busy.start()
    child = context.Process(target=_child, args=(str(song), answers))
    child.start()
    try:
        assert answers.get(timeout=PATIENCE_S) == expected
    finally:
        child.kill()
        child.join()
        busy.join()


def test_python_goes_on_while_a_master_is_made(array: np.ndarray) -> None:
    turns, is_done = 0, False

    def turn() -> None:
        nonlocal turns
        while not is_done:
            turns += 1
            time.sleep(0.001)

    other = threading.Thread(target=turn)
    other.start()
    acetate.master(np.tile(array, (4, 1)), sample_rate=RATE_HZ)
    is_done = True
    other.join()
    # Were the interpreter held, there would be one or two.
    assert turns > 10


def test_progress_is_told_in_order_and_may_stop_the_work(array: np.ndarray, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    acetate.master(np.tile(array, (8, 1)), sample_rate=RATE_HZ, progress=lambda *at: told.append(at))
    assert told and {step for step, _, _ in told} <= {"analyze", "render", "write", "verify"}
    assert all(done <= total for _, done, total in told if total is not None)

    class Enough(Exception):
        pass

    def stop(*_: object) -> None:
        raise Enough

    with pytest.raises(Enough):
        acetate.master(np.tile(array, (8, 1)), tmp_path / "out.wav", sample_rate=RATE_HZ, progress=stop)
    assert list(tmp_path.iterdir()) == []


INTERRUPTED = """
import sys, acetate
print("ready", flush=True)
try:
    while True:
        acetate.master(sys.argv[1], sys.argv[2], overwrite=True, no_cache=True)
except KeyboardInterrupt:
    print("stopped", flush=True)
    made = acetate.master(sys.argv[1])
    print("all met" if made.all_met else "missed", flush=True)
"""


def test_ctrl_c_stops_a_master_leaves_nothing_and_the_next_one_works(song: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(song), str(out)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    time.sleep(0.5)
    os.kill(child.pid, signal.SIGINT)
    told, _ = child.communicate(timeout=PATIENCE_S)
    assert told.split("\n")[0] == "stopped" and child.returncode == 0, told
    assert {path.name for path in tmp_path.iterdir()} <= {"out.wav"}
