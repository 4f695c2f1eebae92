"""Attacks by webhook addresses: they may learn nothing of the server's own network."""

import asyncio
from collections.abc import Mapping

from tests.attacks.operations import FLUX, send

_MAKE = """mutation M($input: GenerateBatchInput!) {
  generateBatch(input: $input) { batch { id } userErrors { __typename message } } }"""


async def attack_webhook_addresses(url: str, keys: Mapping[str, str]) -> None:
    """Give addresses of all kinds: each is refused in the same words."""
    addresses = (
        "https://xn--a/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest",
        "https://localhost:8443/",
        "https://[::ffff:10.0.0.1]/",
        "https://printer.local/",
        "https://a..b/",
        "http://example.com/",
        "https://user:x@example.com/",
    )

    async def refused(address: str) -> str:
        batch = {"model": FLUX, "pictures": {"prompts": ["a fox"]}, "webhookUrl": address}
        answer = await send(url, keys["creator"], _MAKE, {"input": batch})
        (error,) = answer["data"]["generateBatch"]["userErrors"]
        return str(error)

    assert len(set(await asyncio.gather(*map(refused, addresses)))) == 1
