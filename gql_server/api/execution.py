"""Plain fields without a function call each.

On a page of 50 pictures most of a request's time goes into calling a resolver for every column
of every row. A field that is a plain attribute of a plain leaf type needs none: this executor
reads and writes such fields directly, and leaves every other field, and every fault, to
graphql-core.
"""

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple, cast

from graphql import GraphQLObjectType, GraphQLOutputType, Undefined, get_nullable_type
from graphql.execution.collect_fields import GroupedFieldSet
from graphql.pyutils import AwaitableOrValue, Path
from graphql.type import is_leaf_type, is_list_type, is_non_null_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class _PlainField(NamedTuple):
    response_name: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


class _Plan(NamedTuple):
    names: tuple[str, ...]
    plain: tuple[_PlainField, ...]
    others: GroupedFieldSet
    fields: GroupedFieldSet
    """Kept alive, so that its identity names it for as long as the plan does."""


class PlainFieldExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes a selection set, its plain fields first and directly."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[tuple[str, int], _Plan] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Execute the fields of one object."""
        key = (parent_type.name, id(grouped_field_set))
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._plan(parent_type, grouped_field_set)
        if not plan.plain:
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        try:
            values = {name: write(read(source_value)) for name, read, write in plan.plain}
        except Exception:  # noqa: BLE001 - executed again here, where every fault is located
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        if not plan.others:
            return values
        rest = super().execute_fields(
            parent_type, source_value, path, plan.others, position_context
        )
        if self.is_awaitable(rest):

            async def completed() -> dict[str, Any]:
                return _in_order(plan.names, values, await rest)

            return completed()
        return _in_order(plan.names, values, cast("dict[str, Any]", rest))

    def _plan(self, parent_type: GraphQLObjectType, fields: GroupedFieldSet) -> _Plan:
        plain: list[_PlainField] = []
        others: GroupedFieldSet = {}
        for response_name, details in fields.items():
            field = self._plain_field(parent_type, response_name, details[0].node.name.value)
            if field is None:
                others[response_name] = details
            else:
                plain.append(field)
        return _Plan(tuple(fields), tuple(plain), others, fields)

    def _plain_field(
        self, parent_type: GraphQLObjectType, response_name: str, field_name: str
    ) -> _PlainField | None:
        definition = parent_type.fields.get(field_name)
        if definition is None or not getattr(definition.resolve, "_is_default", False):
            return None
        write = _writer(definition.type)
        if write is None:
            return None
        attribute = definition.extensions["strawberry-definition"].python_name
        return _PlainField(response_name, attrgetter(attribute), write)


def _writer(field_type: GraphQLOutputType) -> Callable[[Any], Any] | None:
    """Return what writes a leaf, or a list of leaves; it raises where graphql-core must look."""
    is_nullable = not is_non_null_type(field_type)
    inner = get_nullable_type(field_type)
    write: Callable[[Any], Any] | None = None
    if is_leaf_type(inner):
        write = partial(_write_leaf, inner.coerce_output_value)
    elif is_list_type(inner):
        write_item = _writer(inner.of_type)
        write = partial(_write_list, write_item) if write_item is not None else None
    return partial(_write_nullable, write) if is_nullable and write is not None else write


def _write_nullable(write: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else write(value)


def _write_leaf(coerce: Callable[[Any], Any], value: Any) -> Any:
    written = coerce(value) if value is not None else None
    if written is None or written is Undefined:
        raise ValueError("no value")
    return written


def _write_list(write_item: Callable[[Any], Any], value: Any) -> list[Any]:
    if type(value) is not list:
        raise TypeError("no list")
    return [write_item(item) for item in value]


def _in_order(
    names: tuple[str, ...], plain: dict[str, Any], others: dict[str, Any]
) -> dict[str, Any]:
    both = {**plain, **others}
    return {name: both[name] for name in names if name in both}
