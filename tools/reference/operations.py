"""docs/operations: a page for each operation, whose head is generated from the schema."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    get_named_type,
)

from gql_server.access.permissions import Visibility
from gql_server.api.permissions import PERMISSIONS
from tools.reference.markdown import one_line, table, wrapped
from tools.reference.types import SCHEMA, type_link

FOLDER = Path(__file__).parents[2] / "docs" / "operations"
INDEX = FOLDER / "README.md"

_BEGIN = "<!-- From the schema; `make schema` writes it. -->"
_END = "<!-- What follows is written by hand. -->"
_OTHERS = {
    Visibility.HIDDEN: "Objects of other users do not exist for callers who are not admins.",
    Visibility.NONE: "Nothing in it belongs to a user.",
    Visibility.VISIBLE: "Includes the objects of all users.",
}
_TYPES = "../types/"
_BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Operation:
    """A field of the schema's roots."""

    kind: str
    name: str
    field: GraphQLField

    @property
    def page(self) -> Path:
        """The file of its page."""
        return FOLDER / f"{self.name}.md"

    def head(self) -> str:
        """Return the generated part of its page."""
        permission = PERMISSIONS[self.kind][self.name]
        answer = get_named_type(self.field.type)
        paragraphs = [
            f"# {self.name}",
            _BEGIN,
            wrapped(
                f"{self.kind} that requires the role `{permission.role}`"
                + (" or a higher one" if permission.role != "admin" else "")
                + f". {_OTHERS[permission.others]}"
            ),
            wrapped(one_line(self.field.description)),
            table(("argument", "type", "description"), self._arguments()),
            wrapped(
                f"Returns {type_link(self.field.type, _TYPES)}: {one_line(answer.description)}"
            ),
            _END,
        ]
        return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"

    def example(self) -> "Example":
        """Read the example on its page."""
        blocks = _BLOCK.findall(self.page.read_text("utf-8").partition(_END)[2])
        (document,) = [text for language, text in blocks if language == "graphql"]
        *variables, answer = [json.loads(text) for language, text in blocks if language == "json"]
        return Example(document, variables[0] if variables else {}, answer)

    def written(self) -> str:
        """Return the current text of its page, with the handwritten part."""
        old = self.page.read_text("utf-8") if self.page.exists() else ""
        return self.head() + (old.partition(f"{_END}\n")[2] or "\n## Example\n")

    def _arguments(self) -> Iterator[tuple[str, str, str]]:
        for name, argument in self.field.args.items():
            yield f"`{name}`", type_link(argument.type, _TYPES), one_line(argument.description)
            given = get_named_type(argument.type)
            if isinstance(given, GraphQLInputObjectType):
                for part, field in given.fields.items():
                    yield (
                        f"`{name}.{part}`",
                        type_link(field.type, _TYPES),
                        one_line(field.description),
                    )


@dataclass(frozen=True)
class Example:
    """The example of a page, with its response."""

    document: str
    variables: dict[str, Any]
    answer: dict[str, Any]


def operations() -> Iterator[Operation]:
    """Yield every operation, in the order of the schema."""
    roots = (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type)
    for root in filter(None, roots):
        for name, field in root.fields.items():
            yield Operation(root.name, name, field)


def index() -> str:
    """Return the list of all operations, with the handwritten part below it."""
    old = INDEX.read_text("utf-8") if INDEX.exists() else ""
    rows = [
        (
            f"[{operation.name}]({operation.name}.md)",
            operation.kind.lower(),
            f"`{PERMISSIONS[operation.kind][operation.name].role}`",
            one_line(operation.field.description),
        )
        for operation in operations()
    ]
    listed = table(("operation", "kind", "role", "description"), rows)
    head = f"# Operations\n\n{_BEGIN}\n\n{listed}\n\n{_END}\n"
    return head + old.partition(f"{_END}\n")[2]
