"""Signatures as in Standard Webhooks: https://www.standardwebhooks.com."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from standardwebhooks import Webhook as Scheme

_PREFIX: Final = "whsec_"
_PURPOSE: Final = b"gql_server webhooks v1 "


def written_secret(key: bytes) -> str:
    """Write a key in the form receivers know: ``whsec_…``."""
    return f"{_PREFIX}{b64encode(key).decode()}"


def user_secret(secret: str, user_id: str | None) -> str:
    """Return the secret that signs one user's webhooks, derived from the server's.

    A user who can verify their own webhooks cannot forge those of another.

    Args:
        secret: The server's secret, ``whsec_…``.
        user_id: The user; None: the server's own webhooks, which admins receive.
    """
    key = b64decode(secret.removeprefix(_PREFIX))
    owner = b"server" if user_id is None else b"user:" + user_id.encode()
    return written_secret(hmac.digest(key, _PURPOSE + owner, "sha256"))


class WebhookSigner:
    """Signs with a secret for each user, derived from each of the server's secrets.

    Both secrets sign while receivers change from one to the next.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        """Take the server's secrets, ``whsec_…``; without any, nothing can be signed."""
        self._secrets = tuple(secrets)

    @property
    def has_secret(self) -> bool:
        """Whether anything can be signed."""
        return bool(self._secrets)

    def secrets_of(self, user_id: str | None) -> Sequence[str]:
        """Return the secrets that verify a user's webhooks, newest first."""
        return [user_secret(secret, user_id) for secret in self._secrets]

    def headers(
        self, webhook_id: str, moment: datetime, body: str, *, user_id: str | None
    ) -> dict[str, str]:
        """Return the headers by which a receiver verifies who sent a body, and when.

        Args:
            webhook_id: The same for each delivery, so that receivers recognize repetitions.
            moment: When it is sent; receivers refuse what is older than five minutes.
            body: The body.
            user_id: The webhook's owner; None: the server's own.
        """
        schemes = [Scheme(secret) for secret in self.secrets_of(user_id)]
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": " ".join(
                scheme.sign(webhook_id, moment, body) for scheme in schemes
            ),
        }
