"""Images: their shape and their lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import strawberry
from strawberry.scalars import JSON

from gql_server.api.connections import Connection, connection
from gql_server.api.context import Context, Info
from gql_server.api.described import described
from gql_server.api.images.addresses import ExpiresIn, Format, Width, image_url
from gql_server.api.images.columns import IMAGE_COLUMNS
from gql_server.api.images.filters import FilterArgument, ImageFilter, image_filter
from gql_server.api.images.parameters import GenerationParameters, generation_parameters
from gql_server.api.images.provenance import Provenance, provenance_from
from gql_server.api.images.skipped_models import SkippedModel, skipped_models
from gql_server.api.images.sources import (
    MAX_SOURCES,
    ImageSource,
    RequestKind,
    derived_connection,
    sources_by_id,
)
from gql_server.api.models.types import Model
from gql_server.api.nodes import Node
from gql_server.api.pages import PageArguments, Paginated
from gql_server.api.partial_objects import PartialObjects, as_read
from gql_server.database.records.images import PartialImage
from gql_server.domain import lineage as domain
from gql_server.domain.money import to_dollars, to_neurons
from gql_server.domain.skipped_models import MAX_MODELS
from gql_server.generation import images as use_cases
from gql_server.graphql.execution.plain_fields import ATTRIBUTE_WITHOUT_ARGUMENTS
from gql_server.graphql.execution.selection import requested_columns
from gql_server.graphql.execution.weights import list_size
from gql_server.storage.store import DEFAULT_URL_SECONDS

if TYPE_CHECKING:
    from gql_server.api.batches.types import Batch
    from gql_server.api.templates.types import Template


@described
@strawberry.type
class Image(Node):
    """A generated image."""

    id: strawberry.ID = strawberry.field(description="Globally unique ID of the image, `img_…`.")
    prompt: str = strawberry.field(description="The prompt as the user wrote it.")
    rendered_prompt: str = strawberry.field(
        description="The prompt sent to the model: the user's prompt combined with the template's."
    )
    model: Model = strawberry.field(description="The model that generated the image.")
    parameters: GenerationParameters = strawberry.field(
        description="Settings used for generation, including defaults."
    )
    r2_key: str = strawberry.field(
        description="Object key of the file in the store, such as `generated/img_….png`."
    )
    r2_url: str = strawberry.field(
        description="URL of the original file. Signed and valid for an hour where the "
        "bucket is private or the server requires API keys."
    )
    width: int = strawberry.field(description="Width in pixels.")
    height: int = strawberry.field(description="Height in pixels.")
    content_type: str = strawberry.field(description="Media type, such as `image/png`.")
    size_bytes: int = strawberry.field(description="File size in bytes.")
    placeholder: str = strawberry.field(
        description="ThumbHash in base64, to show while the image loads."
    )
    tags: list[str] = strawberry.field(description="Tags to find the image by.")
    metadata: JSON | None = strawberry.field(
        description="Client-defined metadata: a JSON object. Null when there is none."
    )
    cost: float = strawberry.field(description="Amount charged to the user, in US dollars.")
    provider_cost: float = strawberry.field(
        description="Amount billed by the provider, in US dollars. 0 for a preview."
    )
    neurons: float = strawberry.field(
        description="Usage counted by the provider, in Cloudflare's neurons. 0 for a preview."
    )
    seconds: float = strawberry.field(
        description="Time the model took to generate the image, in seconds."
    )
    gateway_log_id: str | None = strawberry.field(
        description="ID of the model call in the AI Gateway's log. Null when the call did not pass "
        "through a gateway."
    )
    is_preview: bool = strawberry.field(
        description="Whether the built-in preview generator drew the image instead of the model."
    )
    user_id: strawberry.ID = strawberry.field(description="ID of the user who owns the image.")
    created_at: datetime = strawberry.field(description="When the image was stored.")
    is_deleted: bool = strawberry.field(
        description="Whether the image is deleted. Its URLs then return 404; `restoreImage` "
        "restores it."
    )
    deleted_at: datetime | None = strawberry.field(
        description="When the image was deleted. Null unless it is deleted."
    )
    missing_since: datetime | None = strawberry.field(
        description="When the server found that the file of the image is gone or damaged; its URLs "
        "return 404. Null for nearly all images."
    )
    request_kind: RequestKind | None = strawberry.field(
        description="Kind of request that generated the image. Null for images generated before "
        "the server recorded it."
    )
    template_version: int | None = strawberry.field(
        description="Version of the template whose text is in the prompt, as `Template.version` "
        "was then. Null without a template, and for images generated before the server recorded it."
    )
    skipped_models: list[SkippedModel] = strawberry.field(
        description="Models that the request named before the one that generated the image, in "
        "order, and why each was skipped. Empty when none was.",
        metadata=list_size(MAX_MODELS),
    )
    provenance: Provenance | None = strawberry.field(
        description="Information in the file about how the image was made. Null for images "
        "generated before the server recorded it."
    )
    storage_key: strawberry.Private[str]
    template_id: strawberry.Private[str | None]
    batch_id: strawberry.Private[str | None]
    remade_from_id: strawberry.Private[str | None]

    @strawberry.field(
        description="The template used for generation. Null when there was none or it has been "
        "deleted."
    )
    async def template(
        self, info: Info
    ) -> Annotated["Template", strawberry.lazy("gql_server.api.templates.types")] | None:
        """Load the template, together with its siblings'."""
        from gql_server.api.templates.types import template_from  # noqa: PLC0415 - the types are mutual

        if self.template_id is None:
            return None
        row = await info.context.loaders.templates.load(self.template_id)
        return template_from(info.context, row) if row is not None else None

    @strawberry.field(
        description="The batch the image belongs to. Null when it was generated alone."
    )
    async def batch(
        self, info: Info
    ) -> Annotated["Batch", strawberry.lazy("gql_server.api.batches.types")] | None:
        """Load the batch, together with its siblings'."""
        from gql_server.api.batches.types import batch_from  # noqa: PLC0415 - the types are mutual

        if self.batch_id is None:
            return None
        row = await info.context.loaders.batches.load(self.batch_id)
        return batch_from(info.context, row) if row is not None else None

    @strawberry.field(
        description="Image that this one was remade from. Null when it is not a remake, when the "
        "caller cannot see the other image, and for remakes generated before the server recorded "
        "it."
    )
    async def remade_from(self, info: Info) -> "Image | None":
        """Load the image, together with its siblings'."""
        if self.remade_from_id is None:
            return None
        row = await info.context.loaders.images.load(self.remade_from_id)
        return await image_from(info.context, row) if row is not None else None

    @strawberry.field(
        description="Source images that the image was generated from, in the order of the request, "
        "deleted images included. An entry is null when the upload has been deleted or the caller "
        "cannot see it. The list is null for images generated before the server recorded them.",
        metadata=list_size(MAX_SOURCES),
    )
    async def sources(self, info: Info) -> list[ImageSource | None] | None:
        """Load the sources, together with its siblings'."""
        if self.request_kind is None:
            return None
        if self.request_kind is RequestKind.TEXT_TO_IMAGE:
            return []
        lineage = await info.context.loaders.lineage.load(self.id)
        return await sources_by_id(info, lineage.source_ids)

    @strawberry.field(
        description="Mask that the image was generated with. Null when there was none, when the "
        "upload has been deleted or the caller cannot see it, and for images generated before the "
        "server recorded it; `requestKind` distinguishes these."
    )
    async def mask(self, info: Info) -> ImageSource | None:
        """Load the mask, together with its siblings'."""
        if self.request_kind is not RequestKind.INPAINTING:
            return None
        lineage = await info.context.loaders.lineage.load(self.id)
        return (await sources_by_id(info, [lineage.mask_id or ""]))[0]

    @strawberry.field(
        description="The caller's images that were generated from this one, as a source or a "
        "mask. Admins see everyone's.",
        extensions=[Paginated()],
    )
    async def derived(
        self, info: Info, page: PageArguments, filter: FilterArgument = None
    ) -> Connection[Annotated["Image", strawberry.lazy("gql_server.api.images.types")]]:
        """Load a page of images, together with its siblings'."""
        return await derived_connection(info, self.id, page, filter)

    @strawberry.field(
        description="URL of the image for browsers, resized and converted if requested and if the "
        "store supports that.",
        metadata={ATTRIBUTE_WITHOUT_ARGUMENTS: "r2_url"},
    )
    async def url(
        self,
        info: Info,
        width: Width = None,
        format: Format = None,
        expires_in: ExpiresIn = DEFAULT_URL_SECONDS,
    ) -> str:
        """Make an address."""
        return await image_url(info, self.storage_key, width, format, expires_in)


async def images_from(context: Context, found: Sequence[PartialImage]) -> list[Image]:
    """Return images with the attributes that the columns of their rows allow."""
    images = _IMAGES.made(context, found)
    if context.services.store.public_base is None:
        for image, row in zip(images, found, strict=True):
            if "storage_key" in row:
                image.r2_url = await context.services.store.url(image.storage_key)
    return images


async def image_from(context: Context, row: PartialImage) -> Image:
    """Return an image with the attributes that the columns of its row allow."""
    return (await images_from(context, [row]))[0]


async def find_images(info: Info, ids: Sequence[str]) -> dict[str, Image]:
    """Return the caller's images with these IDs, including deleted ones."""
    context = info.context
    found = await use_cases.get_images(context.services, context.principal, ids)
    images = await images_from(context, list(found.values()))
    return dict(zip(found, images, strict=True))


async def image_connection(
    info: Info,
    page: PageArguments,
    where: ImageFilter | None,
    *,
    batch_id: str | None = None,
) -> Connection[Image]:
    """Return a page of the caller's images, reading only the requested columns."""
    context = info.context
    request = page.request()
    filters = image_filter(where)
    if batch_id is not None:
        filters = filters.of_batch(batch_id)
    columns = requested_columns(info, ("edges", "node"), IMAGE_COLUMNS) | {request.order.column}
    found = await use_cases.list_images(
        context.services, context.principal, columns, filters, request
    )
    return connection(
        found,
        await images_from(context, found.rows),
        request,
        lambda: use_cases.image_count(context.services, context.principal, filters),
    )


def _public_url(key: str, context: Context) -> str:
    return f"{context.services.store.public_base}/{key}"


_IMAGES: Final = PartialObjects(
    Image,
    {
        "storage_key": {"storage_key": as_read, "r2_key": as_read, "r2_url": _public_url},
        "model_id": {"model": lambda model_id, context: context.models[model_id]},
        "parameters": {"parameters": lambda values, _: generation_parameters(values)},
        "attributes": {"metadata": as_read},
        "request_kind": {
            "request_kind": lambda kind, _: kind and RequestKind[domain.RequestKind(kind).name]
        },
        "skipped_models": {"skipped_models": skipped_models},
        "provenance": {"provenance": lambda kept, _: provenance_from(kept)},
        "remade_from": {"remade_from_id": as_read},
        "deleted_at": {
            "deleted_at": as_read,
            "is_deleted": lambda deleted_at, _: deleted_at is not None,
        },
        "cost": {"cost": lambda amount, _: to_dollars(amount)},
        "provider_cost": {"provider_cost": lambda amount, _: to_dollars(amount)},
        "neurons": {"neurons": lambda amount, _: to_neurons(amount)},
    },
)
