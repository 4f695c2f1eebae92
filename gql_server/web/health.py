"""Whether the process lives, and whether it can do its work."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

log = structlog.get_logger(__name__)

_CHECK_SECONDS = 5.0

Check = Callable[[], Awaitable[object]]


async def health(_request: Request) -> JSONResponse:
    """Answer 200 as long as the process serves; it asks nobody else."""
    return JSONResponse({"status": "ok"})


def ready_route(checks_of: Callable[[Request], Mapping[str, Check]]) -> Route:
    """Return the route ``/ready``: 200 when every check passes, else 503 naming those that fail.

    Args:
        checks_of: Returns the checks by name; each raises when it fails.
    """

    async def ready(request: Request) -> JSONResponse:
        checks = checks_of(request)
        results = await asyncio.gather(*(_passes(name, check) for name, check in checks.items()))
        parts = dict(
            zip(checks, ("ok" if passed else "failing" for passed in results), strict=True)
        )
        is_ready = all(results)
        return JSONResponse(
            {"status": "ok" if is_ready else "failing", **parts},
            status_code=200 if is_ready else 503,
        )

    return Route("/ready", ready, methods=["GET"])


async def _passes(name: str, check: Check) -> bool:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await check()
    except Exception:
        log.exception("not_ready", part=name)
        return False
    return True
