"""The limits of a document, counted before it is validated.

Strawberry's own limiters walk a fragment once for each of its spreads, so that thirty fragments
which each spread the next one twice keep them busy for an hour. Here each fragment is counted once.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from graphql import (
    DocumentNode,
    ExecutableDefinitionNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
)

_ENOUGH: Final = 1_000_000_000
"""Counts stop here: fragments can multiply beyond what is worth adding up."""
_DIRECTIVES_AT_ONE_PLACE: Final = 5
"""There are three that a client may use; a directive that does not exist is an error each."""
_SPREADS_AT_ONE_PLACE: Final = 60
"""Validation compares each two fragments that are spread in one selection."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may have at most."""

    characters: int = 65_536
    """How long a document may be."""
    tokens: int = 4000
    depth: int = 15
    aliases: int = 50
    directives: int = 50
    repeats: int = 20
    """How often one selection set may name the same field or fragment."""
    cost: int = 12_000
    """What an operation may cost at most; see ``query_cost.py``."""
    operations: int = 0
    """How many operations one request may hold; 0: a request is one operation."""


class _Counts(NamedTuple):
    depth: int
    aliases: int


def limit_errors(document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """Return an error for each limit that the document passes, with its code and the limit."""
    count = _Count(document)
    found = (
        ("QUERY_TOO_DEEP", "is nested more deeply", count.depth, limits.depth),
        ("TOO_MANY_ALIASES", "has more aliases", count.aliases, limits.aliases),
        ("TOO_MANY_DIRECTIVES", "has more directives", count.directives, limits.directives),
        (
            "TOO_MANY_DIRECTIVES",
            "has more directives in one place",
            count.directives_at_one_place,
            min(limits.directives, _DIRECTIVES_AT_ONE_PLACE),
        ),
        (
            "TOO_MANY_FRAGMENTS",
            "spreads more fragments in one selection",
            count.spreads,
            _SPREADS_AT_ONE_PLACE,
        ),
        ("TOO_MANY_REPEATS", "selects the same field more often", count.repeats, limits.repeats),
    )
    return [
        limit_error(code, f"The operation {excess} than the server allows: {limit}.", limit)
        for code, excess, number, limit in found
        if number > limit
    ]


def limit_error(code: str, message: str, limit: int) -> GraphQLError:
    """Return an error that names the limit that was passed."""
    return GraphQLError(message, extensions={"code": code, "limit": limit})


class _Count:
    """Counts a document; every fragment once, however often it is spread."""

    def __init__(self, document: DocumentNode) -> None:
        self.directives = 0
        self.directives_at_one_place = 0
        self.repeats = 0
        self.spreads = 0
        self._fragments: Mapping[str, FragmentDefinitionNode] = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._counted: dict[str, _Counts] = {}
        depth = aliases = 0
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._add_directives(definition)
                for variable in definition.variable_definitions or ():
                    self._add_directives(variable)
                counts = self._selections(definition.selection_set)
                depth = max(depth, counts.depth)
                aliases += counts.aliases
        for name in self._fragments:
            self._fragment(name)
        self.depth = depth
        self.aliases = min(aliases, _ENOUGH)

    def _add_directives(
        self, node: SelectionNode | ExecutableDefinitionNode | VariableDefinitionNode
    ) -> None:
        number = len(node.directives or ())
        self.directives += number
        self.directives_at_one_place = max(self.directives_at_one_place, number)

    def _selections(self, selection_set: SelectionSetNode) -> _Counts:
        depth = aliases = 0
        names: Counter[str] = Counter()
        for selection in _flattened(selection_set):
            self._add_directives(selection)
            if isinstance(selection, FieldNode):
                aliases += selection.alias is not None
                names[(selection.alias or selection.name).value] += 1
                inner = _Counts(0, 0)
                if selection.selection_set is not None:
                    inner = self._selections(selection.selection_set)
                depth = max(depth, inner.depth + 1)
                aliases += inner.aliases
            elif isinstance(selection, FragmentSpreadNode):
                names["..." + selection.name.value] += 1
                inner = self._fragment(selection.name.value)
                depth = max(depth, inner.depth)
                aliases += inner.aliases
        self.repeats = max(self.repeats, *names.values(), 0)
        self.spreads = max(self.spreads, sum(name.startswith("...") for name in names))
        return _Counts(min(depth, _ENOUGH), min(aliases, _ENOUGH))

    def _fragment(self, name: str) -> _Counts:
        counts = self._counted.get(name)
        if counts is None:
            definition = self._fragments.get(name)
            # Counts nothing within itself: validation refuses a fragment that does not end.
            self._counted[name] = _Counts(0, 0)
            if definition is None:
                return _Counts(0, 0)
            self._add_directives(definition)
            counts = self._counted[name] = self._selections(definition.selection_set)
        return counts


def _flattened(selection_set: SelectionSetNode) -> Iterator[SelectionNode]:
    """Yield the selections of a set, including inline fragments and their selections."""
    waiting = [iter(selection_set.selections)]
    while waiting:
        selection = next(waiting[-1], None)
        if selection is None:
            waiting.pop()
            continue
        yield selection
        if isinstance(selection, InlineFragmentNode):
            waiting.append(iter(selection.selection_set.selections))
