"""How fields say that a plan may answer them: in their metadata.

A plan covers a query whose root fields all say so, and below which it knows how every field is
written. Every other selection goes through graphql-core.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

PLAN: Final = "plan"
"""In the metadata of a root field: a ``ByResolver``, or the ``RowSource`` of a connection."""

PLAN_CHECK: Final = "plan_check"
"""In the metadata of a root field with extensions: what stands for them in a plan, a ``Check``."""


@dataclass(frozen=True, slots=True)
class ByResolver:
    """The field's own resolver is called.

    Of ``info`` it uses the context, and the selection as ``requested_columns`` reads it.

    Attributes:
        is_constant: Whether the objects that it returns never change, so that what is written of
            one is kept.
    """

    is_constant: bool = False


Check = Callable[[Any], None]
"""Takes the context; raises what the field's extensions would raise."""

Arguments = Mapping[str, Any]
"""The arguments of a resolver, by their Python names."""

Row = tuple[Any, ...]
"""The values of the requested columns, in that order, as the source reads them."""


class Uncovered(Exception):
    """A plan does not cover this; graphql-core executes it."""


@dataclass(frozen=True, slots=True)
class RowField:
    """How a field of a row is written.

    Attributes:
        columns: The columns that it is made of.
        bind: Called with the context once for each answer. It returns what makes the field's value
            from the values of the columns: JSON as the field's scalar writes it, or an object
            whose selected fields are plain attributes. None: the column's value is written as it
            is; the type of the field is checked.
        is_constant: Whether the objects that ``bind`` returns never change, so that what is
            written of one is kept.
        is_nullable: Whether the column may be null.
    """

    columns: tuple[str, ...]
    bind: Callable[[Any], Callable[..., Any]] | None = None
    is_constant: bool = False
    is_nullable: bool = False


@dataclass(frozen=True, slots=True)
class RowPage:
    """A page of rows, in the list's order.

    Attributes:
        rows: The rows.
        has_next: Whether there are rows behind the page.
        has_previous: Whether there are rows before it.
    """

    rows: Sequence[Row]
    has_next: bool
    has_previous: bool


class RowSource(Protocol):
    """Reads the pages of a connection as rows.

    Attributes:
        fields: How the fields of a node are written; a selection of others is not covered.
        key: The columns that a cursor is made of.
    """

    fields: Mapping[str, RowField]
    key: tuple[str, ...]

    def cursor(self, context: Any) -> Callable[..., str]:
        """Return what makes a cursor from the values of the key's columns."""

    def page(
        self, context: Any, arguments: Arguments, columns: tuple[str, ...]
    ) -> Awaitable[RowPage]:
        """Read a page.

        Raises:
            Exception: Any; graphql-core then executes the operation, and reports what is wrong.
        """

    def count(self, context: Any, arguments: Arguments) -> Awaitable[int]:
        """Count the whole list; it raises as ``page`` does."""
