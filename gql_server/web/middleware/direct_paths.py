"""A short way to applications that most requests are for."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class DirectPathsMiddleware:
    """Hands requests for some paths to their applications, past the router's search.

    It stands innermost, so that every other layer holds; the applications answer whatever goes
    wrong themselves. WebSockets go through the router.
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
