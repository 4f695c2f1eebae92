"""The images that both servers read: rows in one SQLite file."""

import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

import orjson

from benchmarks.processes import run_to_end
from gql_server.domain.parameters import Parameters
from gql_server.domain.principal import DEFAULT_USER
from gql_server.inference.catalogue import load_catalogue

DATABASE_NAME: Final = "gql_server.db"

_FIRST: Final = datetime(2026, 1, 1, tzinfo=UTC)
_BETWEEN: Final = timedelta(seconds=97, milliseconds=131)
_SUBJECTS: Final = (
    "a lighthouse in the storm",
    "an old sailor mending a net",
    "a red kettle on a white table",
    "a mountain village in the first snow",
    "an office with nobody in it",
    "a beetle on a wet leaf",
)
_MANNERS: Final = (
    "oil on canvas",
    "heavy brush strokes",
    "golden hour",
    "isometric, flat colours",
    "studio light, 35 mm, shallow depth of field",
    "watercolour on rough paper, much left white",
    "seen from far above",
)
_TAGS: Final = ("sea", "portrait", "city", "product", "macro", "sketch", "campaign", "draft")
_PLACEHOLDER: Final = "3OcRJYB4d3h/iIeHeEh3eIhw+j3A"


def make_dataset(folder: Path, images: int) -> Path:
    """Write a database of this many images; return its file."""
    settings = {"DATA_DIR": str(folder)}
    run_to_end(["gql_server", "migrate"], folder, settings)
    # The rows have no files, so the folder must be the database's before there are rows.
    run_to_end(["gql_server", "audit", "--store", "--adopt"], folder, settings)
    file = folder / DATABASE_NAME
    with sqlite3.connect(file) as connection:
        connection.executemany(
            "INSERT INTO images (id, user_id, prompt, rendered_prompt, search_text, model_id,"
            " parameters, storage_key, width, height, content_type, size_bytes, placeholder, tags,"
            " cost, provider_cost, neurons, seconds, is_preview, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _rows(images),
        )
        connection.execute("ANALYZE")
    connection.close()
    return file


def cursor(number: int) -> str:
    """Return the place of an image in the list, by its number from the oldest, which is 0."""
    micros = round(_moment(number).timestamp() * 1_000_000)
    return urlsafe_b64encode(f"{micros}:{image_id(number)}".encode()).decode()


def _rows(images: int) -> Iterator[tuple[object, ...]]:
    random = Random(2026)
    models = [model.id for model in load_catalogue().models]
    for number in range(images):
        key = image_id(number)
        manners = random.sample(_MANNERS, k=random.randint(0, 5))
        prompt = ", ".join((random.choice(_SUBJECTS), *manners))
        side = random.choice((768, 1024, 1120))
        parameters = asdict(Parameters(width=side, height=side, steps=4))
        yield (
            key,
            DEFAULT_USER,
            prompt,
            prompt,
            prompt.casefold(),
            random.choice(models),
            orjson.dumps(parameters).decode(),
            f"generated/{key}.jpg",
            side,
            side,
            "image/jpeg",
            random.randint(90_000, 220_000),
            _PLACEHOLDER,
            orjson.dumps(random.sample(_TAGS, k=random.randint(0, 3))).decode(),
            random.choice((10_000_000, 20_000_000)),
            633_600,
            57_600,
            random.uniform(1, 6),
            False,
            _moment(number).strftime("%Y-%m-%d %H:%M:%S.%f"),
        )


def image_id(number: int) -> str:
    """Return the ID of an image, by its number from the oldest."""
    return f"img_{number:026d}"


def _moment(number: int) -> datetime:
    return _FIRST + number * _BETWEEN
