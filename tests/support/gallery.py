"""A gallery as large as a test needs: rows that share the files of a few images."""

import os
import sqlite3
from pathlib import Path
from typing import Final

_COLUMNS: Final = (
    "user_id, rendered_prompt, search_text, model_id, parameters, width, height, content_type,"
    " size_bytes, placeholder, tags, cost, provider_cost, neurons, seconds, is_preview"
)
_COPY: Final = f"""
WITH RECURSIVE numbers(number) AS (
  SELECT 0 UNION ALL SELECT number + 1 FROM numbers WHERE number + 1 < :count
), originals AS (
  SELECT *, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS places FROM images
)
INSERT INTO images (id, prompt, storage_key, created_at, {_COLUMNS})
SELECT printf('img_%026d', number), printf('Seeded %06d', number),
  replace(storage_key, originals.id, printf('img_%026d', number)),
  strftime('%Y-%m-%d %H:%M:%f000', '2020-01-01', '+' || number || ' seconds'), {_COLUMNS}
FROM numbers JOIN originals ON place = number % places
RETURNING storage_key
"""


def copy_images(data: Path, count: int) -> None:
    """Add copies of the images in a data folder, older than they: ``Seeded 000000`` is the oldest.

    The copies are hard links, so that many cost little more than their rows.
    """
    with sqlite3.connect(data / "gql_server.db") as connection:
        originals = [
            Path(key) for (key,) in connection.execute("SELECT storage_key FROM images ORDER BY id")
        ]
        keys = [Path(key) for (key,) in connection.execute(_COPY, {"count": count})]
    connection.close()
    for number, key in enumerate(sorted(keys)):
        original = originals[number % len(originals)]
        for name in ("{}", ".{}.json"):
            source = data / "images" / original.with_name(name.format(original.name))
            os.link(source, data / "images" / key.with_name(name.format(key.name)))
