"""Options as words of the command line, so that one parser reads them all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ._arrays import path_of
from ._errors import UsageError

_OPTION = re.compile(r"--([a-z][a-z0-9-]*)")
# What belongs to a run over many files, to a terminal, or has an argument of its own.
_NOT_HERE = frozenset(
    "output out_dir input input_list name recursive csv index json quiet verbose threads settings".split()
)


def words(command: str, options: Mapping[str, Any]) -> list[str]:
    """The words of `acetate COMMAND` with options by their long names, underscores for hyphens."""
    found = ["acetate", command]
    if command == "master":
        found.append("--no-config")
    for name, value in options.items():
        if name in _NOT_HERE:
            raise UsageError(f"{name}: no option of this function")
        found.extend(_option(name, value))
    return found


def _option(name: str, value: Any) -> Iterator[str]:
    option = "--" + name.replace("_", "-")
    if value is None or value is False:
        return
    if value is True:
        yield option
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _option(name, one)
    elif isinstance(value, os.PathLike):
        yield f"{option}={path_of(value)}"
    elif isinstance(value, (str, int, float)):
        yield f"{option}={value}"
    else:
        raise UsageError(f"{name}: expected a text, a number, a path or a list of them, found {type(value).__name__}")


def target(value: str | float | None) -> dict[str, Any]:
    """A target by its name, or as a loudness in LUFS."""
    if value is None or isinstance(value, str):
        return {"target": value}
    return {"lufs": value}


def references(value: Any) -> list[str]:
    """The words of references: paths, each alone or in a tuple with what it counts beside the others."""
    found = []
    for one in value if isinstance(value, list) else [value]:
        if one is None:
            continue
        path, weight = one if isinstance(one, tuple) else (one, None)
        found.append(f"--reference={path_of(path)}")
        if weight is not None:
            found.append(f"--weight={weight}")
    return found


@contextmanager
def in_python() -> Iterator[None]:
    """Options in messages as they are called in Python."""
    try:
        yield
    except UsageError as error:
        text = _OPTION.sub(lambda found: found.group(1).replace("-", "_"), str(error))
        raise UsageError(text) from None
