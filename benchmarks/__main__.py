"""``python -m benchmarks`` runs everything and prints one table."""

import os
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.batching import measure_batches
from benchmarks.generating import measure_generation
from benchmarks.reading import compare_lists
from benchmarks.report import addition_table, batch_table, comparison_table

_MODEL_SECONDS: Final = 0.2
_BATCH_CONCURRENCY: Final = 8


def main(
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="A tenth of the images and of the requests.")
    ] = False,
    images: Annotated[
        int, typer.Option(help="How many images the lists are taken from.")
    ] = 100_000,
    requests: Annotated[int, typer.Option(help="How many lists each server answers.")] = 1000,
    pictures: Annotated[
        int, typer.Option(help="How many pictures are made at 64 in flight; fewer at 16 and 1.")
    ] = 2560,
) -> None:
    """Measure the server beside a plain one and beside a model, and print the table."""
    if quick:
        images, requests, pictures = images // 10, requests // 10, pictures // 5
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    with tempfile.TemporaryDirectory(prefix="gql-server-benchmarks-") as folder:
        root = Path(folder)
        (root / "lists").mkdir()
        (root / "pictures").mkdir()
        print()
        print(comparison_table(compare_lists(root / "lists", images=images, requests=requests)))
        print()
        found = measure_generation(
            root / "pictures",
            latency=_MODEL_SECONDS,
            pictures={1: pictures // 20, 16: pictures // 4, 64: pictures},
        )
        print(addition_table(found))
        print()
        (root / "batches").mkdir()
        batches = measure_batches(
            root / "batches",
            latency=_MODEL_SECONDS,
            concurrency=_BATCH_CONCURRENCY,
            pictures=(pictures // 10, pictures),
        )
        print(batch_table(batches))


if __name__ == "__main__":
    typer.run(main)
