"""The client of Workers AI: one connection pool, bounded attempts, domain errors only."""

import asyncio
import re
import ssl
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Final

import httpx
import structlog

from gql_server.domain.clock import now
from gql_server.inference.attempts import NoRateLimit, RateLimiter, while_needed
from gql_server.inference.generator import (
    GeneratedPicture,
    GenerationRequest,
    RemoteImage,
)
from gql_server.inference.model import RequestForm
from gql_server.inference.model_calls import ModelCall
from gql_server.inference.workers_ai.answers import (
    Answer,
    AnsweredAddress,
    read_answer,
    read_picture,
)
from gql_server.inference.workers_ai.backoff import Backoff
from gql_server.inference.workers_ai.connections import Connections
from gql_server.inference.workers_ai.credentials import Authorization, SecretsHidden
from gql_server.inference.workers_ai.endpoints import Endpoints
from gql_server.inference.workers_ai.errors import (
    AttemptFailed,
    FailureCause,
    outcome_of,
    to_domain_error,
)
from gql_server.inference.workers_ai.failure_log import log_failure, log_retry
from gql_server.inference.workers_ai.image_fetcher import FETCH_WAITS, ImageFetcher
from gql_server.inference.workers_ai.requests import RequestBody, write_body
from gql_server.outbound.addresses import PublicAddresses
from gql_server.tls import trusted_authorities

MAX_OTHER_SEEDS: Final = 2
"""How many other seeds are tried if the model's filter rejects an image."""

_CONNECT_SECONDS: Final = 10.0
_LOG_ID: Final = re.compile(r"[!-~]{1,100}")
_EXPIRED_PERMIT_SECONDS: Final = 0.1
"""The additional wait after each expired permit, so that a slow database wastes none."""

_MAX_EXPIRED_PERMIT_SECONDS: Final = 5.0
_MAX_LATENESS_SECONDS: Final = 1.0
"""How long after its permit an attempt may start; the rate limiter allows for it."""

log = structlog.get_logger(__name__)


class WorkersAI:
    """Generates images on Cloudflare Workers AI. Belongs to the event loop that first uses it.

    Args:
        account_id: The Cloudflare account.
        api_token: A token with the permission to run Workers AI; only the Authorization header
            contains it.
        gateway_token: The token of an AI Gateway that requires one of its own.
        base_url: Cloudflare's API, or an AI Gateway's address, which ends in ``/workers-ai``.
        gateway_id: The AI Gateway that calls go through.
        gateway_logs_payloads: Whether its log may keep prompts and images.
        addresses: Decides from which hosts images are fetched; unless given, public ones.
        timeout_seconds: How long one attempt may take, from connecting to the last byte.
        max_attempts: Maximum number of attempts for an image, including the first.
        fetch_waits: Seconds between attempts at fetching an image from its address.
        max_connections: Maximum number of simultaneous requests; more wait for a connection.
        limiter: Gives each attempt its permit; without it attempts start immediately.
        backoff: Returns the seconds to wait, from the number of the failed attempt and the wait
            that the service requests, or None to give up.
        clock: Returns the current time.

    Raises:
        ValueError: The token or the base URL cannot be used.
    """

    def __init__(
        self,
        *,
        account_id: str,
        api_token: str,
        gateway_token: str | None = None,
        base_url: str,
        gateway_id: str | None = None,
        gateway_logs_payloads: bool = True,
        addresses: PublicAddresses | None = None,
        timeout_seconds: float = 120.0,
        max_attempts: int = 4,
        max_connections: int = 256,
        fetch_waits: tuple[float, ...] = FETCH_WAITS,
        limiter: RateLimiter | None = None,
        backoff: Callable[[int, float | None], float | None] | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._endpoints = Endpoints(
            base_url, account_id, gateway_id=gateway_id, logs_payloads=gateway_logs_payloads
        )
        self._authorization = Authorization(api_token)
        self._gateway_authorization = Authorization(api_token, gateway_token)
        self._fetcher = ImageFetcher(
            addresses or PublicAddresses(allow_private=False),
            timeout_seconds=timeout_seconds,
            clock=clock,
            waits=fetch_waits,
        )
        self._redact = SecretsHidden(api_token, gateway_token or "", account_id)
        self._timeout_seconds = timeout_seconds
        self._max_attempts = max_attempts
        self._connections = Connections(self._new_client, maximum=max_connections)
        self._limiter = NoRateLimit() if limiter is None else limiter
        self._tls: ssl.SSLContext | None = None
        self._backoff = Backoff() if backoff is None else backoff
        self._clock = clock

    @property
    def is_preview(self) -> bool:
        """False: the images are generated by models."""
        return False

    async def open(self) -> None:
        """Read the certificates of trusted authorities; without it the first call does."""
        if self._tls is None:
            self._tls = await asyncio.to_thread(trusted_authorities)

    async def generate(self, request: GenerationRequest) -> GeneratedPicture:
        """Generate one image, as ``Generator.generate`` promises."""
        model_id = request.model.id
        body = await _written(request)
        flagged = 0
        for attempt in count(1):
            try:
                return await self._attempt(body, request)
            except AttemptFailed as failure:
                flagged += failure.cause is FailureCause.PICTURE
                wait = self._seconds_until_next(failure, attempt, request, flagged)
                if wait is None:
                    log_failure(failure, model_id, attempt)
                    raise to_domain_error(
                        failure,
                        model=request.model,
                        seed_was_given=request.seed_was_given,
                        moment=self._clock(),
                    ) from failure
                log_retry(failure, model_id, attempt, wait_seconds=wait)
                if failure.cause is FailureCause.PICTURE:
                    request = _with_another_seed(request)
                    body = await _written(request)
            await while_needed(asyncio.sleep(wait), request.is_needed)
        raise AssertionError  # pragma: no cover - the loop ends by return or by raising

    async def close(self) -> None:
        """Close the connections; call it when no generation is running."""
        await self._connections.close()
        await self._fetcher.close()

    async def fetch(self, image: RemoteImage) -> GeneratedPicture:
        """Fetch an image that was generated before, as ``Generator.fetch`` promises."""
        return await self._fetcher.fetch(image)

    async def _attempt(self, body: RequestBody, request: GenerationRequest) -> GeneratedPicture:
        await self.open()
        with ModelCall(request, outcome_of) as model_call:
            async with AsyncExitStack() as call:
                client = await self._client_with_permit(call, request)
                model_call.begin()
                answer = await self._send(client, request, body)
                seconds = model_call.answered()
            log_id = _log_id(answer)
            model_call.logged(log_id)
            try:
                picture = await asyncio.to_thread(
                    read_picture, answer, sent=_texts(request), redact=self._redact
                )
            except AttemptFailed as error:
                if error.is_overload and error.retry_after:
                    await self._limiter.pause(request.model.attempt_kind, error.retry_after)
                raise
        seed = request.parameters.seed
        if isinstance(picture, AnsweredAddress):
            self._fetcher.check(picture.url)
            remote = RemoteImage(
                url=picture.url,
                expires_at=self._fetcher.expiry(picture.url),
                seconds=seconds,
                seed=seed,
                usage=picture.usage,
                log_id=log_id,
            )
            if request.remember is not None:
                await request.remember(remote)
            return await self._fetcher.fetch(remote)
        return GeneratedPicture(
            data=picture.data,
            info=picture.info,
            seconds=seconds,
            seed=seed,
            usage=picture.usage,
            log_id=log_id,
        )

    async def _client_with_permit(
        self, call: AsyncExitStack, request: GenerationRequest
    ) -> httpx.AsyncClient:
        """Return the client for the attempt, when it may start.

        A busy process may learn too late that it has a permit or that the image is still needed.
        Its permit has expired then, and it takes another; this does not mean that the database is
        unavailable.
        """
        client = await while_needed(self._start(call, request), request.is_needed)
        for missed in count(1):
            permitted_at = await while_needed(self._permit(request), request.is_needed)
            if time.monotonic() - permitted_at <= _MAX_LATENESS_SECONDS:
                return client
            log.warning("permit_expired", model=request.model.id, missed=missed)
            await while_needed(
                asyncio.sleep(min(_EXPIRED_PERMIT_SECONDS * missed, _MAX_EXPIRED_PERMIT_SECONDS)),
                request.is_needed,
            )
        raise AssertionError  # pragma: no cover - the loop ends by return or by raising

    async def _start(self, call: AsyncExitStack, request: GenerationRequest) -> httpx.AsyncClient:
        # The permit comes last, so that the attempt starts as soon as it has it.
        await call.enter_async_context(request.call_slot())
        return await call.enter_async_context(self._connections.client())

    async def _permit(self, request: GenerationRequest) -> float:
        """Take a permit; return when, by the monotonic clock."""
        kind = request.model.attempt_kind
        await self._limiter.acquire(kind, is_background=request.is_background)
        return time.monotonic()

    def _seconds_until_next(
        self, failure: AttemptFailed, attempt: int, request: GenerationRequest, flagged: int
    ) -> float | None:
        if failure.cause is FailureCause.PICTURE:
            may_reseed = "seed" in request.model.parameters and not request.seed_was_given
            return (
                0.0
                if may_reseed and flagged <= MAX_OTHER_SEEDS and attempt < self._max_attempts
                else None
            )
        # Another provider would bill the image a second time.
        is_final = failure.may_have_run and request.model.request is RequestForm.RUN
        if failure.cause is not FailureCause.SERVICE or is_final:
            return None
        wait = self._backoff(attempt, failure.retry_after)
        return wait if attempt < self._max_attempts else None

    async def _send(
        self, client: httpx.AsyncClient, request: GenerationRequest, body: RequestBody
    ) -> Answer:
        at_gateway = self._endpoints.is_at_gateway(request)
        try:
            async with (
                asyncio.timeout(self._timeout_seconds),
                client.stream(
                    "POST",
                    self._endpoints.url(request),
                    content=body.content,
                    files=body.parts,
                    headers={**body.headers, **self._endpoints.headers(request)},
                    auth=self._gateway_authorization if at_gateway else self._authorization,
                ) as response,
            ):
                return await read_answer(response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            detail = f"no connection: {type(error).__name__}"
            raise AttemptFailed(FailureCause.SERVICE, detail) from error
        except (httpx.HTTPError, OSError) as error:  # TimeoutError is an OSError
            is_late = isinstance(error, TimeoutError | httpx.TimeoutException)
            late = f"no whole answer within {self._timeout_seconds:g} seconds"
            detail = late if is_late else f"the connection failed: {type(error).__name__}"
            raise AttemptFailed(FailureCause.SERVICE, detail, may_have_run=True) from error

    def _new_client(self, limits: httpx.Limits) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers={"Accept-Encoding": "identity"},  # images are compressed already
            limits=limits,
            timeout=httpx.Timeout(
                self._timeout_seconds, connect=min(_CONNECT_SECONDS, self._timeout_seconds)
            ),
            verify=self._tls or True,
        )


def _log_id(answer: Answer) -> str | None:
    """Return the ID of the call in an AI Gateway's log, if it is one that can be kept."""
    found = answer.headers.get("cf-aig-log-id", "")
    return found if _LOG_ID.fullmatch(found) else None


async def _written(request: GenerationRequest) -> RequestBody:
    if request.source_images or request.mask:
        return await asyncio.to_thread(write_body, request)
    return write_body(request)


def _texts(request: GenerationRequest) -> tuple[str, ...]:
    negative = request.parameters.negative_prompt
    return (request.prompt,) if negative is None else (request.prompt, negative)


def _with_another_seed(request: GenerationRequest) -> GenerationRequest:
    parameters = replace(request.parameters, seed=request.model.random_seed())
    return replace(request, parameters=parameters)
