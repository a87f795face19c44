#!/usr/bin/env python3
"""A driver of cluster.py, which may be killed: driver.py TRACKS.CSV OUT LOG RESULTS"""

import csv
import json
import os
import sys

from acetate import catalog
from acetate.catalog import _ray


class LoggedActor(_ray.Actor):
    """A worker that also writes down what it begins and ends."""

    def __init__(self, asked):
        super().__init__(asked)
        of_track, log = self._worker.row, os.environ["ACETATE_LOG"]

        def note(**what):
            with open(log, "a") as file:
                file.write(json.dumps({**what, "worker": self._worker._name}) + "\n")

        def row(track):
            note(event="begun", input=track.input, resumed=False)
            made = of_track(track)
            note(event="ended", input=track.input, resumed=made["resumed"])
            return made

        self._worker.row = row


def main():
    table, out, log, results = sys.argv[1:]
    import ray

    ray.init(address=f"{ray.util.get_node_ip_address()}:26379", log_to_driver=False, runtime_env={"env_vars": {"ACETATE_LOG": log}})
    ray.data.DataContext.get_current().enable_progress_bars = False
    with open(table, newline="") as file:
        songs = [row["input"] for row in csv.DictReader(file)]
    # Some songs of the corpus have one name: the places of the list are names of their own.
    tracks = [{"input": song, "output": f"{out}/{number:04}.master.wav"} for number, song in enumerate(songs)]
    _ray.Actor = LoggedActor
    given = ray.data.from_items(tracks, override_num_blocks=max(len(tracks) // 4, 1))
    print(catalog.write(catalog.master(given, out), results), flush=True)


if __name__ == "__main__":
    main()
