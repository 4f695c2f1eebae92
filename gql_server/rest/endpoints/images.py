"""Images: read, listed and deleted."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import Path, Query

from gql_server.database.queries.images import ImageFilter
from gql_server.database.records.images import PartialImage
from gql_server.domain.errors import ImageNotFound, Rejected
from gql_server.domain.lineage import NO_SOURCES, RequestKind
from gql_server.domain.money import to_dollars
from gql_server.domain.skipped_models import SkipReason, skipped_from_json
from gql_server.domain.text import list_errors
from gql_server.generation import images as use_cases
from gql_server.rest.context import Context, ContextOfRequest
from gql_server.rest.schemas.fields import (
    BATCH_ID,
    FLUX,
    IMAGE_ID,
    MOMENT_EXAMPLE,
    SOURCE_IMAGE_ID,
    TEMPLATE_ID,
    USER,
    Answer,
    Moment,
    described,
)
from gql_server.rest.schemas.pages import (
    DEFAULT_LIMIT,
    NEXT_CURSOR,
    TOTAL,
    Cursor,
    Limit,
    next_cursor,
    page_request,
)

_COLUMNS: Final = frozenset(
    {
        "id",
        "prompt",
        "model_id",
        "storage_key",
        "width",
        "height",
        "created_at",
        "user_id",
        "cost",
        "deleted_at",
        "request_kind",
        "template_version",
        "skipped_models",
        "provenance",
        "remade_from",
    }
)

_FROM_IMAGES: Final = frozenset({RequestKind.IMAGE_TO_IMAGE, RequestKind.INPAINTING})

ImageId = Annotated[str, Path(description="ID of the image, `img_…`.", examples=[IMAGE_ID])]


class SkippedModel(Answer):
    """A requested model that did not generate the image."""

    model: str = described("ID of the model.", FLUX)
    reason: SkipReason = described("Reason why the model was skipped.", "out_of_capacity")


class Provenance(Answer):
    """Information in an image file about how the image was made."""

    digital_source_type: str | None = described(
        "Digital source type in the file's XMP: a URL of the IPTC vocabulary. Null when the XMP "
        "has none.",
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    )
    has_c2pa_manifest: bool = described("Whether the file has a C2PA manifest.", False)
    marked_by: Literal["server", "provider"] | None = described(
        "Party that marked the file: `server` or `provider`. Null when the file has no marks.",
        "server",
    )
    model: str | None = described(
        "AI system named by the file's XMP. Null when it names none.", FLUX
    )
    software: str | None = described(
        "Program named as its creator by the file's XMP. Null when it names none.", "gql_server 1.0"
    )
    includes_prompt: bool = described("Whether the file's XMP contains the prompt.", False)


class Image(Answer):
    """A generated image."""

    id: str = described("ID of the image, `img_…`.", IMAGE_ID)
    prompt: str = described("The prompt as the user wrote it.", "A lighthouse in a storm")
    model: str = described("ID of the model that generated the image.", FLUX)
    r2_key: str = described("Object key of the file in the store.", f"generated/{IMAGE_ID}.png")
    r2_url: str = described(
        "URL of the file. Signed and valid for an hour where the bucket is "
        "private or the server requires API keys.",
        f"https://images.example.com/generated/{IMAGE_ID}.png",
    )
    width: int = described("Width in pixels.", 1024)
    height: int = described("Height in pixels.", 1024)
    created_at: Moment = described("When the image was stored.", MOMENT_EXAMPLE)
    user_id: str = described("ID of the user who owns the image.", USER)
    cost: float = described("Amount charged to the user, in US dollars.", 0.01)
    is_deleted: bool = described("Whether the image is deleted. Its URLs then return 404.", False)
    source_image_ids: list[str] | None = described(
        "IDs of the images and uploads that the image was generated from, in the order of the "
        "request. Null for images generated before the server recorded them.",
        [SOURCE_IMAGE_ID],
    )
    mask_image_id: str | None = described(
        "ID of the mask that the image was generated with. Null when there was none, or it is "
        "unknown.",
        None,
    )
    template_version: int | None = described(
        "Version of the template whose text is in the prompt. Null without a template, and for "
        "images generated before the server recorded it.",
        None,
    )
    skipped_models: list[SkippedModel] = described(
        "Models that the request named before the one that generated the image, in order, and why "
        "each was skipped. Empty when none was.",
        [],
    )
    remade_from: str | None = described(
        "ID of the image that this one was remade from. Null when it is not a remake.", None
    )
    provenance: Provenance | None = described(
        "Information in the file about how the image was made. Null for images generated before "
        "the server recorded it.",
        None,
    )


class ImageList(Answer):
    """A page of images, newest first."""

    images: list[Image] = described("The images.", [])
    total: int = TOTAL
    next_cursor: str | None = NEXT_CURSOR


async def images_from(context: Context, found: Sequence[PartialImage]) -> list[Image]:
    """Shape rows for clients."""
    made_from = [row["id"] for row in found if row["request_kind"] in _FROM_IMAGES]
    lineage = await use_cases.get_lineage(context.services, made_from) if made_from else {}
    return [
        Image(
            id=row["id"],
            prompt=row["prompt"],
            model=row["model_id"],
            r2_key=row["storage_key"],
            r2_url=await context.services.store.url(row["storage_key"]),
            width=row["width"],
            height=row["height"],
            created_at=row["created_at"],
            user_id=row["user_id"],
            cost=to_dollars(row["cost"]),
            is_deleted=row["deleted_at"] is not None,
            source_image_ids=(
                list(lineage.get(row["id"], NO_SOURCES).source_ids)
                if row["request_kind"] is not None
                else None
            ),
            mask_image_id=lineage.get(row["id"], NO_SOURCES).mask_id,
            template_version=row["template_version"],
            skipped_models=[
                SkippedModel(model=one.model_id, reason=one.reason)
                for one in skipped_from_json(row["skipped_models"])
            ],
            remade_from=row["remade_from"],
            provenance=_provenance(row["provenance"]),
        )
        for row in found
    ]


def _provenance(kept: Mapping[str, Any] | None) -> Provenance | None:
    if kept is None:
        return None
    return Provenance(
        digital_source_type=kept["source_type"],
        has_c2pa_manifest=kept["has_manifest"],
        marked_by=kept["marked_by"],
        model=kept["model"],
        software=kept["software"],
        includes_prompt=kept["has_prompt"],
    )


async def list_images(
    context: ContextOfRequest,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    model: Annotated[
        str | None,
        Query(description="Only images generated by the model with this ID.", examples=[FLUX]),
    ] = None,
    template_id: Annotated[
        str | None,
        Query(
            description="Only images generated with the template with this ID, `tpl_…`.",
            examples=[TEMPLATE_ID],
        ),
    ] = None,
    batch_id: Annotated[
        str | None,
        Query(description="Only images of the batch with this ID, `bat_…`.", examples=[BATCH_ID]),
    ] = None,
) -> ImageList:
    """Return a page of the caller's images."""
    given = {"model": model, "template_id": template_id, "batch_id": batch_id}
    values_of = {name: (value,) if value is not None else None for name, value in given.items()}
    errors = [
        error
        for name, values in values_of.items()
        for error in list_errors(values, path=(name,), limit=1)
    ]
    if errors:
        raise Rejected(errors)
    where = ImageFilter(
        model_ids=values_of["model"],
        template_ids=values_of["template_id"],
        batch_ids=values_of["batch_id"],
    )
    request = page_request(limit, cursor)
    page = await use_cases.list_images(
        context.services, context.principal, _COLUMNS, where, request
    )
    return ImageList(
        images=await images_from(context, page.rows),
        total=await use_cases.image_count(context.services, context.principal, where),
        next_cursor=next_cursor(page),
    )


async def get_image(context: ContextOfRequest, id: ImageId) -> Image:
    """Return one of the caller's images, a deleted one too."""
    found = await use_cases.get_images(context.services, context.principal, [id], _COLUMNS)
    if id not in found:
        raise ImageNotFound(id)
    (image,) = await images_from(context, [found[id]])
    return image


async def delete_image(context: ContextOfRequest, id: ImageId) -> Image:
    """Take one of the caller's images out of lists."""
    row = await use_cases.delete_image(context.services, context.principal, id)
    (image,) = await images_from(context, [row])
    return image
