"""The marker of a store, which tells one store from another."""

import json

from gql_server.storage.store import MARKER, StoreMisconfigured


def marker_content(store_id: str) -> bytes:
    """Write the marker of a store."""
    return json.dumps({"store_id": store_id}).encode()


def read_marker_content(content: bytes) -> str:
    """Return the id of a store from its marker.

    Raises:
        StoreMisconfigured: It is no marker.
    """
    try:
        store_id = json.loads(content)["store_id"]
    except (ValueError, KeyError, TypeError):
        store_id = None
    if not isinstance(store_id, str):
        message = (
            f"the store's marker {MARKER} is damaged; remove it, and run "
            "`gql-server audit --store --adopt`"
        )
        raise StoreMisconfigured(message)
    return store_id


def wrong_marker(place: str, found: str | None) -> str:
    """Say that a store is not the one that the database's pictures are in."""
    if found is None:
        return (
            f"{place} has no marker {MARKER}, so it is not the store that the database's pictures "
            "are in. Is a volume not mounted, or another bucket named?"
        )
    return f"{place} is the store of another database, as its marker {MARKER} says."
