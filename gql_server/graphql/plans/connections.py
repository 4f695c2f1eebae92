"""Connections whose pages are written straight from rows, by code that is generated for them.

The code of a page is one list display: for each row a dictionary whose values are the row's
columns, or calls that make JSON of them. It contains only names that are made here, and the
names of the answer as literals.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_non_null_type,
    is_object_type,
)

from gql_server.graphql.plans.fields import Arguments, RowField, RowPage, RowSource, Uncovered
from gql_server.graphql.plans.objects import writer
from gql_server.graphql.plans.selections import Selections

Bind = Callable[[Any], Callable[..., Any]]

_MAX_REPEATS: Final = 2
"""How often a page makes the same value of a row under other names; graphql-core makes it once."""

Answer = Callable[[Any, Arguments], Awaitable[Any]]
"""Answers a root field from the context and its arguments, with what orjson writes."""

_NUMBERS: Final[Mapping[int, str]] = {
    id(GraphQLInt): "{0} if -2147483648 <= {0} <= 2147483647 else off()",
    id(GraphQLFloat): "{0} if {0} - {0} == 0.0 else off()",
}
_AS_THEY_ARE: Final = {id(GraphQLString), id(GraphQLID), id(GraphQLBoolean)}


def connection(
    selections: Selections,
    source: RowSource,
    field_type: GraphQLOutputType,
    nodes: Sequence[FieldNode],
) -> Answer:
    """Return what answers a connection.

    Raises:
        Uncovered: A selected field cannot be written from rows.
    """
    kind = get_named_type(field_type)
    assert isinstance(kind, GraphQLObjectType)  # noqa: S101 - a connection
    page = _Page(selections, source)
    parts: list[tuple[str, Callable[..., Any] | None]] = []
    edges: dict[str, str] = {}
    for name, inner in _fields(selections, kind, nodes).items():
        match inner[0].name.value:
            case "__typename":
                parts.append((name, _constant(kind.name)))
            case "edges":
                edges[name] = page.edges(_object(kind, "edges"), inner)
                parts.append((name, None))
            case "pageInfo":
                parts.append((name, page.info(_object(kind, "pageInfo"), inner)))
            case "totalCount":
                parts.append((name, None))
            case _:
                raise Uncovered("another field of the connection")
    columns, binds = tuple(page.columns), tuple(page.binds)
    # Only now are all columns of a row known.
    parts = [
        (name, page.generated(edges[name]) if name in edges else write) for name, write in parts
    ]

    async def answer(context: Any, arguments: Arguments) -> dict[str, Any]:
        bound = [bind(context) for bind in binds]
        cursor = source.cursor(context)
        found = await source.page(context, arguments, columns)
        written: dict[str, Any] = {}
        for name, write in parts:
            if write is None:
                written[name] = await source.count(context, arguments)
            else:
                written[name] = write(found, cursor, bound)
        return written

    return answer


class _Page:
    """The columns of a page's rows and what writes them, as fields need them."""

    def __init__(self, selections: Selections, source: RowSource) -> None:
        self._selections = selections
        self._source = source
        self.columns: dict[str, str] = {}
        """The names of the columns in the code."""
        self.binds: list[Bind] = []
        self._made: Counter[tuple[Bind, tuple[str, ...]]] = Counter()

    def generated(self, display: str) -> Callable[..., Any]:
        """Return what writes a page's edges, each as the display says."""
        return _generated(display, self.columns, len(self.binds))

    def edges(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode]) -> str:
        parts = []
        for name, inner in _fields(self._selections, kind, nodes).items():
            match inner[0].name.value:
                case "__typename":
                    parts.append((name, repr(kind.name)))
                case "cursor":
                    parts.append((name, self._cursor()))
                case "node":
                    parts.append((name, self._node(_object(kind, "node"), inner)))
                case _:
                    raise Uncovered("another field of the edge")
        return _display(parts)

    def info(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Callable[..., Any]:
        reads: list[tuple[str, Callable[[RowPage, Any], Any]]] = []
        for name, inner in _fields(self._selections, kind, nodes).items():
            match inner[0].name.value:
                case "__typename":
                    reads.append((name, lambda _page, _cursor: kind.name))
                case "hasNextPage":
                    reads.append((name, lambda page, _cursor: page.has_next))
                case "hasPreviousPage":
                    reads.append((name, lambda page, _cursor: page.has_previous))
                case "startCursor":
                    reads.append((name, self._cursor_of(0)))
                case "endCursor":
                    reads.append((name, self._cursor_of(-1)))
                case _:
                    raise Uncovered("another field of the page")

        def write(page: RowPage, cursor: Any, _bound: object) -> dict[str, Any]:
            return {name: read(page, cursor) for name, read in reads}

        return write

    def _cursor_of(self, row: int) -> Callable[[RowPage, Any], Any]:
        for column in self._source.key:
            self._column(column)
        order = list(self.columns)
        indices = [order.index(column) for column in self._source.key]

        def read(page: RowPage, cursor: Any) -> Any:
            if not page.rows:
                return None
            values = page.rows[row]
            return cursor(*[values[index] for index in indices])

        return read

    def _cursor(self) -> str:
        return f"cursor({', '.join(map(self._column, self._source.key))})"

    def _node(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode]) -> str:
        parts = []
        for name, inner in _fields(self._selections, kind, nodes).items():
            field_name = inner[0].name.value
            if field_name == "__typename":
                parts.append((name, repr(kind.name)))
                continue
            field = self._source.fields.get(field_name)
            if field is None or inner[0].arguments:
                raise Uncovered("a field that is not made of columns")
            parts.append((name, self._field(field, kind.fields[field_name].type, inner)))
        return _display(parts)

    def _field(
        self, field: RowField, field_type: GraphQLOutputType, nodes: Sequence[FieldNode]
    ) -> str:
        names = [self._column(column) for column in field.columns]
        if field.bind is not None:
            bind = field.bind
            self._made[bind, field.columns] += 1
            if self._made[bind, field.columns] > _MAX_REPEATS:
                raise Uncovered("a value that would be made many times for each row")
            if not is_leaf_type(get_nullable_type(field_type)) and nodes[0].selection_set:
                write = writer(self._selections, field_type, nodes, is_constant=field.is_constant)
                bind = _written(field.bind, write)
            self.binds.append(bind)
            return f"w{len(self.binds) - 1}({', '.join(names)})"
        return _checked(names[0], field, field_type)

    def _column(self, column: str) -> str:
        return self.columns.setdefault(column, f"c{len(self.columns)}")


def _checked(name: str, field: RowField, field_type: GraphQLOutputType) -> str:
    """Return the expression of a column's own value."""
    leaf = get_nullable_type(field_type)
    number = _NUMBERS.get(id(leaf))
    if number is None and id(leaf) not in _AS_THEY_ARE:
        raise Uncovered("a scalar of its own")
    value = number.format(name) if number is not None else name
    if not field.is_nullable:
        return f"({value})"
    otherwise = "off()" if is_non_null_type(field_type) else "None"
    return f"(({value}) if {name} is not None else {otherwise})"


def _written(bind: Bind, write: Callable[[Any], Any]) -> Bind:
    def both(context: Any) -> Callable[..., Any]:
        make = bind(context)
        return lambda *values: write(make(*values))

    return both


def _generated(display: str, columns: Mapping[str, str], writes: int) -> Callable[..., Any]:
    # A tuple even where it has one name, or none.
    row = f"({''.join(f'{name}, ' for name in columns.values())})"
    bound = "".join(f"w{number}, " for number in range(writes))
    code = (
        "def write(page, cursor, bound):\n"
        f"    [{bound}*_] = bound\n"
        f"    return [{display} for {row} in page.rows]\n"
    )
    names: dict[str, Any] = {"off": _off}
    exec(compile(code, "<plan>", "exec"), names)  # noqa: S102 - of names that are made here
    made: Callable[..., Any] = names["write"]
    return made


def _display(parts: Sequence[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{name!r}: {expression}" for name, expression in parts) + "}"


def _off() -> Any:
    raise ValueError("a value that its type does not take")


def _constant(value: str) -> Callable[..., Any]:
    return lambda *_: value


def _fields(
    selections: Selections, kind: GraphQLObjectType, nodes: Sequence[FieldNode]
) -> dict[str, list[FieldNode]]:
    return selections.fields(kind, [node.selection_set for node in nodes])


def _object(kind: GraphQLObjectType, field: str) -> GraphQLObjectType:
    found = get_named_type(kind.fields[field].type)
    if not is_object_type(found):
        raise Uncovered("an abstract type")
    return found
