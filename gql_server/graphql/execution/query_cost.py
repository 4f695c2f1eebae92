"""What an operation costs, estimated before it runs: never less than the objects it returns.

Every object counts one, times the sizes of all the lists that it lies in. A page counts as full,
and another list as many as it can have. Fields whose work is more than their objects say so
(``weights.py``). The schema's description of itself counts as a fixed number of objects.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)
from strawberry.types.field import StrawberryField

from gql_server.graphql.execution.plain_values import (
    Variables,
    arguments_of,
    defaults_of,
    has_variables,
    length,
    whole_number,
)
from gql_server.graphql.execution.weights import LIST_LIMIT, LIST_SIZE, WORK, ListLimit, Work

OperationCost = Callable[[Mapping[str, Any]], int]
"""Estimates one operation from its variables."""

_Number = Callable[[Variables], int]
_INTROSPECTION: Final = {"__schema": 2_000, "__type": 200}
_DEFINITION: Final = "strawberry-definition"


@dataclass(frozen=True, slots=True)
class PageSizes:
    """How many objects a connection returns.

    Attributes:
        default: The size of a page when neither ``first`` nor ``last`` is given.
        maximum: The largest size of a page.
    """

    default: int = 20
    maximum: int = 100


def operation_costs(
    schema: GraphQLSchema, document: DocumentNode, page_sizes: PageSizes
) -> Mapping[str, OperationCost]:
    """Return the estimate of each operation of a valid document, by its name or "" without one."""
    fragments = _Fragments(schema, document, page_sizes)
    costs: dict[str, OperationCost] = {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            root = schema.get_root_type(definition.operation)
            if root is not None:
                name = definition.name.value if definition.name else ""
                cost = fragments.selections(root, definition.selection_set)
                costs[name] = cost.estimator(defaults_of(definition))
    return costs


class _Cost:
    """What a selection set costs: a number, and what its pages multiply."""

    def __init__(self) -> None:
        self.fixed = 0
        self.pages: list[tuple[_Number, _Cost]] = []

    def add(self, size: int | _Number, each: int, inner: "_Cost") -> None:
        """Add so many times: each, and what lies within."""
        if isinstance(size, int) and not inner.pages:
            self.fixed += size * (each + inner.fixed)
        elif isinstance(size, int):
            self.pages.append((_always(size), inner))
            self.fixed += size * each
        else:
            whole = _Cost()
            whole.fixed = each + inner.fixed
            whole.pages = inner.pages
            self.pages.append((size, whole))

    def estimator(self, defaults: Mapping[str, Any]) -> OperationCost:
        """Return what estimates this from an operation's variables."""
        if not self.pages:
            return lambda _: self.fixed
        return lambda sent: self._value(Variables(sent, defaults), {})

    def _value(self, variables: Variables, known: dict[int, int]) -> int:
        # A fragment that is spread often is one object here, and worked out once.
        value = known.get(id(self))
        if value is None:
            value = self.fixed + sum(
                size(variables) * inner._value(variables, known)  # noqa: SLF001 - of its own class
                for size, inner in self.pages
            )
            known[id(self)] = value
        return value


class _Fragments:
    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, page_sizes: PageSizes
    ) -> None:
        self._schema = schema
        self._page_sizes = page_sizes
        self._definitions = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._costs: dict[str, _Cost] = {}

    def selections(self, parent: GraphQLCompositeType, selection_set: SelectionSetNode) -> _Cost:
        cost = _Cost()
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                self._add_field(cost, parent, selection)
            elif isinstance(selection, InlineFragmentNode):
                named = selection.type_condition
                kind = self._type(named.name.value) if named else parent
                cost.add(1, 0, self.selections(kind, selection.selection_set))
            elif isinstance(selection, FragmentSpreadNode):
                cost.add(1, 0, self._fragment(selection.name.value))
        return cost

    def _fragment(self, name: str) -> _Cost:
        cost = self._costs.get(name)
        if cost is None:
            definition = self._definitions[name]
            kind = self._type(definition.type_condition.name.value)
            cost = self._costs[name] = self.selections(kind, definition.selection_set)
        return cost

    def _add_field(self, cost: _Cost, parent: GraphQLCompositeType, node: FieldNode) -> None:
        name = node.name.value
        if name.startswith("__"):
            cost.fixed += _INTROSPECTION.get(name, 0)
            return
        field = self._schema.get_field(parent, name)
        if field is None:
            return
        work = _metadata(field).get(WORK)
        if work is not None:
            _add_work(cost, work, node)
        kind = get_named_type(field.type)
        if node.selection_set is None or not is_composite_type(kind):
            return
        inner = self.selections(kind, node.selection_set)
        cost.add(self._size(parent, field, node), 1, inner)

    def _size(
        self, parent: GraphQLCompositeType, field: GraphQLField, node: FieldNode
    ) -> int | _Number:
        count = _counter(parent, field, self._page_sizes)
        if isinstance(count, int):
            return count
        if has_variables(node):
            return lambda variables: count(arguments_of(node, variables))
        return count(arguments_of(node, Variables({}, {})))

    def _type(self, name: str) -> GraphQLCompositeType:
        kind = self._schema.get_type(name)
        assert is_composite_type(kind)  # noqa: S101 - the document is valid
        return kind


def count_objects(data: object) -> int:
    """Return how many objects an answer's data has, its root left out; 1 at least."""
    found = -1
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found += 1
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return max(found, 1)


def unweighed_lists(schema: GraphQLSchema) -> list[str]:
    """Return the fields whose lists of objects do not say how many entries they can have."""
    return [
        f"{kind.name}.{name}"
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        and not kind.name.startswith("__")
        for name, field in kind.fields.items()
        if is_composite_type(get_named_type(field.type))
        and is_list_type(get_nullable_type(field.type))
        and not kind.name.endswith("Connection")
        and not {"first", "ids"} & field.args.keys()
        and not {LIST_SIZE, LIST_LIMIT} & _metadata(field).keys()
    ]


def _metadata(field: GraphQLField) -> Mapping[Any, Any]:
    definition = field.extensions.get(_DEFINITION)
    return definition.metadata if isinstance(definition, StrawberryField) else {}


def _add_work(cost: _Cost, work: Work, node: FieldNode) -> None:
    if has_variables(node):
        cost.add(lambda variables: work(arguments_of(node, variables)), 1, _Cost())
    else:
        cost.fixed += work(arguments_of(node, Variables({}, {})))


def _always(number: int) -> _Number:
    return lambda _: number


def _counter(
    parent: GraphQLCompositeType, field: GraphQLField, page_sizes: PageSizes
) -> int | Work:
    """Return the maximum number of objects of a field, or how its arguments determine it."""
    if "first" in field.args:
        return lambda arguments: _page(arguments, page_sizes)
    if not is_list_type(get_nullable_type(field.type)) or parent.name.endswith("Connection"):
        return 1
    if "ids" in field.args:
        return lambda arguments: length(arguments.get("ids"))
    metadata = _metadata(field)
    limit = metadata.get(LIST_LIMIT)
    if isinstance(limit, ListLimit):
        return lambda arguments: _limited(arguments.get("limit"), limit)
    size: int = metadata[LIST_SIZE]
    return size


def _limited(requested: object, limit: ListLimit) -> int:
    number = whole_number(requested)
    return limit.default if number is None else min(max(number, 0), limit.maximum)


def _page(arguments: Mapping[str, Any], page_sizes: PageSizes) -> int:
    """Return the size of a page; the page itself is an object where it is empty too."""
    sizes = [
        size
        for name in ("first", "last")
        if (size := whole_number(arguments.get(name))) is not None
    ]
    return min(max(1, *sizes), page_sizes.maximum) if sizes else page_sizes.default
