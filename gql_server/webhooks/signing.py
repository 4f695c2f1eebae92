"""Signatures as Standard Webhooks has them: https://www.standardwebhooks.com."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook as Scheme


def written_secret(key: bytes) -> str:
    """Write a key as receivers know it: ``whsec_…``."""
    return f"whsec_{b64encode(key).decode()}"


class WebhookSigner:
    """Signs with every secret, so that receivers can change from one to the next."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """Take the secrets, ``whsec_…``; none where nothing can be signed."""
        self._schemes = [Scheme(secret) for secret in secrets]

    @property
    def has_secret(self) -> bool:
        """Whether anything can be signed."""
        return bool(self._schemes)

    def headers(self, webhook_id: str, moment: datetime, body: str) -> dict[str, str]:
        """Return the headers that let a receiver know who sent a body, and when.

        Args:
            webhook_id: The same each time it is sent, so that receivers can tell a repetition.
            moment: When it is sent; receivers refuse what is older than five minutes.
            body: What is sent.
        """
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": " ".join(
                scheme.sign(webhook_id, moment, body) for scheme in self._schemes
            ),
        }
