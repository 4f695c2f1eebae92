"""IDs that contain what they name: a prefix and a ULID in lower case.

They are unique across types, so a GraphQL ``node(id:)`` needs no second encoding.
"""

from datetime import datetime
from typing import Final, Literal

from ulid import ULID

IdPrefix = Literal[
    "img", "src", "tpl", "chg", "prc", "bdg", "key", "bat", "itm", "whk", "dlv", "sto", "gen", "ers"
]

_ULID_LENGTH: Final = 26


def new_id(prefix: IdPrefix) -> str:
    """Return a new ID such as ``img_01jd2k…``; later IDs sort after earlier ones."""
    return f"{prefix}_{str(ULID()).lower()}"


def first_id(prefix: IdPrefix, moment: datetime) -> str:
    """Return the smallest ID of this kind at a time: IDs of earlier times sort before it."""
    milliseconds = int(moment.timestamp() * 1000)
    return f"{prefix}_{str(ULID(milliseconds.to_bytes(6) + bytes(10))).lower()}"


def has_prefix(value: str, prefix: IdPrefix) -> bool:
    """Return whether ``value`` has the form of an ID of this kind."""
    head, _, tail = value.partition("_")
    return head == prefix and len(tail) == _ULID_LENGTH and tail.isascii() and tail.isalnum()


def generation_of_batch(batch_id: str) -> str:
    """Return the ID of the generation that is kept as a batch of one."""
    return batch_id.replace("bat_", "gen_", 1)


def batch_of_generation(generation_id: str) -> str:
    """Return the ID of the batch of one that a generation is kept as; no ID for another one."""
    if not has_prefix(generation_id, "gen"):
        return ""
    return generation_id.replace("gen_", "bat_", 1)
