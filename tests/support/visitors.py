"""People with API keys of a running product."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from gql_server.access.keys import KeyDraft, create_key
from gql_server.domain.principal import Role
from gql_server.tls import trusted_authorities
from tests.support.product import Product


@asynccontextmanager
async def visitor(
    product: Product, user_id: str, role: Role, **draft: Any
) -> AsyncIterator[Product]:
    """Give the running product with a client that shows a new key of this user."""
    created = await create_key(
        product.parts.database, KeyDraft(user_id=user_id, role=role, **draft)
    )
    headers = {"Authorization": f"Bearer {created.secret}"}
    async with httpx.AsyncClient(
        base_url=product.settings.server_url,
        verify=trusted_authorities(),
        headers=headers,
        timeout=30,
    ) as client:
        yield Product(client, product.settings, product.parts)
