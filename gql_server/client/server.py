"""A running server, as its clients see it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from enum import StrEnum
from typing import Any, Final, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from gql_server.client.answers import (
    CANCEL_BATCH,
    GENERATE_BATCH,
    READ_BATCH,
    READ_IMAGE,
    READ_PROGRESS,
    WATCH_BATCH,
    Batch,
    BatchPayload,
    Image,
    Progress,
    Update,
)
from gql_server.client.errors import ServerRefused, WayBlocked, graphql_error, is_transient
from gql_server.client.event_stream import subscribe_to_events
from gql_server.client.retry_policy import ConnectionLost, RetryPolicy
from gql_server.client.subscription import subscribe
from gql_server.quoting import quoted
from gql_server.tls import trusted_authorities

_TIMEOUT: Final = httpx.Timeout(120, connect=10)
"""Seconds: ten thousand prompts are checked before the answer."""

_GIVE_UP_SECONDS: Final = 600.0
_POLL_SECONDS: Final = 2.0
_MAX_FAILURES: Final = 2
"""In a row and without any news, until the next way of watching is tried."""

_IN_PROGRESS: Final = frozenset({"IDEMPOTENCY_IN_PROGRESS", "BATCH_PENDING"})

A = TypeVar("A", bound=BaseModel)
Updates = AsyncGenerator[Update, None]


class Way(StrEnum):
    """A way to watch a batch; each needs less of what lies between than the one before."""

    WEBSOCKET = "WebSocket"
    EVENTS = "event stream"
    POLLING = "polling"


class Server:
    """Asks a server, and tries again while it is not to be reached.

    A server that was never reached is given up at once; one that was is tried for ten minutes.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        report: Callable[[str], None],
        http: httpx.AsyncClient,
        report_way: Callable[[Way, str], None] | None = None,
    ) -> None:
        """Take its address and the caller's API key.

        Args:
            url: The address.
            key: The API key.
            report: Receives each failure.
            http: Sends the requests.
            report_way: Receives the transport that replaces another one, and why.
        """
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._report = report
        self._report_way = report_way
        self._http = http
        self._was_reached = False
        self._lost_answers = 0

    @property
    def lost_answers(self) -> int:
        """How many requests had no answer; the server may have carried them out."""
        return self._lost_answers

    async def check(self) -> None:
        """Make sure that the server is there and that it knows the caller.

        Raises:
            ServerRefused: It does not, or this is no such server.
            ServerUnreachable: It is not there.
        """
        await self._query("{ __typename }", {})

    async def generate_batch(self, source: Mapping[str, Any]) -> BatchPayload:
        """Request a batch; ``source`` is a GenerateBatchInput with an idempotency key.

        Raises:
            ServerRefused: The caller may not, or this is no such server.
            ServerUnreachable: It did not answer for too long.
        """
        retries: RetryPolicy | None = None
        while True:
            data = await self._query(GENERATE_BATCH, {"input": source})
            payload = _read(BatchPayload, data["answer"])
            if not any(error.code in _IN_PROGRESS for error in payload.user_errors):
                return payload
            retries = retries or self.retries()
            await retries.wait(ConnectionLost(payload.user_errors[0].message))

    async def cancel_batch(self, batch_id: str) -> BatchPayload:
        """End what has not started of a batch.

        Raises:
            ServerRefused: The caller may not.
            ServerUnreachable: It did not answer for too long.
        """
        return _read(BatchPayload, (await self._query(CANCEL_BATCH, {"id": batch_id}))["answer"])

    async def batch(self, batch_id: str) -> Batch:
        """Return a batch as it is now.

        Raises:
            ServerRefused: The caller has no such batch.
            ServerUnreachable: It did not answer for too long.
        """
        found = (await self._query(READ_BATCH, {"id": batch_id}))["batch"]
        if found is None:
            raise ServerRefused(f"There is no batch {quoted(batch_id)}.")
        return _read(Batch, found)

    async def image(self, image_id: str) -> Image | None:
        """Return an image with an address that is good now; None where it is gone.

        Raises:
            ServerRefused: The caller may not.
            ServerUnreachable: It did not answer for too long.
        """
        found = (await self._query(READ_IMAGE, {"id": image_id}))["image"]
        return _read(Image, found) if found is not None else None

    async def watch(self, batch_id: str) -> Updates:
        """Yield the progress of a batch, each finished item once, across lost connections.

        Without WebSockets it continues by event stream, and then by polling. The last update
        has the batch at its end.

        Raises:
            ServerRefused: The caller has no such batch.
            ServerUnreachable: It did not answer for too long.
        """
        retries = self.retries()
        ways = iter(Way)
        way, after, failures = next(ways), 0, 0
        while True:
            try:
                async with aclosing(self._updates(way, batch_id, after)) as updates:
                    async for update in updates:
                        retries.reached()
                        after, failures = update.sequence, 0
                        yield update
                batch = await self.batch(batch_id)
                if batch.finished_at is not None and batch.sequence <= after:
                    yield Update.model_construct(sequence=after, batch=batch, finished_items=())
                    return
                raise ConnectionLost("it stopped sending updates before the batch finished")
            except ConnectionLost as lost:
                failures += 1
                is_blocked = isinstance(lost, WayBlocked) or failures >= _MAX_FAILURES
                # A server that answers neither is away, and says nothing of what lies between.
                if way is not Way.POLLING and is_blocked and await self._is_there():
                    way, failures = next(ways), 0
                    if self._report_way is not None:
                        self._report_way(way, str(lost))
                else:
                    await retries.wait(lost)

    def retries(self) -> RetryPolicy:
        """Return new retries for a request to this server."""
        return RetryPolicy(_GIVE_UP_SECONDS if self._was_reached else 0.0, self._report)

    async def _updates(self, way: Way, batch_id: str, after: int) -> Updates:
        if way is Way.POLLING:
            async with aclosing(self._poll(batch_id, after)) as updates:
                async for update in updates:
                    yield update
            return
        url, variables = f"{self._url}/graphql", {"id": batch_id, "after": after}
        results = (
            subscribe(url.replace("http", "ws", 1), WATCH_BATCH, variables, headers=self._headers)
            if way is Way.WEBSOCKET
            else subscribe_to_events(self._http, url, WATCH_BATCH, variables, headers=self._headers)
        )
        async with aclosing(results):
            async for data in results:
                yield _read(Update, data["batchProgress"])

    async def _poll(self, batch_id: str, after: int) -> Updates:
        while True:
            found = (await self._query(READ_PROGRESS, {"id": batch_id, "after": after}))["batch"]
            if found is None:
                raise ServerRefused(f"There is no batch {batch_id!r}.")
            batch = _read(Progress, found)
            items = batch.finished_items
            after = items[-1].sequence if items else after
            yield Update.model_construct(sequence=after, batch=batch, finished_items=items)
            if after >= batch.sequence:
                if batch.finished_at is not None:
                    return
                await asyncio.sleep(_POLL_SECONDS)

    async def _is_there(self) -> bool:
        try:
            await self._answer("{ __typename }", {})
        except ConnectionLost:
            return False
        return True

    async def _query(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        retries = self.retries()
        while True:
            try:
                data = await self._answer(query, variables)
            except ConnectionLost as lost:
                self._lost_answers += 1
                await retries.wait(lost)
            else:
                self._was_reached = True
                return data

    async def _answer(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        body = {"query": query, "variables": dict(variables)}
        try:
            response = await self._http.post(
                f"{self._url}/graphql", json=body, headers=self._headers, timeout=_TIMEOUT
            )
        except httpx.TransportError as error:
            raise ConnectionLost(str(error) or type(error).__name__) from error
        if is_transient(response.status_code):
            raise ConnectionLost(f"it answers {response.status_code}")
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if isinstance(answer, dict) and answer.get("errors"):
            raise graphql_error(answer["errors"])
        if not isinstance(answer, dict) or not isinstance(answer.get("data"), dict):
            raise ServerRefused(f"Unexpected response: HTTP {response.status_code}, not GraphQL.")
        data: dict[str, Any] = answer["data"]
        return data


@asynccontextmanager
async def open_server(
    url: str,
    key: str | None,
    report: Callable[[str], None],
    report_way: Callable[[Way, str], None] | None = None,
) -> AsyncIterator[tuple[Server, httpx.AsyncClient]]:
    """Open a client of a server, and one for images, which sends the key to no one."""
    async with httpx.AsyncClient(verify=trusted_authorities()) as http:
        yield Server(url, key, report, http, report_way), http


def _read(shape: type[A], answer: Any) -> A:
    try:
        return shape.model_validate(answer)
    except ValidationError as error:
        raise ServerRefused(
            "Unexpected response. Do the server and this command have the same version?"
        ) from error
