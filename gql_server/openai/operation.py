"""What an operation of the OpenAI-compatible API is."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Literal

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from gql_server.access.permissions import Permission
from gql_server.openai.context import Context
from gql_server.openai.schemas.fields import Given

Endpoint = Callable[[Context, Request], Awaitable[Response]]

_OF_ALL: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.MISDIRECTED_REQUEST,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
OF_SPENDING: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.GATEWAY_TIMEOUT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormBody:
    """A form with files.

    Attributes:
        parameters: The other fields.
        files: The OpenAPI schemas of the files, by the names of their fields; the first is
            required.
    """

    parameters: type[Given]
    files: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of the API.

    Attributes:
        id: Its name in the OpenAI API.
        method: The HTTP method.
        path: The path, as a route has it.
        endpoint: The function that handles it.
        permission: Who may call it.
        same_as: The operation of GraphQL that does the same.
        tag: The group that it belongs to.
        summary: What it does, in a few words.
        description: What clients should know about it.
        answer: The type of the response.
        event: The type of the events of a stream, if there can be one.
        json_body: The type of a JSON body.
        json_example: An example of it.
        form_body: The form that it accepts.
        refusals: Its error statuses besides 401, 403, 421, 429, 500 and 503.
    """

    id: str
    method: Literal["GET", "POST"]
    path: str
    endpoint: Endpoint
    permission: Permission
    same_as: str
    tag: str
    summary: str
    description: str
    answer: type[BaseModel]
    event: type[BaseModel] | None = None
    json_body: type[Given] | None = None
    json_example: Mapping[str, Any] = field(default_factory=dict)
    form_body: FormBody | None = None
    refusals: tuple[HTTPStatus, ...] = ()

    @property
    def statuses(self) -> tuple[HTTPStatus, ...]:
        """Every error status of the operation."""
        return tuple(sorted({*self.refusals, *_OF_ALL}))

    @property
    def described_path(self) -> str:
        """The path as its description has it."""
        return self.path.replace(":path}", "}")
