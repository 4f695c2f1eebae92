"""The server's own client of Workers AI, set up against the stand-in, and requests for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from io import BytesIO

from PIL import Image

from gql_server.domain.parameters import Parameters
from gql_server.inference.attempts import RateLimiter
from gql_server.inference.catalogue import Catalogue, load_catalogue
from gql_server.inference.generator import GenerationRequest
from gql_server.inference.model import Model
from gql_server.inference.workers_ai import WorkersAI
from gql_server.inference.workers_ai.backoff import Backoff
from gql_server.outbound.addresses import PublicAddresses
from tests.support.workers_ai_app import FakeWorkersAI

FLUX = "@cf/black-forest-labs/flux-1-schnell"
FLUX_2 = "@cf/black-forest-labs/flux-2-dev"
KLEIN = "@cf/black-forest-labs/flux-2-klein-4b"
PHOENIX = "@cf/leonardo/phoenix-1.0"
SDXL = "@cf/stabilityai/stable-diffusion-xl-base-1.0"
LIGHTNING = "@cf/bytedance/stable-diffusion-xl-lightning"
INPAINTING = "@cf/runwayml/stable-diffusion-v1-5-inpainting"

MOMENT = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)


@dataclass
class SkippedWaits:
    """The client's own waits between attempts, noted instead of waited for."""

    noted: list[float | None] = field(default_factory=list)
    backoff: Backoff = field(default_factory=Backoff)

    def __call__(self, attempt: int, retry_after_seconds: float | None) -> float | None:
        wait = self.backoff(attempt, retry_after_seconds)
        self.noted.append(wait)
        return None if wait is None else 0.0


@asynccontextmanager
async def workers_ai_client(
    fake_workers_ai: FakeWorkersAI,
    *,
    api_token: str | None = None,
    gateway_token: str | None = None,
    base_url: str | None = None,
    timeout_seconds: float = 30.0,
    max_attempts: int = 4,
    max_connections: int = 256,
    waits: SkippedWaits | None = None,
    limiter: RateLimiter | None = None,
    gateway_id: str | None = None,
    gateway_logs_payloads: bool = True,
    allow_private: bool = True,
) -> AsyncIterator[WorkersAI]:
    client = WorkersAI(
        account_id=fake_workers_ai.account_id,
        api_token=api_token or fake_workers_ai.token,
        gateway_token=gateway_token,
        base_url=base_url or fake_workers_ai.base_url,
        timeout_seconds=timeout_seconds,
        max_attempts=max_attempts,
        max_connections=max_connections,
        backoff=waits or SkippedWaits(),
        limiter=limiter,
        gateway_id=gateway_id,
        gateway_logs_payloads=gateway_logs_payloads,
        addresses=PublicAddresses(allow_private=allow_private),
        fetch_waits=(0.0, 0.0, 0.0),
        clock=lambda: MOMENT,
    )
    try:
        yield client
    finally:
        await client.close()


@cache
def catalogue() -> Catalogue:
    return load_catalogue()


def model(model_id: str) -> Model:
    found = catalogue().get(model_id)
    assert found is not None
    return found


def request_for(
    model_id: str = FLUX,
    prompt: str = "a fox in the snow",
    *,
    parameters: Parameters | None = None,
    source_images: tuple[bytes, ...] = (),
    mask: bytes | None = None,
) -> GenerationRequest:
    return GenerationRequest(
        model=model(model_id),
        prompt=prompt,
        parameters=parameters or Parameters(),
        source_images=source_images,
        mask=mask,
    )


def png(width: int = 64, height: int = 64, colour: str = "teal") -> bytes:
    return _encoded("PNG", width, height, colour)


def jpeg(width: int = 64, height: int = 64, colour: str = "teal") -> bytes:
    return _encoded("JPEG", width, height, colour)


def _encoded(image_format: str, width: int, height: int, colour: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), colour).save(out, image_format)
    return out.getvalue()
