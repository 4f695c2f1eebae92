"""Settings of Python's garbage collector for a process that runs for months."""

import gc
from typing import Final

_THRESHOLDS: Final = (10_000, 5, 10)
"""How many new objects, and how many collections of the younger generation, start a collection.

Those of Python 3.11 and 3.12 (700, 10, 10) can start a full collection after 70,000 new objects.
An open subscription has some 270 objects: while a thousand are opened, five full collections stop
everything for up to 0.3 s each. With these a full collection follows 500,000 new objects at the
earliest.
"""


def tune_garbage_collection() -> None:
    """Exclude what exists now from all collections, and collect less often.

    Call it when the process has started: modules, the schema and statements are never garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
