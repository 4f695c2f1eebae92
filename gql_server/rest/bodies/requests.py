"""Requests whose bodies are JSON and limited in size and time."""

from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import HTTPException
from starlette.requests import Request

from gql_server.web.bodies import (
    BodyBounds,
    RequestRefused,
    media_type,
    parse_json,
    read_body,
)

_JSON: Final = "application/json"


class BodyRefused(HTTPException):
    """A body is refused; an HTTPException, because FastAPI passes no other error on.

    Attributes:
        refused: What is wrong.
    """

    def __init__(self, refused: RequestRefused) -> None:
        super().__init__(refused.status, refused.message)
        self.refused = refused


class BoundedRequest(Request):
    """A request that a form of another site cannot send, with a limited body."""

    _read: bytes | None = None

    async def body(self) -> bytes:
        """Return the body.

        Raises:
            BodyRefused: It is too large, arrives too slowly, or is not declared as JSON.
        """
        bounds: BodyBounds = self.app.state.bounds
        try:
            kind, parameters = media_type(self.headers.get("content-type"))
            if kind != _JSON or parameters.get("charset", "utf-8").lower() != "utf-8":
                raise RequestRefused(
                    "Send the body as application/json, in UTF-8.",
                    status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                )
            if self._read is None:
                self._read = await read_body(
                    self, max_bytes=bounds.max_bytes, seconds=bounds.seconds
                )
        except RequestRefused as refused:
            raise BodyRefused(refused) from refused
        return self._read

    async def json(self) -> Any:
        """Return the body's JSON.

        Raises:
            BodyRefused: It is not JSON.
        """
        try:
            return parse_json(await self.body())
        except RequestRefused as refused:
            raise BodyRefused(refused) from refused
