"""Images that wait at a provider's address, as they are read."""

from datetime import datetime
from typing import Any, NamedTuple


class RemoteImageRecord(NamedTuple):
    """Where a provider keeps an image."""

    image_id: str
    user_id: str
    batch_id: str | None
    url: str
    expires_at: datetime
    seconds: float
    seed: int | None
    usage: dict[str, Any] | None
    log_id: str | None
    request: dict[str, Any]
    accepted: dict[str, Any]
