"""The arguments of lists: ``first``, ``after``, ``last``, ``before`` and ``orderBy``, written once.

A field that returns a connection has the extension ``Paginated``, and its resolver one parameter
``page``, a ``PageArguments``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from gql_server.api.described import described
from gql_server.api.enums import domain_member
from gql_server.database.engine.cursors import page_key
from gql_server.database.engine.pages import (
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    PageKey,
    PageOrder,
    PageRequest,
)
from gql_server.domain.errors import ErrorCode, InvalidInput
from gql_server.graphql.execution.weights import ListLimit

_PARAMETER: Final = "page"


@described
@strawberry.enum(name="ListOrder")
class ListOrder(Enum):
    """Sort order of a list, by creation time."""

    NEWEST_FIRST = strawberry.enum_value(
        PageOrder.NEWEST_FIRST, description="Newest entries first."
    )
    OLDEST_FIRST = strawberry.enum_value(
        PageOrder.OLDEST_FIRST, description="Oldest entries first."
    )


@described
@strawberry.enum(name="ImageOrder")
class ImageOrder(Enum):
    """Sort order of a list of images.

    Images with equal values are sorted by ID.
    """

    NEWEST_FIRST = strawberry.enum_value(PageOrder.NEWEST_FIRST, description="Newest images first.")
    OLDEST_FIRST = strawberry.enum_value(PageOrder.OLDEST_FIRST, description="Oldest images first.")
    MOST_EXPENSIVE_FIRST = strawberry.enum_value(
        PageOrder.MOST_EXPENSIVE_FIRST, description="Images with the highest `cost` first."
    )
    LEAST_EXPENSIVE_FIRST = strawberry.enum_value(
        PageOrder.LEAST_EXPENSIVE_FIRST, description="Images with the lowest `cost` first."
    )
    LARGEST_FIRST = strawberry.enum_value(
        PageOrder.LARGEST_FIRST, description="Images with the highest `sizeBytes` first."
    )
    SMALLEST_FIRST = strawberry.enum_value(
        PageOrder.SMALLEST_FIRST, description="Images with the lowest `sizeBytes` first."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PageArguments:
    """The page of a list that a client requests, not checked yet."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    order_by: ListOrder | ImageOrder = ListOrder.NEWEST_FIRST

    def request(self) -> PageRequest:
        """Check the arguments, and return the page that they request.

        Raises:
            InvalidInput: A size is out of range, both sizes are given, or a cursor is invalid.
        """
        if self.first is not None and self.last is not None:
            raise InvalidInput("Use first or last, not both.", path=("last",))
        for name, size in (("first", self.first), ("last", self.last)):
            if size is not None and not 1 <= size <= MAX_PAGE_SIZE:
                raise InvalidInput(
                    f"{name} must be from 1 to {MAX_PAGE_SIZE}; it is {size}.",
                    path=(name,),
                    code=ErrorCode.OUT_OF_RANGE,
                )
        order = domain_member(PageOrder, self.order_by)
        chosen = self.last if self.last is not None else self.first
        return PageRequest(
            size=chosen if chosen is not None else DEFAULT_PAGE_SIZE,
            after=_read_cursor(self.after, "after", order),
            before=_read_cursor(self.before, "before", order),
            from_end=self.last is not None,
            order=order,
        )


class Paginated(FieldExtension):
    """Gives a field the arguments of a list, and its resolver a ``PageArguments``."""

    def __init__(
        self,
        *,
        fixed_order: ListOrder | None = None,
        orders: type[ListOrder | ImageOrder] = ListOrder,
    ) -> None:
        """Create an extension for one field.

        Args:
            fixed_order: The order of a list that has no argument ``orderBy``.
            orders: The type of the argument ``orderBy``.
        """
        self._fixed_order = fixed_order
        self._orders = orders

    def apply(self, field: StrawberryField) -> None:
        """Replace the resolver's parameter ``page`` by the arguments of a list.

        Raises:
            LookupError: The resolver has no such parameter.
        """
        if any(one.python_name == "first" for one in field.arguments):
            return  # another schema has been built with this field
        own = [one for one in field.arguments if one.python_name != _PARAMETER]
        if len(own) == len(field.arguments):
            raise LookupError(f"The resolver of {field.name} has no parameter {_PARAMETER}.")
        arguments = [*_page_arguments(), *own]
        if self._fixed_order is None:
            arguments.append(_order_argument(self._orders))
        field.arguments = arguments

    def map_arguments(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments with those of the page in one object."""
        own = dict(kwargs)
        page = {name: own.pop(name) for name in PageArguments.__slots__ if name in own}
        if self._fixed_order is not None:
            page["order_by"] = self._fixed_order
        return {**own, _PARAMETER: PageArguments(**page)}


def check_limit(limit: int, bounds: ListLimit) -> None:
    """Check the argument ``limit`` of a list without pages.

    Raises:
        InvalidInput: It is out of bounds.
    """
    if not 1 <= limit <= bounds.maximum:
        raise InvalidInput(
            f"limit must be from 1 to {bounds.maximum}; it is {limit}.",
            path=("limit",),
            code=ErrorCode.OUT_OF_RANGE,
        )


def limit_description(entries: str, bounds: ListLimit) -> str:
    """Return the description of the argument ``limit`` of a list of these entries."""
    return f"Maximum number of {entries}, 1 to {bounds.maximum:,}. Defaults to {bounds.default:,}."


def _page_arguments() -> list[StrawberryArgument]:
    return [
        _argument(
            "first",
            int | None,
            None,
            f"Number of entries to return from the start of the list, 1 to {MAX_PAGE_SIZE}. "
            f"Defaults to {DEFAULT_PAGE_SIZE} when neither `first` nor `last` is given.",
        ),
        _argument(
            "after",
            str | None,
            None,
            "Only entries after this cursor, such as `endCursor` of the previous page.",
        ),
        _argument(
            "last",
            int | None,
            None,
            f"Number of entries to return from the end of the list, 1 to {MAX_PAGE_SIZE}. Not "
            "together with `first`.",
        ),
        _argument(
            "before",
            str | None,
            None,
            "Only entries before this cursor, such as `startCursor` of the next page.",
        ),
    ]


def _order_argument(orders: type[ListOrder | ImageOrder]) -> StrawberryArgument:
    by = ", by creation time" if orders is ListOrder else ""
    return _argument(
        "order_by",
        orders,
        orders.NEWEST_FIRST,
        f"Sort order of the list{by}. Defaults to `NEWEST_FIRST`.",
    )


def _argument(name: str, annotation: Any, default: Any, description: str) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(annotation),
        description=description,
        default=default,
    )


def _read_cursor(cursor: str | None, name: str, order: PageOrder) -> PageKey | None:
    if cursor is None:
        return None
    try:
        return page_key(cursor, order)
    except ValueError:
        raise InvalidInput(
            f"{name} is not a cursor of a list with this order; take one from pageInfo or an edge.",
            path=(name,),
        ) from None
