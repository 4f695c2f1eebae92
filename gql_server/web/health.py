"""Health checks: whether the process is alive, and whether it can do its work."""

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
"""How long a result is cached, so that frequent checks cost no more than that."""

Check = Callable[[], Awaitable[object]]


class NotReady(Exception):
    """A component cannot do what requests need; the message says why, without secrets or names."""


async def health(_request: Request) -> JSONResponse:
    """Answer 200 while the process serves, without checking anything else."""
    return JSONResponse({"status": "ok"})


def ready_route(checks_of: Callable[[Request], Mapping[str, Check]]) -> Route:
    """Return the route ``/ready``: 200 if every check passes, otherwise 503 with what is wrong.

    The checks run one at a time, however many clients ask, and their result is cached for some
    seconds.

    Args:
        checks_of: Returns the checks by name; each raises an error when it fails.
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
                problems = await asyncio.gather(
                    *(_problem(name, check) for name, check in checks.items())
                )
                self._body = _body(dict(zip(checks, problems, strict=True)))
                self._checked_at = time.monotonic()
            return self._body


def _body(problems: Mapping[str, str | None]) -> dict[str, Any]:
    failing = {name: problem for name, problem in problems.items() if problem is not None}
    parts = {name: "failing" if name in failing else "ok" for name in problems}
    if not failing:
        return {"status": "ok", **parts}
    return {"status": "failing", **parts, "problems": failing}


async def _problem(name: str, check: Check) -> str | None:
    """Return what is wrong with a component, or None."""
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await check()
    except TimeoutError:
        problem = f"It did not answer within {_CHECK_SECONDS:g} seconds."
        log.warning("not_ready", part=name, reason=problem)
    except NotReady as error:
        problem = str(error)
        log.warning("not_ready", part=name, reason=problem, cause=repr(error.__cause__))
    except Exception:
        problem = "It cannot be used; the log says why."
        log.exception("not_ready", part=name)
    else:
        return None
    return problem
