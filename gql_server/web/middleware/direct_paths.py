"""A shortcut to the applications of the most frequent requests."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class DirectPathsMiddleware:
    """Passes requests for some paths to their applications, without the router's search.

    It is the innermost layer, so that all others apply; the applications handle all their errors
    themselves. WebSockets go through the router.
    """

    def __init__(self, app: ASGIApp, applications: Mapping[str, ASGIApp]) -> None:
        """Take the application, and those of single paths."""
        self._app = app
        self._applications = dict(applications)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose the application."""
        application = self._app
        if scope["type"] == "http":
            application = self._applications.get(scope["path"], application)
        await application(scope, receive, send)
