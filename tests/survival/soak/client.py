"""A client that sends each request again until it is answered, as a good one does."""

import asyncio
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import httpx

from tests.support.running_app import SDXL
from tests.survival.soak.processes import PATIENCE_SECONDS

SMALL: Final = {"model": SDXL, "width": 256, "height": 256}
_PASSING: Final = {"UNAVAILABLE", "GENERATION_PENDING", "IDEMPOTENCY_IN_PROGRESS", "BATCH_PENDING"}
_PASSING_STATUSES: Final = {202, 409, 502, 503, 504}
_PAUSE_SECONDS: Final = 0.2


@dataclass
class Soak:
    """What the traffic shares, and what it has seen.

    Attributes:
        url: Where the server listens.
        key: The API key that is sent.
        hook: The URL of the receiver of webhooks.
        stopping: Set when nothing new is to be started.
        images: The IDs of all images that were received; each was requested under its own key.
        watched: The IDs of new images as a subscription reported them.
        hooked: The batches whose webhooks must arrive.
        done: How often each kind of traffic was done.
        worst: Seconds of the slowest response of each kind, without retries.
        retried: How often a request was sent again, by the reason.
    """

    url: str
    key: str
    hook: str
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    images: set[str] = field(default_factory=set)
    watched: list[str] = field(default_factory=list)
    hooked: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    worst: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    retried: Counter[str] = field(default_factory=Counter)
    _numbers: count = field(default_factory=lambda: count(1))  # type: ignore[type-arg]  # typeshed's generic

    def __post_init__(self) -> None:
        self.client = httpx.AsyncClient(
            base_url=self.url, headers=self.headers, timeout=PATIENCE_SECONDS, verify=False
        )

    @property
    def headers(self) -> dict[str, str]:
        """The header that authenticates."""
        return {"Authorization": f"Bearer {self.key}"}

    def report(self) -> str:
        """Return what was done, as text."""
        worst = {kind: round(seconds, 2) for kind, seconds in self.worst.items()}
        return (
            f"done: {dict(self.done)}\nsent again: {dict(self.retried)}\n"
            f"slowest response, in seconds: {worst}"
        )

    def new_key(self) -> str:
        """Return a text that was not returned before: an idempotency key, or a prompt."""
        return f"soak {next(self._numbers)}"

    def received(self, image_id: str) -> None:
        """Note an image that was received under a key of its own."""
        assert image_id not in self.images, f"{image_id} was returned for two keys"
        self.images.add(image_id)

    async def pause(self, seconds: float) -> None:
        """Pause, unless the traffic is to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            pass

    async def send(self, kind: str, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request until it is answered; the server may be dead meanwhile."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                began = loop.time()
                try:
                    response = await self.client.request(method, path, **options)
                except httpx.TransportError:
                    self.retried["no response"] += 1
                else:
                    if response.status_code not in _PASSING_STATUSES:
                        assert response.is_success, (kind, response.status_code, response.text)
                        self.worst[kind] = max(self.worst[kind], loop.time() - began)
                        return response
                    self.retried[str(response.status_code)] += 1
                await asyncio.sleep(_PAUSE_SECONDS)

    async def ask(self, kind: str, query: str, **variables: Any) -> dict[str, Any]:
        """Run an operation of GraphQL until it succeeds; return its only field's value."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                body = {"query": query, "variables": variables}
                answer = (await self.send(kind, "POST", "/graphql", json=body)).json()
                found = self._outcome(kind, answer)
                if found is not None:
                    return found
                await asyncio.sleep(_PAUSE_SECONDS)

    def _outcome(self, kind: str, answer: dict[str, Any]) -> dict[str, Any] | None:
        codes = {(error.get("extensions") or {}).get("code") for error in answer.get("errors", ())}
        if not codes:
            (found,) = answer["data"].values()
            codes = {error["code"] for error in found.get("userErrors") or ()}
            if not codes:
                value: dict[str, Any] = found
                return value
        assert codes <= _PASSING, (kind, answer)
        self.retried.update(map(str, codes))
        return None


def event_of(response: httpx.Response) -> dict[str, Any]:
    """Return the last message of MCP's answer, which may be a stream of events."""
    text = response.text
    if response.headers["content-type"].startswith("text/event-stream"):
        lines = [line for line in text.splitlines() if line.startswith("data: {")]
        text = lines[-1].removeprefix("data: ")
    found: dict[str, Any] = json.loads(text)
    return found
