"""Masters a folder or a bucket on this machine or a cluster, and draws a page of it.

python examples/catalog.py s3://label/mixes s3://label/masters results [ray://head:10001]
"""

import sys
from pathlib import Path

from acetate import catalog


def main(mixes: str, masters: str, results: str, address: str | None = None) -> int:
    catalog.start(address)
    rows = catalog.master(mixes, masters, target="streaming", albums="folder")
    counts = catalog.write(rows, Path(results) / "catalog.parquet")
    table = catalog.read(Path(results) / "catalog.parquet")
    (Path(results) / "catalog.html").write_text(catalog.report_page(table, mixes))
    print(counts)
    return 0 if counts["failed"] == counts["missed"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
