"""Whether the process lives, and whether it can do its work."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

log = structlog.get_logger(__name__)

_CHECK_SECONDS: Final = 5.0
_KEPT_SECONDS: Final = 3.0
"""How long an answer is given again: whoever asks often costs no more than that."""

Check = Callable[[], Awaitable[object]]


class NotReady(Exception):
    """A part cannot do what a request needs; the message says why, without a secret or a name."""


async def health(_request: Request) -> JSONResponse:
    """Answer 200 as long as the process serves; it asks nobody else."""
    return JSONResponse({"status": "ok"})


def ready_route(checks_of: Callable[[Request], Mapping[str, Check]]) -> Route:
    """Return the route ``/ready``: 200 when every check passes, else 503 saying what is wrong.

    The checks run one at a time, however many ask, and their outcome is kept for some seconds.

    Args:
        checks_of: Returns the checks by name; each raises when it fails.
    """
    readiness = _Readiness()

    async def ready(request: Request) -> JSONResponse:
        body = await readiness.of(checks_of(request))
        return JSONResponse(body, status_code=200 if body["status"] == "ok" else 503)

    return Route("/ready", ready, methods=["GET"])


class _Readiness:
    def __init__(self) -> None:
        self._is_checking = asyncio.Lock()
        self._checked_at = float("-inf")
        self._body: dict[str, Any] = {}

    async def of(self, checks: Mapping[str, Check]) -> dict[str, Any]:
        async with self._is_checking:
            if time.monotonic() - self._checked_at > _KEPT_SECONDS:
                faults = await asyncio.gather(
                    *(_fault(name, check) for name, check in checks.items())
                )
                self._body = _body(dict(zip(checks, faults, strict=True)))
                self._checked_at = time.monotonic()
            return self._body


def _body(faults: Mapping[str, str | None]) -> dict[str, Any]:
    problems = {name: fault for name, fault in faults.items() if fault is not None}
    parts = {name: "failing" if name in problems else "ok" for name in faults}
    if not problems:
        return {"status": "ok", **parts}
    return {"status": "failing", **parts, "problems": problems}


async def _fault(name: str, check: Check) -> str | None:
    """Return what is wrong with a part, or None."""
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await check()
    except TimeoutError:
        fault = f"It did not answer within {_CHECK_SECONDS:g} seconds."
        log.warning("not_ready", part=name, reason=fault)
    except NotReady as error:
        fault = str(error)
        log.warning("not_ready", part=name, reason=fault, cause=repr(error.__cause__))
    except Exception:
        fault = "It cannot be used; the log says why."
        log.exception("not_ready", part=name)
    else:
        return None
    return fault
