"""Operations drawn at random from a schema: what they ask for is valid, their values often are."""

import json
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_composite_type,
    is_required_argument,
)

_DEPTH = 4


class Operation:
    """A document, and the variables of its operation."""

    def __init__(
        self,
        document: str,
        variables: dict[str, Any],
        draw_variables: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        self.document = document
        self.variables = variables
        self._draw_variables = draw_variables

    def with_other_variables(self) -> "Operation":
        """Return the same document with variables that are drawn again."""
        assert self._draw_variables is not None
        return Operation(self.document, self._draw_variables(), self._draw_variables)


class Operations:
    """Draws operations: aliases, fragments, directives, variables, nested lists, wrong values."""

    def __init__(
        self, schema: GraphQLSchema, values: Mapping[str, Sequence[Any]], roots: Sequence[str]
    ) -> None:
        """Take a schema, values to draw by the names of arguments or scalars, and root fields."""
        self._schema = schema
        self._values = values
        self._roots = roots

    def draw(self, random: Random) -> Operation:
        """Return an operation."""
        return _Drawing(self._schema, self._values, random).operation(self._roots)


class _Drawing:
    def __init__(
        self, schema: GraphQLSchema, values: Mapping[str, Sequence[Any]], random: Random
    ) -> None:
        self._schema = schema
        self._values = values
        self._random = random
        self._declared: dict[str, str] = {}
        self._draws: dict[str, Callable[[], Any]] = {}
        self._fragments: list[str] = []

    def operation(self, roots: Sequence[str]) -> Operation:
        query = self._schema.query_type
        assert query is not None
        chosen = [self._random.choice(roots) for _ in range(self._random.choice((1, 1, 1, 2, 3)))]
        fields = [
            self._field(name, query.fields[name], 0, f"r{n}") for n, name in enumerate(chosen)
        ]
        if self._chance(0.1):
            fields.append("__typename")
        declared = ", ".join(f"${name}: {kind}" for name, kind in self._declared.items())
        head = f"query Q{f'({declared})' if declared else ''}"
        document = "\n".join([f"{head} {{ {' '.join(fields)} }}", *self._fragments])
        return Operation(document, self._draw_variables(), self._draw_variables)

    def _draw_variables(self) -> dict[str, Any]:
        drawn = {
            name: draw()
            for name, draw in self._draws.items()
            if self._declared[name].endswith("!") or not self._chance(0.1)
        }
        return {name: value for name, value in drawn.items() if value is not Undefined}

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _field(self, name: str, field: GraphQLField, depth: int, alias: str = "") -> str:
        text = f"{alias}: {name}" if alias else name
        arguments = [
            f"{argument_name}: {value}"
            for argument_name, argument in field.args.items()
            if is_required_argument(argument) or self._chance(0.35)
            if (value := self._argument(argument_name, argument)) is not None
        ]
        if arguments:
            text += f"({', '.join(arguments)})"
        if self._chance(0.02):
            kind = self._random.choice(("include", "skip"))
            text += f" @{kind}(if: {self._variable('Boolean!', lambda: self._chance(0.5))})"
        named = get_named_type(field.type)
        return f"{text} {self._selection(named, depth + 1)}" if is_composite_type(named) else text

    def _selection(self, kind: Any, depth: int) -> str:
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            inner = [
                f"... on {one.name} {self._selection(one, depth)}"
                for one in self._random.sample(list(self._schema.get_possible_types(kind)), 2)
            ]
            return f"{{ __typename {' '.join(inner)} }}"
        deep = depth >= _DEPTH
        names = [
            name
            for name, field in kind.fields.items()
            if not (deep and is_composite_type(get_named_type(field.type)))
        ]
        plain = [n for n in names if not is_composite_type(get_named_type(kind.fields[n].type))]
        nested = [name for name in names if name not in plain]
        chosen = self._random.sample(plain, self._random.randint(0, len(plain)))
        # What holds a list is asked for more often than by chance.
        likely = {"edges": 0.9, "node": 0.95, "pageInfo": 0.5, "model": 0.4}
        chosen += [name for name in nested if self._chance(likely.get(name, 0.12))]
        self._random.shuffle(chosen)
        parts = []
        for name in chosen:
            alias = f"a{self._random.randint(0, 99)}_{name}" if self._chance(0.08) else ""
            parts.append(self._field(name, kind.fields[name], depth, alias))
        if not parts or self._chance(0.08):
            parts.append("__typename")
        selection = f"{{ {' '.join(parts)} }}"
        if self._chance(0.08):
            return f"{{ ... on {kind.name} {selection} }}"
        if self._chance(0.08):
            name = f"F{len(self._fragments)}"
            self._fragments.append(f"fragment {name} on {kind.name} {selection}")
            return f"{{ ...{name} }}"
        return selection

    def _argument(self, name: str, argument: GraphQLArgument) -> str | None:
        if self._chance(0.5):
            return self._variable(str(argument.type), lambda: self._value(name, argument.type))
        value = self._value(name, argument.type)
        return None if value is Undefined else _literal(argument.type, value)

    def _variable(self, kind: str, draw: Callable[[], Any]) -> str:
        name = f"v{len(self._declared)}"
        self._declared[name] = kind
        self._draws[name] = draw
        return f"${name}"

    def _value(  # noqa: PLR0911 - one for each kind of type
        self, name: str, kind: GraphQLInputType
    ) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self._value(name, kind.of_type)
        if self._chance(0.05):
            return None if self._chance(0.5) else Undefined
        if name in self._values:
            return self._random.choice(self._values[name])
        if isinstance(kind, GraphQLList):
            drawn = [self._value(name, kind.of_type) for _ in range(self._random.randint(0, 2))]
            return [value for value in drawn if value is not Undefined]
        if isinstance(kind, GraphQLEnumType):
            return self._random.choice(list(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            return {
                field_name: value
                for field_name, field in kind.fields.items()
                if isinstance(field.type, GraphQLNonNull) or self._chance(0.2)
                if (value := self._value(field_name, field.type)) is not Undefined
            }
        return self._random.choice(self._values[get_named_type(kind).name])


def _literal(kind: GraphQLInputType, value: Any) -> str:
    if isinstance(kind, GraphQLNonNull):
        return _literal(kind.of_type, value)
    if value is None:
        return "null"
    if isinstance(kind, GraphQLList) and isinstance(value, list):
        return f"[{', '.join(_literal(kind.of_type, one) for one in value)}]"
    if isinstance(kind, GraphQLEnumType):
        return str(value)
    if isinstance(kind, GraphQLInputObjectType):
        fields = (f"{name}: {_literal(kind.fields[name].type, v)}" for name, v in value.items())
        return f"{{{', '.join(fields)}}}"
    return json.dumps(value)
