"""What an operation costs, estimated before it runs from the pages that it asks for.

Every object counts one, times the sizes of all the pages that it lies in. A page counts as full,
a list that is no page as ten, and the schema's description of itself as nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from gql_server.database.engine.pages import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

OperationCost = Callable[[Mapping[str, Any]], int]
"""Estimates one operation from its variables."""

_Number = Callable[[Mapping[str, Any]], int]
_PLAIN_LIST: Final = 10


def operation_costs(schema: GraphQLSchema, document: DocumentNode) -> Mapping[str, OperationCost]:
    """Return the estimate of each operation of a valid document, by its name or "" without one."""
    fragments = _Fragments(schema, document)
    costs: dict[str, OperationCost] = {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            root = schema.get_root_type(definition.operation)
            if root is not None:
                name = definition.name.value if definition.name else ""
                cost = fragments.selections(root, definition.selection_set)
                costs[name] = cost.estimator(_defaults(definition))
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
        return lambda variables: self._value({**defaults, **variables}, {})

    def _value(self, variables: Mapping[str, Any], known: dict[int, int]) -> int:
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
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
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
        if node.selection_set is None or node.name.value.startswith("__"):
            return
        field = self._schema.get_field(parent, node.name.value)
        kind = get_named_type(field.type) if field is not None else None
        if field is None or not is_composite_type(kind) or kind.name == "PageInfo":
            return
        inner = self.selections(kind, node.selection_set)
        cost.add(_size(parent, field, node), 1, inner)

    def _type(self, name: str) -> GraphQLCompositeType:
        kind = self._schema.get_type(name)
        assert is_composite_type(kind)  # noqa: S101 - the document is valid
        return kind


def _always(number: int) -> _Number:
    return lambda _: number


def _size(parent: GraphQLCompositeType, field: GraphQLField, node: FieldNode) -> int | _Number:
    arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
    if "first" in field.args:
        return _page_size(arguments.get("first"), arguments.get("last"))
    if not is_list_type(get_nullable_type(field.type)):
        return 1
    if "ids" in field.args:
        return _length(arguments.get("ids"))
    return 1 if parent.name.endswith("Connection") else _PLAIN_LIST


def _page_size(first: ValueNode | None, last: ValueNode | None) -> int | _Number:
    if not isinstance(first, VariableNode) and not isinstance(last, VariableNode):
        return _page(_literal(first), _literal(last))
    return lambda variables: _page(_given(first, variables), _given(last, variables))


def _page(first: object, last: object) -> int:
    for asked in (first, last):
        if isinstance(asked, int):
            return min(max(asked, 0), MAX_PAGE_SIZE)
    return DEFAULT_PAGE_SIZE


def _length(ids: ValueNode | None) -> int | _Number:
    if isinstance(ids, ListValueNode):
        return len(ids.values)
    if not isinstance(ids, VariableNode):
        return 1
    name = ids.name.value

    def length(variables: Mapping[str, Any]) -> int:
        value = variables.get(name)
        return len(value) if isinstance(value, list) else 1

    return length


def _given(node: ValueNode | None, variables: Mapping[str, Any]) -> object:
    if isinstance(node, VariableNode):
        return variables.get(node.name.value)
    return _literal(node)


def _literal(node: ValueNode | None) -> object:
    if isinstance(node, IntValueNode):
        # Longer ones are out of every range; Python refuses to read very long ones.
        return int(node.value) if len(node.value) < len("1000000000") else MAX_PAGE_SIZE
    return None


def _defaults(operation: OperationDefinitionNode) -> Mapping[str, Any]:
    return {
        definition.variable.name.value: _literal(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }
