"""Queries that are compiled once, and answered from then on without graphql-core."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final

from cachetools import Cache, LRUCache
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from strawberry.types.field import StrawberryField

from gql_server.graphql.execution.documents import (
    CACHED_CHARACTERS,
    DOCUMENT_OVERHEAD,
    PreparedDocument,
)
from gql_server.graphql.plans.arguments import Convert, RootArguments
from gql_server.graphql.plans.conditions import Conditions, conditions_of
from gql_server.graphql.plans.connections import Answer, connection
from gql_server.graphql.plans.fields import (
    PLAN,
    PLAN_CHECK,
    Arguments,
    ByResolver,
    Check,
    Uncovered,
)
from gql_server.graphql.plans.objects import writer
from gql_server.graphql.plans.selections import Selections

_DEFINITION: Final = "strawberry-definition"
_SLICE_SECONDS: Final = 0.005
"""After so long others get their turn between two root fields."""

_MAX_PLANS: Final = 512
"""A plan takes some ten kilobytes; long documents count as several."""

_MIN_WEIGHT: Final = CACHED_CHARACTERS // _MAX_PLANS


class OperationPlan:
    """Answers one query of one document."""

    def __init__(
        self, arguments: RootArguments, fields: list[tuple[str, list[Check], Answer | str]]
    ) -> None:
        """Take the root fields: the name in the answer, the checks, and what answers them.

        What has no arguments and never changes is given as it is.
        """
        self.arguments = arguments
        self._fields = fields

    async def answer(self, context: Any, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the data of the answer, as orjson writes it.

        Raises:
            Exception: Any; then graphql-core must execute the operation.
        """
        data: dict[str, Any] = {}
        arguments = iter(self.arguments.of(variables))
        since = perf_counter()
        for name, checks, answer in self._fields:
            for check in checks:
                check(context)
            if isinstance(answer, str):
                data[name] = answer
                continue
            data[name] = await answer(context, next(arguments))
            if perf_counter() - since > _SLICE_SECONDS:
                await asyncio.sleep(0)
                since = perf_counter()
        return data


class Plans:
    """Compiles documents that come again, and remembers those that came lately.

    A document that comes once costs nothing; one that no plan covers is remembered as such.
    """

    def __init__(self, schema: GraphQLSchema, convert: Convert) -> None:
        """Take the schema that is executed, and what converts arguments for its resolvers."""
        self._schema = schema
        self._convert = convert
        self._plans: _Plans = _Plans(CACHED_CHARACTERS, getsizeof=lambda kept: kept.weight)

    @property
    def cache(self) -> Cache[Any, Any]:
        """The plans of the documents that came lately."""
        return self._plans

    def plan(
        self, prepared: PreparedDocument, name: str | None, variables: Mapping[str, Any] | None
    ) -> OperationPlan | None:
        """Return the plan of an operation; None: graphql-core executes it, this time at least."""
        if prepared.choice_error(name) is not None:
            return None  # refused: a name that no operation has must not be kept
        key = (id(prepared.document), name)
        found = self._plans.get(key)
        if found is None:
            # The document is kept with the plan, so that no other has its identity.
            weight = max(prepared.characters + DOCUMENT_OVERHEAD, _MIN_WEIGHT)
            if weight <= CACHED_CHARACTERS:
                self._plans[key] = _Kept(prepared.document, weight)
            return None
        if found.conditions is None:
            found.conditions = conditions_of(prepared, name)
        values = found.conditions.values_of(variables)
        if values is None:
            return None
        if values not in found.plans:
            found.plans[values] = self._compiled(prepared, name, found.conditions.named(values))
        return found.plans[values]

    def _compiled(
        self, prepared: PreparedDocument, name: str | None, conditions: Mapping[str, bool]
    ) -> OperationPlan | None:
        operation = prepared.operation(name)
        if operation is None or prepared.introspects or prepared.document is None:
            return None
        fragments = {
            definition.name.value: definition
            for definition in prepared.document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        try:
            return self._plan_of(operation, Selections(self._schema, fragments, conditions))
        except Uncovered:
            return None

    def _plan_of(self, operation: OperationDefinitionNode, selections: Selections) -> OperationPlan:
        root = self._schema.query_type
        if operation.operation is not OperationType.QUERY or root is None or operation.directives:
            raise Uncovered("another kind of operation")
        fields: list[tuple[str, list[Check], Answer | str]] = []
        read: list[tuple[GraphQLField, StrawberryField, FieldNode]] = []
        for name, nodes in selections.fields(root, [operation.selection_set]).items():
            if nodes[0].name.value == "__typename":
                fields.append((name, [], root.name))
                continue
            field = root.fields.get(nodes[0].name.value)
            definition = field.extensions.get(_DEFINITION) if field is not None else None
            if field is None or not isinstance(definition, StrawberryField):
                raise Uncovered("a field of the schema itself")
            fields.append(
                (name, _checks(definition), _answer(selections, field, definition, nodes))
            )
            read.append((field, definition, nodes[0]))
        arguments = RootArguments(self._schema, operation, read, self._convert)
        return OperationPlan(arguments, fields)


@dataclass(slots=True)
class _Kept:
    document: object
    weight: int
    conditions: Conditions | None = None
    plans: dict[tuple[bool, ...], OperationPlan | None] = field(default_factory=dict)


class _Plans(LRUCache[tuple[int, str | None], _Kept]):
    def popitem(self) -> tuple[tuple[int, str | None], _Kept]:
        """Drop the least recently used plan, and what is kept for it."""
        key, kept = super().popitem()
        for plan in kept.plans.values():
            if plan is not None:
                plan.arguments.forget()
        return key, kept


@dataclass(frozen=True, slots=True)
class _Info:
    """What a resolver of a plan gets as ``info``."""

    context: Any
    _raw_info: "_RawInfo"


@dataclass(frozen=True, slots=True)
class _RawInfo:
    """What ``requested_columns`` reads."""

    field_nodes: Sequence[FieldNode]
    fragments: Mapping[str, FragmentDefinitionNode]


def _checks(definition: StrawberryField) -> list[Check]:
    check = definition.metadata.get(PLAN_CHECK)
    if check is None and definition.extensions:
        raise Uncovered("an extension of the field")
    return [] if check is None else [check]


def _answer(
    selections: Selections,
    field: GraphQLField,
    definition: StrawberryField,
    nodes: list[FieldNode],
) -> Answer:
    source = definition.metadata.get(PLAN)
    if source is None:
        raise Uncovered("a field without a plan")
    if isinstance(source, ByResolver):
        return _by_resolver(selections, source, field.type, definition, nodes)
    return connection(selections, source, field.type, nodes)


def _by_resolver(
    selections: Selections,
    source: ByResolver,
    field_type: GraphQLOutputType,
    definition: StrawberryField,
    nodes: list[FieldNode],
) -> Answer:
    write = writer(selections, field_type, nodes, is_constant=source.is_constant)
    resolver = definition.base_resolver
    if resolver is None:
        raise Uncovered("a field without a resolver")
    itself = (None,) if resolver.self_parameter is not None else ()
    info_name = resolver.info_parameter.name if resolver.info_parameter is not None else None
    raw = _RawInfo(nodes, selections.fragments)

    async def answer(context: Any, arguments: Arguments) -> Any:
        if info_name is not None:
            arguments = {**arguments, info_name: _Info(context, raw)}
        value = resolver(*itself, **arguments)
        return write(await value if definition.is_async else value)

    return answer
