"""The server to compare with: what a newcomer writes who follows Strawberry's documentation well.

Types with resolvers, an async SQLModel session for each request, ORM instances as rows, models
from a dict, pages by key; no caches and no tuning, and nothing done badly on purpose. It reads
the same database and answers the same data. ``BENCHMARK_DATABASE`` is the file.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime

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

from gql_server.domain.clock import now
from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.model import Model as CatalogueModel
from gql_server.ledger.prices.price_book import ImageSize, load_price_book

USER_ID = "default_user"
PUBLIC_BASE = "http://127.0.0.1:8000/images"
CATALOGUE = {model.id: model for model in load_catalogue().models}
PRICES = load_price_book(load_catalogue(), None)

engine = create_async_engine(f"sqlite+aiosqlite:///{os.environ['BENCHMARK_DATABASE']}")


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
    default: float | None
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
    def from_catalogue(cls, model: CatalogueModel) -> "Model":
        """Make one of a catalogue's entry."""
        return cls(
            id=strawberry.ID(model.id),
            name=model.name,
            provider=model.provider,
            description=model.description,
            cost_per_image=COSTS[model.id],
            speed=model.speed.name,
            quality=model.quality.name,
            typical_seconds=SecondsRange(
                minimum=model.typical_seconds.minimum, maximum=model.typical_seconds.maximum
            ),
            capabilities=[capability.name for capability in model.capabilities],
            parameters=[
                ModelParameter(
                    name=_camel_case(name),
                    type=rule.type.upper(),
                    default=rule.default if isinstance(rule.default, float | int) else None,
                    minimum=rule.minimum,
                    maximum=rule.maximum,
                )
                for name, rule in model.parameters.items()
            ],
            is_recommended=model.is_recommended,
            is_beta=model.is_beta,
        )


def _cost(model: CatalogueModel) -> float:
    steps = model.parameters.get("steps")
    if model.fixed_size is not None:
        width, height = model.fixed_size.width, model.fixed_size.height
    else:
        width = int(model.parameters["width"].default or 0)
        height = int(model.parameters["height"].default or 0)
    size = ImageSize(width=width, height=height, steps=int(steps.default or 0) if steps else 0)
    return PRICES.price(model, size, at=now()).cost / 1_000_000_000


def _camel_case(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


COSTS = {model.id: _cost(model) for model in CATALOGUE.values()}


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
        return Model.from_catalogue(CATALOGUE[self.model_id])


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
    def models(self) -> list[Model]:
        """List models."""
        return [Model.from_catalogue(model) for model in CATALOGUE.values()]


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
