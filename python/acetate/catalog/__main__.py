"""`acetate catalog`: the same from the command line."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from .._errors import AcetateError

_MET, _MISSED, _UNUSABLE = 0, 1, 2
_PROGRAM = "acetate catalog"
_OPTIONS = "options of acetate master, after --, as: -- --target spotify --amount 50"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description="Masters, checks or measures a whole catalog on this machine or on a cluster of Ray.",
        epilog="Exit codes: 0 all met; 1 some track missed its target, is not ready or failed; 2 usage, or nothing could "
        "be done.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, does in (
        ("master", "master every track"),
        ("check", "tell of every track whether it is ready"),
        ("analyze", "measure every track"),
        ("measure", "measure finished masters for acetate train"),
    ):
        command = commands.add_parser(name, help=does, description=does.capitalize() + ".")
        command.add_argument("inputs", nargs="+", metavar="INPUT", help="files, folders or prefixes: paths or URIs")
        _of_command(command, name)
        command.add_argument("--address", help="a cluster of Ray, as auto or ray://HOST:10001; else this machine")
        command.add_argument("--concurrency", type=int, metavar="N", help="so many workers (default: one a processor)")
        command.add_argument("--scratch", metavar="DIR", help="folder on each machine for copies of inputs")
    report = commands.add_parser("report", help="draw a page of results", description="Draws a page of results.")
    report.add_argument("results", nargs="+", metavar="RESULTS", help="Parquet files, or lines of acetate --json")
    report.add_argument("-o", "--output", required=True, metavar="HTML")
    report.add_argument("--title", default="Catalog")
    merge = commands.add_parser("merge", help="join results", description="Joins results: one row a track.")
    merge.add_argument("results", nargs="+", metavar="RESULTS", help="Parquet files, or lines of acetate --json")
    merge.add_argument("-o", "--output", required=True, metavar="PARQUET")
    return parser


def _of_command(command: argparse.ArgumentParser, name: str) -> None:
    if name == "measure":
        command.add_argument("--cache", required=True, metavar="DIR", help="the folder of acetate train --cache")
        command.set_defaults(results=None, albums=None)
        return
    command.add_argument("--results", required=True, metavar="PARQUET", help="the table of results")
    command.add_argument("--albums", choices=["folder"], help="the folder of a track is its album")
    if name == "master":
        command.add_argument("--out", required=True, metavar="DIR", help="folder or prefix for the masters")
        command.add_argument("--no-resume", action="store_true", help="make again what was made before")
        command.add_argument("--overwrite", action="store_true", help="replace files that no earlier run made")
        command.usage = f"{_PROGRAM} master INPUT... --out DIR --results PARQUET [options] [-- {_OPTIONS}]"
    else:
        command.add_argument("--records", metavar="DIR", help="where it is kept what was measured before")
        command.add_argument("--strict", action="store_true", help="refuse damaged files")


def _options(words: list[str]) -> dict[str, Any]:
    """Long options of `acetate master` as those of Python."""
    found: dict[str, Any] = {}
    at = 0
    while at < len(words):
        name, equals, value = words[at].partition("=")
        at += 1
        if not name.startswith("--"):
            raise AcetateError(f"expected long options of acetate master after --, found {name!r}")
        is_next = not equals and at < len(words) and not words[at].startswith("--")
        if is_next:
            value, at = words[at], at + 1
        key = name[2:].replace("-", "_")
        given = value if equals or is_next else True
        if key == "weight" and "reference" in found:
            # It belongs to the reference before it.
            found["reference"][-1] = (found["reference"][-1], given)
        elif key == "reference":
            found.setdefault(key, []).append(given)
        elif key in found:
            earlier = found[key] if isinstance(found[key], list) else [found[key]]
            found[key] = [*earlier, given]
        else:
            found[key] = given
    return found


def _run(args: argparse.Namespace, options: dict[str, Any]) -> int:
    from . import _api, _ray, _results

    _ray.start(args.address)
    common = {"concurrency": args.concurrency, "scratch": args.scratch}
    if args.command == "master":
        rows = _api.master(
            args.inputs, args.out, albums=args.albums, resume=not args.no_resume, overwrite=args.overwrite,
            **common, **options,
        )  # fmt: skip
    elif args.command == "measure":
        rows = _api.measure(args.inputs, args.cache, **common)
        failed = [row for row in rows.iter_rows() if not row["ok"]]
        for row in failed:
            print(f"warning: {row['error']}", file=sys.stderr)
        return _MISSED if failed else _MET
    else:
        of = _api.check if args.command == "check" else _api.analyze
        rows = of(args.inputs, records=args.records, albums=args.albums, strict=args.strict, **common)
    counts = _results.write(rows, args.results)
    told = ", ".join(f"{number} {word}" for word, number in counts.items())
    print(f"{args.results}: {told}", file=sys.stderr)
    return _MET if counts["missed"] == counts["failed"] == 0 else _MISSED


def _of_results(args: argparse.Namespace) -> int:
    from . import _report, _results, _stores

    table = _results.merge(args.results) if len(args.results) > 1 or args.command == "merge" else _results.read(args.results[0])
    if args.command == "merge":
        _results.write([table], args.output)
    else:
        _stores.write_bytes(args.output, _report.report_page(table, args.title).encode())
    print(f"{args.output}: {table.num_rows} tracks", file=sys.stderr)
    return _MET


def main(words: list[str]) -> int:
    """Runs a command line without its program; the exit code."""
    ours, _, theirs = (words, "", []) if "--" not in words else (
        words[: words.index("--")], "--", words[words.index("--") + 1 :]
    )  # fmt: skip
    args = _parser().parse_args(ours)
    try:
        if args.command in ("report", "merge"):
            return _of_results(args)
        if theirs and args.command != "master":
            raise AcetateError(f"expected no options after -- for {args.command}")
        return _run(args, _options(theirs))
    except AcetateError as error:
        print(f"error: {error}", file=sys.stderr)
        return _UNUSABLE
    except KeyboardInterrupt:
        print("stopped: what was done is recorded, and the next run goes on from there", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
