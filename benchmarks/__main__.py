"""``python -m benchmarks`` runs everything and prints one table."""

import os
import platform
import tempfile
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.batching import measure_batches
from benchmarks.generating import measure_generation
from benchmarks.pages import measure_pages
from benchmarks.reading import compare_lists
from benchmarks.report import (
    addition_table,
    batch_table,
    comparison_table,
    growth_table,
    page_table,
    watch_table,
)
from benchmarks.scale import measure_growth
from benchmarks.watching import measure_watching

_MODEL_SECONDS: Final = 0.2
_BATCH_CONCURRENCY: Final = 8


class Part(StrEnum):
    """What is measured."""

    LISTS = "lists"
    PICTURES = "pictures"
    BATCHES = "batches"
    WATCHING = "watching"
    PAGES = "pages"
    SCALE = "scale"


def main(
    parts: Annotated[
        list[Part] | None,
        typer.Argument(
            help="What is measured; all but scale by default: it needs 25 GB of disk and an hour."
        ),
    ] = None,
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
    ledger: Annotated[
        int, typer.Option(help="How many images are in the ledger that is set beside 10,000.")
    ] = 10_000_000,
) -> None:
    """Measure the server beside a plain one and beside a model, and print the table."""
    if quick:
        images, requests, pictures = images // 10, requests // 10, pictures // 5
        ledger //= 20
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    with tempfile.TemporaryDirectory(prefix="gql-server-benchmarks-") as folder:
        root = Path(folder)
        for part in parts or (Part.LISTS, Part.PICTURES, Part.BATCHES, Part.WATCHING, Part.PAGES):
            own = root / part
            own.mkdir()
            print()
            if part is Part.LISTS:
                print(comparison_table(compare_lists(own, images=images, requests=requests)))
            elif part is Part.PICTURES:
                found = measure_generation(
                    own,
                    latency=_MODEL_SECONDS,
                    pictures={1: pictures // 20, 16: pictures // 4, 64: pictures},
                )
                print(addition_table(found))
            elif part is Part.BATCHES:
                timings = measure_batches(
                    own,
                    latency=_MODEL_SECONDS,
                    concurrency=_BATCH_CONCURRENCY,
                    pictures=(pictures // 10, pictures),
                )
                print(batch_table(timings))
            elif part is Part.WATCHING:
                found_watching = measure_watching(
                    own, latency=_MODEL_SECONDS, pictures=200, watchers=100 if quick else 1000
                )
                print(watch_table(found_watching))
            elif part is Part.PAGES:
                print(page_table(measure_pages(own)))
            else:
                for name, growths in measure_growth(
                    own, images=ledger, requests=max(20, requests // 10)
                ):
                    print(growth_table(name, growths, ledger))


if __name__ == "__main__":
    typer.run(main)
