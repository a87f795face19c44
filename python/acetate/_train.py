"""`train`: the command `acetate train`, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from ._arrays import PathLike, path_of
from ._errors import AcetateError, UsageError
from ._words import words

# The exit codes of runs that say how they ended: done, and no weights written.
_ENDED = (0, 1)
# The file of retrained weights in its folder.
_WEIGHTS = "my.safetensors"


class Training:
    """How a training ended."""

    def __init__(self, values: dict[str, Any], weights: str | None) -> None:
        self._values = values
        self.weights = weights
        """The new weights' file, for `master(..., weights=...)`; `None` where none were written."""

    @property
    def verdict(self) -> str:
        """One line: whether retraining made the weights better on albums that it held out."""
        return str(self._values.get("verdict", ""))

    def to_dict(self) -> dict[str, Any]:
        """The whole JSON object, as `acetate train --json` prints it."""
        return dict(self._values)

    def __repr__(self) -> str:
        return f"<acetate.Training: {self.verdict or 'done'}, weights {self.weights}>"


def train(
    *,
    masters: PathLike | None = None,
    pairs: PathLike | None = None,
    out_dir: PathLike = "retrained",
    cache: PathLike | None = None,
    force: bool = False,
    quiet: bool = False,
    **options: Any,
) -> Training:
    """Retrains the network on your own music, as `acetate train` does.

    Parameters
    ----------
    masters
        Folder of finished masters; each folder in it is an album.
    pairs
        List of mixes with their masters: a CSV file with the columns mix, master, album.
    out_dir
        Folder for the weights, the model card and the loss curve.
    cache
        Folder for what was measured, so that a run that was stopped goes on.
    force
        Writes the weights even where they are not shown to be better.
    quiet
        Says nothing of the progress, which goes to standard error.
    options
        Every other long option of `acetate train`: `recipe`, `datasets`, `offline`.

    Returns
    -------
    Training
        With the verdict, and the weights where they were written. That retraining did not help is no exception.

    Raises
    ------
    AcetateError
        With what the command said. Ctrl-C stops the training; it goes on from there when it is started again.
    """
    if (masters is None) == (pairs is None):
        raise UsageError("expected either masters or pairs")
    asked = {"masters": masters, "pairs": pairs, "out_dir": out_dir, "cache": cache, "force": force, **options}
    named = {name: path_of(value) if isinstance(value, os.PathLike) else value for name, value in asked.items()}
    folder = named.pop("out_dir")
    command = [sys.executable, "-m", *words("train", named), f"--out-dir={folder}", "--json", *["--quiet"][: int(quiet)]]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=None if not quiet else subprocess.PIPE, text=True)
    if ended.returncode not in _ENDED or not ended.stdout.strip():
        raise AcetateError(f"training ended with code {ended.returncode}: {(ended.stderr or 'see above').strip()}")
    values = json.loads(ended.stdout)
    return Training(values, os.path.join(os.fspath(folder), _WEIGHTS) if values.get("retrained_written") else None)
