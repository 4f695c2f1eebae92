"""The operations of the studio and of its client, validated without npm: `make test`."""

import re
from pathlib import Path
from typing import Final

import pytest
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    parse,
    validate,
    visit,
)
from graphql.language import Visitor

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "studio" / "src"
CLIENT: Final = ROOT / "studio" / "packages" / "client" / "src" / "operations.graphql"
DOCUMENT: Final = re.compile(r"\bgraphql\(\s*`(.*?)`", re.DOTALL)


def documents() -> dict[str, DocumentNode]:
    """Return the parsed documents of the studio, by their place in the source."""
    found = {}
    for path in sorted(SOURCE.rglob("*.ts*")):
        for number, text in enumerate(DOCUMENT.findall(path.read_text("utf-8"))):
            found[f"{path.relative_to(SOURCE)}:{number}"] = parse(text)
    return found


DOCUMENTS: Final = documents()
FRAGMENTS: Final = {
    definition.name.value: definition
    for document in DOCUMENTS.values()
    for definition in document.definitions
    if isinstance(definition, FragmentDefinitionNode)
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The schema as front ends know it, with the directive that gql.tada removes."""
    text = (ROOT / "schema.graphql").read_text("utf-8")
    return build_schema(f"{text}\ndirective @_unmask on FRAGMENT_DEFINITION")


class _Spreads(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        self.names.add(node.name.value)


def spread_in(document: DocumentNode) -> set[str]:
    """Return the names of all fragments that a document uses, directly or not."""
    spreads = _Spreads()
    visit(document, spreads)
    names = spreads.names
    for name in list(names):
        names |= spread_in(DocumentNode(definitions=(FRAGMENTS[name],)))
    return names


@pytest.mark.parametrize("place", DOCUMENTS)
def test_an_operation_is_valid(place: str, schema: GraphQLSchema) -> None:
    document = DOCUMENTS[place]
    is_operation = any(isinstance(one, OperationDefinitionNode) for one in document.definitions)
    own = {
        one.name.value for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }
    used = [FRAGMENTS[name] for name in sorted(spread_in(document) - own)]
    errors = validate(schema, DocumentNode(definitions=(*document.definitions, *used)))
    if not is_operation:  # a fragment is used elsewhere
        errors = [error for error in errors if "is never used" not in error.message]
    assert errors == []


def test_the_operations_of_the_typescript_client_are_valid(schema: GraphQLSchema) -> None:
    assert validate(schema, parse(CLIENT.read_text("utf-8"))) == []


def test_operations_have_names_of_their_own() -> None:
    names = [
        definition.name.value if definition.name else ""
        for document in DOCUMENTS.values()
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    ]
    assert names
    assert "" not in names
    assert len(names) == len(set(names))
