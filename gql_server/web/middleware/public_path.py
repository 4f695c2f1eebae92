"""URLs in responses, where a proxy serves the server below a path of its own."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class PublicPathMiddleware:
    """Prefixes each ``Location`` with a path of this server by the path of PUBLIC_URL.

    The proxy removes that path from requests, so the application does not know it.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        """Take the application, and the path: ``/ai``."""
        self._app = app
        self._path = path.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with URLs that clients can follow."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_path(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    (name, self._path + value if _is_own(name, value) else value)
                    for name, value in message.get("headers", ())
                ]
            await send(message)

        await self._app(scope, receive, send_with_path)


def _is_own(name: bytes, value: bytes) -> bool:
    return name.lower() == b"location" and value[:1] == b"/" and value[:2] != b"//"
