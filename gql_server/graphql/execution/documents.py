"""Documents that are parsed, bounded, validated and estimated once, however often they come."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from cachetools import Cache, LRUCache
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    VisitorAction,
    parse,
    specified_rules,
    visit,
)
from graphql.language import BREAK
from graphql.validation import MaxIntrospectionDepthRule
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from gql_server.graphql.execution.limits import Limits, limit_error, limit_errors
from gql_server.graphql.execution.query_cost import OperationCost, PageSizes, operation_costs
from gql_server.graphql.execution.variable_lists import ListTypes, Size, list_types, size_of_lists
from gql_server.processes.bulk_work import bulk_work
from gql_server.quoting import quoted

CACHED_CHARACTERS: Final = 192 * 1024
"""A prepared document takes some 220 bytes of memory for each character: 40 MiB in all."""
DOCUMENT_OVERHEAD: Final = 48
"""What a document of a few characters takes beside them, in characters."""
_RULES: Final = (*specified_rules, MaxIntrospectionDepthRule)
_MAX_MESSAGE: Final = 500
_TOO_MANY: Final = "Document contains more than"
"""How graphql-core's parser says that it counted too many tokens."""


class PreparedDocument(NamedTuple):
    """A document, and what can be said of it before it is run."""

    characters: int
    document: DocumentNode | None = None
    """None when it cannot be parsed."""
    errors: tuple[GraphQLError, ...] = ()
    """What is wrong with it; it is run only when there are none."""
    introspects: bool = False
    """Whether it selects the schema itself."""
    costs: Mapping[str, OperationCost] = {}
    """The estimates of its operations, by name; of one without a name by ""."""
    list_types: Mapping[str, ListTypes] = {}
    """The types of its operations' variables that can hold lists, likewise."""

    kinds: Mapping[str, OperationType] = {}
    """The types of its operations, likewise."""

    def operation_type(self, name: str | None) -> OperationType | None:
        """Return the type of the operation to run; None if it is not clear which one."""
        operation = self.operation(name)
        return operation.operation if operation is not None else None

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """Return the operation to run; None if it is not clear which one."""
        found = [
            definition
            for definition in (self.document.definitions if self.document else ())
            if isinstance(definition, OperationDefinitionNode)
            and (name is None or (definition.name is not None and definition.name.value == name))
        ]
        return found[0] if found else None

    def choice_error(self, name: str | None) -> GraphQLError | None:
        """Return an error if it is not clear which operation to run."""
        if name is None and len(self.costs) == 1:
            return None
        if name is not None and name in self.costs:
            return None
        if not self.costs:
            return GraphQLError("The document has no operation.")
        if name is None:
            return GraphQLError("The document has several operations: name one in operationName.")
        return GraphQLError(f"The document has no operation named {quoted(name)}.")

    def cost(self, name: str | None, variables: Mapping[str, Any] | None) -> int:
        """Estimate the operation of that name, which there is, or the only one."""
        cost = next(iter(self.costs.values())) if name is None else self.costs[name]
        return cost(variables or {})

    def named(self, name: str | None) -> tuple[str, OperationType]:
        """Return the name, "" if it has none, and the type of the operation to run."""
        return next(iter(self.kinds.items())) if name is None else (name, self.kinds[name])

    def size_of_lists(self, name: str | None, variables: Mapping[str, Any] | None) -> Size:
        """Count what the lists of its variables hold, likewise."""
        types = next(iter(self.list_types.values())) if name is None else self.list_types[name]
        return size_of_lists(types, variables or {})


class Documents:
    """Prepares documents, and remembers those that are right and came lately.

    What is wrong is not remembered: who sends many such documents pushes no other out.

    Attributes:
        hits: How often a document was remembered.
        misses: How often one had to be prepared.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        page_sizes: PageSizes = PageSizes(),  # noqa: B008 - immutable
    ) -> None:
        self._schema = schema
        self._page_sizes = page_sizes
        self._limits = limits
        self.hits = self.misses = 0
        self._prepared: LRUCache[str, PreparedDocument] = LRUCache(
            CACHED_CHARACTERS,
            getsizeof=lambda prepared: prepared.characters + DOCUMENT_OVERHEAD,
        )

    @property
    def cache(self) -> Cache[str, PreparedDocument]:
        """What is remembered."""
        return self._prepared

    def prepare(self, query: str) -> PreparedDocument:
        """Return the document, parsed and checked; one that is too long is not even read."""
        if len(query) > self._limits.characters:
            limit = self._limits.characters
            message = f"The document has more characters than this server allows: {limit}."
            return PreparedDocument(0, errors=(limit_error("QUERY_TOO_LONG", message, limit),))
        prepared = self._prepared.get(query)
        if prepared is not None:
            self.hits += 1
        else:
            self.misses += 1
            prepared = self._prepare(query)
            size = len(query) + DOCUMENT_OVERHEAD
            if not prepared.errors and size <= CACHED_CHARACTERS:
                self._prepared[query] = prepared
        return prepared

    async def prepare_in_turn(self, query: str) -> PreparedDocument:
        """Do the same; documents that are not known yet are prepared one in a turn of the loop.

        Preparing takes milliseconds, and requests that come together would hold the loop for all.
        """
        if query in self._prepared:
            return self._prepared[query]
        async with bulk_work("documents"):
            prepared = self.prepare(query)
            await asyncio.sleep(0)
        return prepared

    def _prepare(self, query: str) -> PreparedDocument:
        tokens = self._limits.tokens
        try:
            document = parse(query, max_lexical_tokens=tokens, max_comments=tokens)
        except GraphQLError as error:
            if _TOO_MANY in error.message:
                message = f"The document has more tokens than this server allows: {tokens}."
                error = limit_error("QUERY_TOO_LONG", message, tokens)
            return PreparedDocument(len(query), errors=(error,))
        # The limits come first: they bound what validation can cost.
        errors = limit_errors(document, self._limits) or _validation_errors(self._schema, document)
        if errors:
            return PreparedDocument(len(query), document, tuple(errors))
        introspection = _Introspection()
        visit(document, introspection)
        costs = operation_costs(self._schema, document, self._page_sizes)
        types = list_types(self._schema, document)
        kinds = {
            definition.name.value if definition.name else "": definition.operation
            for definition in document.definitions
            if isinstance(definition, OperationDefinitionNode)
        }
        return PreparedDocument(len(query), document, (), introspection.found, costs, types, kinds)


class PreparedDocuments(SchemaExtension):
    """Hands Strawberry the documents that were prepared, so that it neither parses nor checks."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def on_parse(self) -> Iterator[None]:
        """Set the document, which is known to be right."""
        execution_context = self.execution_context
        if execution_context.query:
            prepared = self._documents.prepare(execution_context.query)
            if not prepared.errors:
                execution_context.graphql_document = prepared.document
                execution_context.validation_rules = ()
        yield


class _Introspection(Visitor):
    found = False

    def enter_field(self, node: FieldNode, *_: Any) -> VisitorAction:
        if node.name.value in {"__schema", "__type"}:
            self.found = True
            return BREAK
        return None


def _validation_errors(schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
    try:
        errors = validate_document(schema, document, _RULES)
    except (RecursionError, ValueError) as error:
        # Numbers with thousands of digits, and values nested beyond what Python can follow.
        return [GraphQLError(f"The document cannot be checked: {error}")]
    # Without the exceptions of scalars: a value that they refuse is the client's error.
    return [
        GraphQLError(_shortened(error.message), error.nodes, error.source, error.positions)
        for error in errors
    ]


def _shortened(message: str) -> str:
    """Return a message without the end of an endless literal."""
    return message if len(message) <= _MAX_MESSAGE else f"{message[:_MAX_MESSAGE]}…"
