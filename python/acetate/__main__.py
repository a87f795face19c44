"""The command `acetate`, as `python -m acetate` too."""

from __future__ import annotations

import sys

from . import _acetate

_CATALOG = "catalog"


def main() -> int:
    """Runs the command line; the exit code is the command's."""
    if sys.argv[1:2] == [_CATALOG]:
        from .catalog.__main__ import main as catalog

        return catalog(sys.argv[2:])
    return _acetate.command(["acetate", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
