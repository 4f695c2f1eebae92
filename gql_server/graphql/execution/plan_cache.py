"""The plans of the documents that came lately, weighed by what their nodes take of memory."""

from collections.abc import Hashable
from typing import Any, Final

from cachetools import LRUCache
from graphql import OperationDefinitionNode

from gql_server.graphql.execution.documents import CACHED_CHARACTERS, DOCUMENT_OVERHEAD

_PLANS_OF_DOCUMENT: Final = 200


class _DocumentPlans:
    """The plans of one document, which keep its nodes alive, and so their identities."""

    def __init__(self, operation: OperationDefinitionNode) -> None:
        self.operation = operation
        self.plans: LRUCache[Hashable, Any] = LRUCache(maxsize=_PLANS_OF_DOCUMENT)

    @property
    def weight(self) -> int:
        """The characters of the document, which say what its nodes take."""
        loc = self.operation.loc
        return DOCUMENT_OVERHEAD + (len(loc.source.body) if loc is not None else 0)


_DOCUMENTS: Final[LRUCache[int, _DocumentPlans]] = LRUCache(
    CACHED_CHARACTERS, getsizeof=lambda document: document.weight
)
"""By the identity of their selections: documents that came lately are cached too, and so have the
same nodes."""


def plans_of(operation: OperationDefinitionNode) -> LRUCache[Hashable, Any]:
    """Return where the plans of an operation's document are kept."""
    selections = operation.selection_set
    found = _DOCUMENTS.get(id(selections))
    if found is None:
        found = _DocumentPlans(operation)
        if found.weight <= CACHED_CHARACTERS:
            _DOCUMENTS[id(selections)] = found
    return found.plans
