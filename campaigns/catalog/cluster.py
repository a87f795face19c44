#!/usr/bin/env python3
"""A catalog on a real cluster of three nodes on the loopback of one machine, with kills.

campaigns/catalog/cluster.py FOLDER [TRACKS]

Takes the TRACKS smallest sound files below FOLDER (400), masters them with three raylets, kills one of them in the
middle with SIGKILL, adds another, kills the driver, and starts it again. Then it says which tracks were begun more than once,
and holds every master against the command alone. Needs the Python package with ray, and room for the masters: about 9 GB for 400.
"""

import csv
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import ray.util

SOUND = {".ogg", ".flac", ".mp3", ".opus", ".wav"}
PORT = 26379
DRIVER = Path(__file__).with_name("driver.py")
ENVIRONMENT = {
    **os.environ,
    "RAY_USAGE_STATS_ENABLED": "0",
    "PYTHONUNBUFFERED": "1",
    # A word of this cluster's own, so that nobody else on the machine joins it.
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    # By this the processes of this cluster are known, and no others.
    "ACETATE_CLUSTER": str(os.getpid()),
}
MARK = f"ACETATE_CLUSTER={os.getpid()}".encode()
RAY = [sys.executable, "-m", "ray.scripts.scripts"]


def raylets():
    """Process ids of the raylets of this machine."""
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            name = (place / "cmdline").read_bytes().split(b"\0")[0]
        except OSError:
            continue
        if name.endswith(b"/raylet"):
            found.add(int(place.name))
    return found


def descendants(pid):
    """A process and all that it started."""
    children = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            fields = (place / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(place.name))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def start_node(is_head=False):
    """Starts a node with one processor; its raylet."""
    before = raylets()
    # Ray replaces 127.0.0.1 by the machine's own address, which the loopback serves as well.
    address = f"{ray.util.get_node_ip_address()}:{PORT}"
    where = ["--head", f"--port={PORT}", "--include-dashboard=false"] if is_head else [f"--address={address}"]
    command = [*RAY, "start", *where, "--num-cpus=1", "--disable-usage-stats"]
    command += ["--object-store-memory=200000000"]
    subprocess.run(command, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    (new,) = raylets() - before
    return new


def end_cluster():
    """Kills every process of this cluster."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = MARK in (place / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if is_ours and int(place.name) != os.getpid():
            os.kill(int(place.name), signal.SIGKILL)


def kill(pid):
    """Kills a process and all that it started, as a machine that loses its power."""
    for victim in descendants(pid):
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            pass


def wait_for(out, number, driver):
    """Waits until so many tracks are recorded."""
    while len(list((out / ".acetate-records").glob("*.json"))) < number:
        assert driver.poll() is None, "the driver ended early"
        time.sleep(0.2)


def main():
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 400
    songs = sorted((path for path in folder.rglob("*") if path.suffix in SOUND), key=lambda path: (path.stat().st_size, path))
    songs = songs[:count]
    work = Path(tempfile.mkdtemp(prefix="acetate-cluster-"))
    out, log = work / "masters", work / "begun.log"
    with open(work / "tracks.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["input"])
        table.writerows([[song] for song in songs])
    command = [sys.executable, str(DRIVER), str(work / "tracks.csv"), str(out), str(log), str(work / "catalog.parquet")]

    def driver():
        with open(work / "driver.out", "a") as told:
            return subprocess.Popen(command, env=ENVIRONMENT, stdout=told, stderr=told)

    began = time.monotonic()
    try:
        nodes = [start_node(is_head=True), start_node(), start_node()]
        first = driver()
        wait_for(out, count // 4, first)
        kill(nodes.pop())
        killed_at = len(log.read_text().splitlines())
        wait_for(out, count * 2 // 5, first)
        nodes.append(start_node())
        wait_for(out, count * 5 // 8, first)
        first.kill()
        first.wait()
        recorded = len(list((out / ".acetate-records").glob("*.json")))
        second = driver()
        assert second.wait() in (0, 1), (work / "driver.out").read_text()[-3000:]
        print(f"two runs, one node killed and one added, driver killed at {recorded} records: {time.monotonic() - began:.0f} s")
        end_cluster()
        tell(songs, work, out, log, killed_at)
    finally:
        end_cluster()
        shutil.rmtree(work)


def tell(songs, work, out, log, killed_at):
    """What came of it."""
    import pyarrow.parquet as pq

    begun = [json.loads(line) for line in log.read_text().splitlines()]
    work_of = Counter(line["input"] for line in begun if not line["resumed"] and line["event"] == "ended")
    started = Counter(line["input"] for line in begun if line["event"] == "begun")
    rows = pq.read_table(work / "catalog.parquet").to_pylist()
    names = [row["input"] for row in rows]
    print(f"rows {len(rows)}, different tracks {len(set(names))}, expected {len(songs)}")
    assert sorted(names) == sorted(map(str, songs))
    print(f"ok {sum(row['ok'] for row in rows)}, met {sum(row['all_met'] for row in rows)}, resumed {sum(row['resumed'] for row in rows)}")
    again = sorted(name for name, number in work_of.items() if number > 1)
    print(f"tracks whose work was ended more than once: {len(again)}")
    for name in again:
        print(f"  {name}")
    broken_off = [line for line in begun if line["event"] == "begun"]
    ended = Counter(line["input"] for line in begun if line["event"] == "ended")
    lost = {name: started[name] - ended[name] for name in started if started[name] > ended[name]}
    print(f"begun and broken off by a kill: {len(lost)} of {len(broken_off)} begun ({killed_at} lines before the first kill)")
    for name in sorted(lost):
        print(f"  {name}")
    left = [path for path in out.rglob("*") if "acetate-tmp" in path.name]
    print(f"temporary files left beside the masters: {len(left)}")
    print("masters", len(list(out.rglob("*.master.wav"))), "for", len({row["output"] for row in rows if row["ok"]}), "rows")
    same = different = 0
    by_input = {row["input"]: row for row in rows}
    alone = work / "alone.wav"
    for song in songs:
        # One after the other: two sets of masters would take twice the disk.
        alone.unlink(missing_ok=True)
        command = [sys.executable, "-m", "acetate", "master", str(song), "-o", str(alone), "-q", "--no-cache"]
        said = subprocess.run(command, check=False, capture_output=True, text=True)
        row = by_input[str(song)]
        assert alone.exists() == row["ok"], (song, row["error"], said.stderr)
        if row["ok"]:
            is_same = alone.read_bytes() == Path(row["output"]).read_bytes()
            same, different = same + is_same, different + (not is_same)
    print(f"the bytes of the command alone: {same} the same, {different} different")
    assert different == 0 and not left


if __name__ == "__main__":
    main()
