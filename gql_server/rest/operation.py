"""What an operation of the REST API is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal

from gql_server.access.permissions import Permission
from gql_server.database.engine.pages import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

_DIGITS: Final = 10

_OF_ALL: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.MISDIRECTED_REQUEST,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
OF_BODIES: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
OF_SPENDING: Final = (
    *OF_BODIES,
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of the REST API.

    Attributes:
        id: Its name, the same as in GraphQL if it exists there.
        method: The HTTP method.
        path: The path.
        endpoint: The function that handles it.
        permission: Who may call it.
        tag: The group that it belongs to.
        summary: What it does, in a few words.
        description: What clients should know about it.
        example: An example of the response.
        refusals: Its error statuses besides 401, 403, 421, 429, 500 and 503.
        status: The status of success.
        pending: An example of the 202 response after the deadline; None: there is none.
        is_page: Whether it returns a page of a list.
        body: The OpenAPI description of a body that is not JSON.
    """

    id: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    endpoint: Callable[..., Any]
    permission: Permission
    tag: str
    summary: str
    description: str
    example: Any
    refusals: tuple[HTTPStatus, ...] = ()
    status: HTTPStatus = HTTPStatus.OK
    pending: Any | None = None
    is_page: bool = False
    body: Mapping[str, Any] | None = None

    def cost(self, query: Mapping[str, str]) -> int:
        """Return the cost deducted from the allowance: 1, for a page the number of its entries.

        A page size that is not written in plain digits costs as much as the largest page.
        """
        if not self.is_page:
            return 1
        limit = query.get("limit")
        if limit is None:
            return DEFAULT_PAGE_SIZE
        is_plain = limit.isascii() and limit.isdigit() and len(limit) < _DIGITS
        return min(max(int(limit), 1), MAX_PAGE_SIZE) if is_plain else MAX_PAGE_SIZE

    @property
    def statuses(self) -> tuple[HTTPStatus, ...]:
        """Every error status of the operation."""
        return tuple(sorted({*self.refusals, *_OF_ALL}))
