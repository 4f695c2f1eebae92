"""API keys as they are read. None of these has a secret; one has its hash."""

from datetime import datetime
from typing import NamedTuple


class ApiKeyRecord(NamedTuple):
    """An API key without the hash of its secret."""

    id: str
    prefix: str
    user_id: str
    role: str
    name: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class KeyCredentials(NamedTuple):
    """What is needed of an API key to authenticate a caller."""

    id: str
    secret_hash: str
    user_id: str
    role: str
    expires_at: datetime | None
    revoked_at: datetime | None
