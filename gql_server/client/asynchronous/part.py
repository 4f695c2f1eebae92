"""What all parts of the client share."""

from collections.abc import Callable
from typing import Any

from gql_server.client.asynchronous.connection import AsyncConnection
from gql_server.client.documents import ESTIMATE_COST
from gql_server.client.results.costs import CostEstimate
from gql_server.client.transports import Transport


class AsyncPart:
    """A part of the client: methods about one noun."""

    _connection: AsyncConnection
    _on_transport: Callable[[Transport, str], None] | None

    async def _estimate(self, given: dict[str, Any]) -> CostEstimate:
        data = await self._connection.run(ESTIMATE_COST, {"input": given})
        return self._connection.result(CostEstimate, data["payload"])
