"""The marker of a store, which identifies it."""

import json

from gql_server.storage.store import MARKER, StoreMisconfigured


def marker_content(store_id: str) -> bytes:
    """Return the content of a marker."""
    return json.dumps({"store_id": store_id}).encode()


def read_marker_content(content: bytes) -> str:
    """Return the ID of a store from the content of its marker.

    Raises:
        StoreMisconfigured: The content is invalid.
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
    """Return the message for a store that does not belong to the database."""
    if found is None:
        return (
            f"{place} has no marker {MARKER}, so it is not the store of the database's "
            "images. Is a volume not mounted, or another bucket named?"
        )
    return f"{place} is the store of another database, as its marker {MARKER} says."
