"""What a tool is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from gql_server.access.permissions import Permission
from gql_server.mcp.context import Context
from gql_server.mcp.schemas.fields import Arguments, Result, plain_schema


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored image to show.

    Attributes:
        image_id: Its ID.
        name: What to call it.
        key: Its key in the store.
        url: The URL of the file.
        content_type: The media type of the file.
        size_bytes: The size of the file.
        is_shown: Whether its bytes are returned, and not only the link.
    """

    image_id: str
    name: str
    key: str
    url: str
    content_type: str
    size_bytes: int
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool returns.

    Attributes:
        result: The structured result.
        pictures: Images that belong to it.
    """

    result: Result
    pictures: tuple[Picture, ...] = ()


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Generic[A]):
    """A tool.

    Attributes:
        name: Its name.
        title: Its name for people.
        description: What it does, for the language model that chooses tools.
        arguments: The type of its arguments.
        result: The type of its structured result.
        run: The function that carries it out.
        permission: Who may call it, and who sees it.
        same_as: The operations of GraphQL that do the same.
        spends: Whether it generates images, which cost money.
    """

    name: str
    title: str
    description: str
    arguments: type[A]
    result: type[BaseModel]
    run: Callable[[Context, A], Awaitable[Outcome]]
    permission: Permission
    same_as: tuple[str, ...]
    spends: bool = False
    input_schema: dict[str, Any] = field(init=False)
    output_schema: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "input_schema", plain_schema(self.arguments))
        object.__setattr__(
            self, "output_schema", self.result.model_json_schema(mode="serialization")
        )
