#!/usr/bin/env python3
"""How a catalog grows: throughput by number of workers, the driver's memory at 10^5 rows, and the page of them.

campaigns/catalog/scale.py FOLDER [TRACKS] [ROWS]

Throughput: the TRACKS (48) smallest sound files below FOLDER, mastered by 1, 2 and 3 workers of one processor each, in two
rounds. Memory: ROWS (100000) rows of a stub: a worker that invents a
row for each track and looks at no file. Needs the
Python package with ray; Chromium, if it is there, opens the page.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
import ray.data

from acetate import catalog
from acetate.catalog import _ray, _rows

SOUND = {".ogg", ".flac", ".mp3", ".opus", ".wav"}


def resident_mb():
    """What this process has in memory, and the most that it had."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20, most / 1024


def throughput(folder, count):
    """Tracks a second by number of workers."""
    songs = sorted((path for path in folder.rglob("*") if path.suffix in SOUND), key=lambda path: (path.stat().st_size, path))
    songs = songs[:count]
    for _ in range(2):
        for workers in (1, 2, 3):
            with tempfile.TemporaryDirectory() as out:
                tracks = [{"input": str(song), "output": f"{out}/{n}.wav"} for n, song in enumerate(songs)]
                given = ray.data.from_items(tracks, override_num_blocks=count // 4)
                began = time.monotonic()
                batches = iter(catalog.master(given, out, concurrency=workers, resume=False).iter_batches(batch_size=4))
                next(batches)
                first = time.monotonic()
                number = 4 + sum(len(batch["ok"]) for batch in batches)
                ended = time.monotonic()
                rate = (number - 4) / (ended - first)
                print(f"{workers} workers: {number} tracks, {rate:.2f} tracks/s after the first rows ({ended - began:.0f} s in all)", flush=True)


class Stub:
    """A worker that looks at no file."""

    def __init__(self, asked):
        self._settings = "x" * 1500

    def __call__(self, batch):
        names = batch.column("input").to_pylist()
        return _rows.table(_rows.row(input=name, ok=True, all_met=True, lufs_in=-19.0, settings_toml=self._settings) for name in names)


def memory(count, folder):
    """The driver's memory for so many rows, and what the table weighs."""
    before, _ = resident_mb()
    began = time.monotonic()
    names = [f"/none/album {n % 9000:05}/track {n:06}.wav" for n in range(count)]
    real, _ray.Actor = _ray.Actor, Stub
    try:
        counts = catalog.write(catalog.check(names, concurrency=2), folder / "stub.parquet")
    finally:
        _ray.Actor = real
    after, most = resident_mb()
    size = (folder / "stub.parquet").stat().st_size / 2**20
    print(f"{count} rows of a stub source: {counts}, {time.monotonic() - began:.0f} s; driver {before:.0f} MB before, {after:.0f} after, {most:.0f} at most; table {size:.1f} MB", flush=True)


def page(count, folder):
    """The page of so many rows of invented figures: its size, how long it takes to draw, and to use."""
    rng = np.random.default_rng(1)
    rows = []
    for n in range(count):
        failed, missed = rng.random() < 0.004, rng.random() < 0.03
        rows.append(_rows.row(
            input=f"s3://label/mixes/album {n % 9000:05}/track {n:06}.wav", album=f"album {n % 9000:05}", ok=not failed,
            all_met=not (failed or missed), error="x.wav: expected sound, found text" if failed else None,
            error_kind="InputError" if failed else None, lufs_in=float(rng.normal(-19, 4)),
            lufs_out=-14.0 - 2 * missed, true_peak_in_dbtp=float(rng.normal(-3, 2)), true_peak_out_dbtp=float(-1 - rng.random() / 5),
            loudness_range_out_lu=float(rng.gamma(4, 1.5)), limiting_db=float(rng.gamma(2, 1.5)), duration_s=float(rng.normal(220, 60)),
            problems=["the target needs more limiting than allowed"] if missed else [], findings=[],
        ))
    began = time.monotonic()
    text = catalog.report_page(_rows.table(rows), f"{count} invented tracks")
    place = folder / "page.html"
    place.write_text(text)
    print(f"page of {count} rows: {len(text.encode()) / 2**20:.1f} MB, drawn in {time.monotonic() - began:.1f} s", flush=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        print("chromium is not there: the page was not opened")
        return
    probe = """<script>addEventListener("load",()=>{const t=[];const time=(n,f)=>{const s=performance.now();f();document.body.offsetHeight;
t.push([n,Math.round(performance.now()-s)])};const head=document.querySelectorAll("#head button");time("sort by name",()=>head[1].click());
time("sort by loudness",()=>head[3].click());const box=document.getElementById("rows");const state=document.getElementById("state");
time("filter",()=>{state.value="failed";state.dispatchEvent(new Event("change"))});
time("all again",()=>{state.value="";state.dispatchEvent(new Event("change"))});
const search=document.getElementById("search");search.value="000777";time("search",()=>{state.dispatchEvent(new Event("change"))});
const found=document.getElementById("count").textContent;search.value="";state.dispatchEvent(new Event("change"));
time("scroll",()=>{box.scrollTop=1e6});document.title=JSON.stringify({t,found,rows:document.querySelectorAll(".row").length,
load:Math.round(performance.now())})})</script></body>"""
    # The probe is no part of the page, so its policy has to go for this one look.
    open_text = text.replace("</body>", probe).replace('http-equiv="Content-Security-Policy"', 'name="none"')
    (folder / "probe.html").write_text(open_text)
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000", "--dump-dom", (folder / "probe.html").as_uri()]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300)
    title = ran.stdout.split("<title>")[1].split("</title>")[0]
    print("in Chromium, ms:", json.loads(title.replace("&quot;", '"')))


def main():
    folder = Path(sys.argv[1])
    tracks = int(sys.argv[2]) if len(sys.argv) > 2 else 48
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
    with tempfile.TemporaryDirectory(prefix="acetate-scale-") as work:
        page(count, Path(work))
        ray.init("local", num_cpus=3, include_dashboard=False, log_to_driver=False)
        ray.data.DataContext.get_current().enable_progress_bars = False
        memory(count, Path(work))
        throughput(folder, tracks)


if __name__ == "__main__":
    main()
