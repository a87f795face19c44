"""Where a worker keeps copies of inputs: a folder of its own, locked as long as it works."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile

_SCRATCH = "acetate-catalog"
_LOCK = "lock"


class Scratch:
    """A folder of this worker's. What killed workers left beside it is removed."""

    def __init__(self, parent: str | None) -> None:
        root = os.path.join(parent or tempfile.gettempdir(), f"{_SCRATCH}-{os.getuid()}")
        os.makedirs(root, mode=0o700, exist_ok=True)
        self._sweep(root)
        self.path = tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=root)
        self._lock = open(os.path.join(self.path, _LOCK), "w")  # noqa: SIM115
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    @staticmethod
    def _sweep(root: str) -> None:
        for name in os.listdir(root):
            folder = os.path.join(root, name)
            try:
                with open(os.path.join(folder, _LOCK)) as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
            except OSError:
                # Somebody works in it, or it was made this moment.
                continue

    def close(self) -> None:
        """Removes it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()
