"""Sends requests to a server, and retries those that may be retried."""

import json
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import httpx

from gql_server.client.asynchronous import network
from gql_server.client.documents import PING
from gql_server.client.errors.base import GqlServerError
from gql_server.client.errors.rejections import Rejected, not_found, rejection
from gql_server.client.responses import lost_connection, read, response_data
from gql_server.client.results.base import Result
from gql_server.client.results.images import Notice
from gql_server.client.results.user_errors import UserError
from gql_server.client.retries import FIRST_WAIT, MAX_WAIT, Attempt, Retries, TemporaryError

R = TypeVar("R", bound=Result)

_PENDING: Final = frozenset({"GENERATION_PENDING", "BATCH_PENDING", "IDEMPOTENCY_IN_PROGRESS"})
_PAGE: Final = 100
_NOT_CONNECTED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_UPLOAD: Final = {"GraphQL-Require-Preflight": "1"}


@dataclass(frozen=True)
class Upload:
    """A file that is sent with a request, as the variable ``input.file``."""

    name: str
    content: bytes


class AsyncConnection:
    """A server, and what is needed to send requests to it."""

    def __init__(
        self,
        url: str,
        api_key: str | None,
        http: httpx.AsyncClient,
        *,
        tls: ssl.SSLContext,
        retry_seconds: float,
        on_retry: Callable[[GqlServerError], None] | None,
    ) -> None:
        self.url = url
        self.http = http
        self.headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._tls = tls
        self._retry_seconds = retry_seconds
        self._on_retry = on_retry
        self._was_reached = False

    def retries(self) -> Retries:
        """Return new retries for a request to this server."""
        return Retries(self._retry_seconds, self._on_retry)

    def tls(self, url: str) -> ssl.SSLContext | None:
        """Return the TLS context for an address; None where it needs none."""
        return self._tls if url.startswith(("https", "wss")) else None

    def reached(self) -> None:
        """Note that there is a server at this address."""
        self._was_reached = True

    async def run(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        is_safe: bool = True,
        upload: Upload | None = None,
    ) -> dict[str, Any]:
        """Run an operation and return its data.

        Args:
            document: The operation.
            variables: Its variables.
            is_safe: Whether a second run would change nothing. Otherwise it is retried only if it
                certainly did not run.
            upload: A file to send.

        Raises:
            GqlServerError: It failed, or the server did not answer for too long.
        """
        retries = self.retries()
        while True:
            try:
                data = await self.attempt(document, variables or {}, upload=upload)
            except TemporaryError as failed:
                await self.wait(retries, failed, is_safe=is_safe)
            except GqlServerError as error:
                raise retries.marked(error) from error.__cause__
            else:
                return data

    async def wait(self, retries: Retries, failed: TemporaryError, *, is_safe: bool = True) -> None:
        """Wait until the next attempt.

        Raises:
            GqlServerError: There must be none: the time is up, a second run would not be safe, or
                there has never been a server at this address.
        """
        is_never_there = failed.attempt is Attempt.NOT_CONNECTED and not self._was_reached
        is_unsafe = failed.attempt is Attempt.LOST and not is_safe
        await network.sleep(retries.next_wait(failed, is_final=is_never_there or is_unsafe))

    async def is_there(self) -> bool:
        """Return whether the server answers now."""
        try:
            await self.attempt(PING, {})
        except TemporaryError:
            return False
        return True

    async def attempt(
        self, document: str, variables: Mapping[str, Any], *, upload: Upload | None = None
    ) -> dict[str, Any]:
        """Run an operation once and return its data.

        Raises:
            TemporaryError: Another attempt may succeed.
            GqlServerError: It failed.
        """
        body = {"query": document, "variables": dict(variables)}
        address = f"{self.url}/graphql"
        try:
            if upload is None:
                response = await self.http.post(address, json=body, headers=self.headers)
            else:
                response = await self.http.post(
                    address,
                    data={"operations": json.dumps(body), "map": '{"0": ["variables.input.file"]}'},
                    files={"0": (upload.name, upload.content)},
                    headers=self.headers | _UPLOAD,
                )
        except _NOT_CONNECTED as error:
            raise lost_connection(error, Attempt.NOT_CONNECTED) from error
        except httpx.RequestError as error:
            self._was_reached = True
            raise lost_connection(error) from error
        self._was_reached = True
        return response_data(response)

    async def mutate(
        self,
        kind: type[R],
        document: str,
        given: Mapping[str, Any],
        *,
        is_safe: bool = True,
        upload: Upload | None = None,
        wait_seconds: float = 0.0,
    ) -> R:
        """Run a mutation of the documents and return its result.

        Args:
            kind: Type of the result.
            document: The mutation.
            given: Its input.
            is_safe: Whether a second run would change nothing.
            upload: A file to send.
            wait_seconds: For how long to repeat it while an earlier run is still in progress.

        Raises:
            Rejected: The server did not carry it out.
            GqlServerError: It failed.
        """
        started, pause = time.monotonic(), FIRST_WAIT
        while True:
            data = await self.run(document, {"input": dict(given)}, is_safe=is_safe, upload=upload)
            try:
                return self.result(kind, data["payload"])
            except Rejected as error:
                is_pending = any(one.code in _PENDING for one in error.errors)
                if not is_pending or time.monotonic() - started + pause > wait_seconds:
                    raise
            await network.sleep(pause)
            pause = min(pause * 2, MAX_WAIT)

    def result(self, kind: type[R], payload: Mapping[str, Any]) -> R:
        """Return the result of a payload, with its warnings.

        Raises:
            Rejected: There are errors instead.
        """
        self.check(payload)
        result = read(kind, payload["result"])
        notices = tuple(read(Notice, one) for one in payload.get("warnings", ()))
        return result.model_copy(update={"warnings": notices}) if notices else result

    def check(self, payload: Mapping[str, Any]) -> None:
        """Check that a payload has no errors.

        Raises:
            Rejected: It has.
        """
        if payload["userErrors"]:
            raise rejection([read(UserError, error) for error in payload["userErrors"]])

    async def look_up(self, kind: type[R], document: str, object_id: str, *, noun: str) -> R:
        """Return an object by its ID.

        Args:
            kind: Type of the object.
            document: The query.
            object_id: The ID.
            noun: What it is, for the error, such as ``Batch``.

        Raises:
            NotFound: The caller has none with this ID.
        """
        found = (await self.run(document, {"id": object_id}))["result"]
        if not found:  # also where the ID is that of another type
            raise not_found(noun, object_id)
        return read(kind, found)

    async def pages(
        self,
        kind: type[R],
        document: str,
        variables: Mapping[str, Any],
        *,
        under: tuple[str, str] | None = None,
    ) -> AsyncGenerator[R]:
        """Yield all entries of a list, page by page.

        Args:
            kind: Type of an entry.
            document: The query; it calls the list ``page``.
            variables: Its variables, without those of the page.
            under: The field of the object that has the list, and the ID of the object.

        Raises:
            NotFound: There is no such object.
        """
        after: str | None = None
        while True:
            data = await self.run(document, {**variables, "first": _PAGE, "after": after})
            if under is not None:
                field, object_id = under
                if data[field] is None:
                    raise not_found(field.capitalize(), object_id)
                data = data[field]
            page = data["page"]
            for edge in page["edges"]:
                yield read(kind, edge["node"])
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]
