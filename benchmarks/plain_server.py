"""The server to compare with: what a newcomer writes who follows Strawberry's documentation well.

Types with resolvers, an async SQLModel session for each request, ORM instances as rows, models
from a dict, pages by key; no caches and no tuning, and nothing done badly on purpose. It reads
the same database and answers the same data. ``DATABASE`` is its file, ``MODELS`` one of the models.
"""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import strawberry
from sqlalchemy import JSON, tuple_
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig

USER_ID = "default_user"
PUBLIC_BASE = "http://127.0.0.1:8000/images"
MODELS = {entry["id"]: entry for entry in json.loads(Path(os.environ["MODELS"]).read_bytes())}

engine = create_async_engine(f"sqlite+aiosqlite:///{os.environ['DATABASE']}")


class ImageRow(SQLModel, table=True):
    """An image."""

    __tablename__ = "images"

    id: str = Field(primary_key=True)
    user_id: str
    prompt: str
    rendered_prompt: str
    search_text: str
    model_id: str
    template_id: str | None = None
    parameters: dict[str, object] = Field(sa_type=JSON)
    storage_key: str
    width: int
    height: int
    content_type: str
    size_bytes: int
    placeholder: str
    tags: list[str] = Field(sa_type=JSON)
    attributes: dict[str, object] | None = Field(default=None, sa_type=JSON)
    cost: int
    provider_cost: int
    neurons: int
    seconds: float
    is_preview: bool
    created_at: datetime
    deleted_at: datetime | None = None


class Context:
    """A session for each request."""

    def __init__(self) -> None:
        self.session = AsyncSession(engine, expire_on_commit=False)


Info = strawberry.Info[Context, None]

DATE_TIME = strawberry.scalar(
    name="DateTime",
    serialize=lambda moment: moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    parse_value=datetime.fromisoformat,
)


@strawberry.type
class SecondsRange:
    """How long a model takes."""

    minimum: float
    maximum: float


@strawberry.type
class ModelParameter:
    """A setting that a model takes."""

    name: str
    type: str
    default: strawberry.scalars.JSON | None
    minimum: float | None
    maximum: float | None


@strawberry.type
class Model:
    """A model."""

    id: strawberry.ID
    name: str
    provider: str
    description: str
    cost_per_image: float
    speed: str
    quality: str
    typical_seconds: SecondsRange
    capabilities: list[str]
    parameters: list[ModelParameter]
    is_recommended: bool
    is_beta: bool

    @classmethod
    def from_entry(cls, entry: dict[str, Any]) -> "Model":
        """Make one of an entry of the file of models."""
        return cls(
            id=strawberry.ID(entry["id"]),
            name=entry["name"],
            provider=entry["provider"],
            description=entry["description"],
            cost_per_image=entry["costPerImage"],
            speed=entry["speed"],
            quality=entry["quality"],
            typical_seconds=SecondsRange(**entry["typicalSeconds"]),
            capabilities=entry["capabilities"],
            parameters=[ModelParameter(**parameter) for parameter in entry["parameters"]],
            is_recommended=entry["isRecommended"],
            is_beta=entry["isBeta"],
        )


@strawberry.type
class Image:
    """An image."""

    id: strawberry.ID
    prompt: str
    r2_url: str
    width: int
    height: int
    cost: float
    created_at: datetime
    tags: list[str]
    is_preview: bool
    model_id: strawberry.Private[str]

    @classmethod
    def from_row(cls, row: ImageRow) -> "Image":
        """Make one of a row."""
        return cls(
            id=strawberry.ID(row.id),
            prompt=row.prompt,
            r2_url=f"{PUBLIC_BASE}/{row.storage_key}",
            width=row.width,
            height=row.height,
            cost=row.cost / 1_000_000_000,
            created_at=row.created_at,
            tags=row.tags,
            is_preview=row.is_preview,
            model_id=row.model_id,
        )

    @strawberry.field
    def url(self) -> str:
        """Return its address."""
        return self.r2_url

    @strawberry.field
    def model(self) -> Model:
        """Return its model."""
        return Model.from_entry(MODELS[self.model_id])


@strawberry.type
class ImageEdge:
    """A place of a page."""

    cursor: str
    node: Image


@strawberry.type
class PageInfo:
    """Where the page lies."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class ImageConnection:
    """A page."""

    edges: list[ImageEdge]
    page_info: PageInfo


def _cursor(row: ImageRow) -> str:
    micros = round(row.created_at.timestamp() * 1_000_000)
    return urlsafe_b64encode(f"{micros}:{row.id}".encode()).decode()


def _place(cursor: str) -> tuple[datetime, str]:
    micros, _, row_id = urlsafe_b64decode(cursor).decode().partition(":")
    return datetime.fromtimestamp(int(micros) / 1_000_000, UTC), row_id


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def images(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> ImageConnection:
        """List images."""
        statement = (
            select(ImageRow)
            .where(col(ImageRow.user_id) == USER_ID, col(ImageRow.deleted_at).is_(None))
            .order_by(col(ImageRow.created_at).desc(), col(ImageRow.id).desc())
            .limit(first + 1)
        )
        if after is not None:
            key = tuple_(col(ImageRow.created_at), col(ImageRow.id))
            statement = statement.where(key < tuple_(*_place(after)))
        async with info.context.session as session:
            rows = (await session.exec(statement)).all()
        edges = [ImageEdge(cursor=_cursor(row), node=Image.from_row(row)) for row in rows[:first]]
        return ImageConnection(
            edges=edges,
            page_info=PageInfo(
                has_next_page=len(rows) > first,
                has_previous_page=after is not None,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
        )

    @strawberry.field
    async def image(self, info: Info, id: strawberry.ID) -> Image | None:  # noqa: A002 - its name in GraphQL
        """Return an image."""
        statement = select(ImageRow).where(
            col(ImageRow.id) == id,
            col(ImageRow.user_id) == USER_ID,
            col(ImageRow.deleted_at).is_(None),
        )
        async with info.context.session as session:
            row = (await session.exec(statement)).first()
        return Image.from_row(row) if row is not None else None

    @strawberry.field
    def models(self) -> list[Model]:
        """List models."""
        return [Model.from_entry(entry) for entry in MODELS.values()]


class PlainGraphQL(GraphQL[Context, None]):
    """Strawberry's own view."""

    async def get_context(
        self,
        request: Request | WebSocket,  # noqa: ARG002 - Strawberry's signature
        response: Response | WebSocket,  # noqa: ARG002 - likewise
    ) -> Context:
        """Return the context of one request."""
        return Context()


schema = strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map={datetime: DATE_TIME}))
app = Starlette(routes=[Route("/graphql", PlainGraphQL(schema))])
