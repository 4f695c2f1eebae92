"""Images: one by one, in lists, and deleted."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Path, Query

from gql_server.database.engine.pages import Facts
from gql_server.database.queries.images import ImageFilter
from gql_server.domain.errors import ImageNotFound, Rejected
from gql_server.domain.money import to_dollars
from gql_server.domain.text import list_faults
from gql_server.generation import images as use_cases
from gql_server.rest.context import Context, ContextOfRequest
from gql_server.rest.fields import (
    BATCH_ID,
    FLUX,
    IMAGE_ID,
    MOMENT_EXAMPLE,
    TEMPLATE_ID,
    USER,
    Answer,
    Moment,
    described,
)
from gql_server.rest.pages import (
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
    }
)

ImageId = Annotated[str, Path(description="The image.", examples=[IMAGE_ID])]


class Image(Answer):
    """A picture that was made, kept and charged."""

    id: str = described("Its id: `img_…`.", IMAGE_ID)
    prompt: str = described("The prompt as its user wrote it.", "A lighthouse in a storm")
    model: str = described("The id of the model that made it.", FLUX)
    r2_key: str = described("The key of its bytes in the store.", f"generated/{IMAGE_ID}.png")
    r2_url: str = described(
        "The address of its bytes; signed, for an hour, where the bucket is private or the server "
        "asks for API keys.",
        f"https://images.example.com/generated/{IMAGE_ID}.png",
    )
    width: int = described("Its width in pixels.", 1024)
    height: int = described("Its height in pixels.", 1024)
    created_at: Moment = described("When it was kept.", MOMENT_EXAMPLE)
    user_id: str = described("Whose it is.", USER)
    cost: float = described("What its user was charged, in US dollars.", 0.01)
    is_deleted: bool = described("Whether it is out of lists.", False)


class ImageList(Answer):
    """A page of images, the newest first."""

    images: list[Image] = described("The images.", [])
    total: int = TOTAL
    next_cursor: str | None = NEXT_CURSOR


async def images_from(context: Context, found: Sequence[Facts]) -> list[Image]:
    """Shape rows for clients."""
    return [
        Image(
            id=facts["id"],
            prompt=facts["prompt"],
            model=facts["model_id"],
            r2_key=facts["storage_key"],
            r2_url=await context.parts.store.url(facts["storage_key"]),
            width=facts["width"],
            height=facts["height"],
            created_at=facts["created_at"],
            user_id=facts["user_id"],
            cost=to_dollars(facts["cost"]),
            is_deleted=facts["deleted_at"] is not None,
        )
        for facts in found
    ]


async def list_images(
    context: ContextOfRequest,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    model: Annotated[
        str | None, Query(description="Only those made by this model.", examples=[FLUX])
    ] = None,
    template_id: Annotated[
        str | None, Query(description="Only those made with this template.", examples=[TEMPLATE_ID])
    ] = None,
    batch_id: Annotated[
        str | None, Query(description="Only those of this batch.", examples=[BATCH_ID])
    ] = None,
) -> ImageList:
    """Return a page of the caller's images."""
    given = {"model": model, "template_id": template_id, "batch_id": batch_id}
    wanted = {name: (value,) if value is not None else None for name, value in given.items()}
    faults = [
        fault
        for name, values in wanted.items()
        for fault in list_faults(values, path=(name,), most=1)
    ]
    if faults:
        raise Rejected(faults)
    where = ImageFilter(
        model_ids=wanted["model"],
        template_ids=wanted["template_id"],
        batch_ids=wanted["batch_id"],
    )
    request = page_request(limit, cursor)
    page = await use_cases.list_images(context.parts, context.principal, _COLUMNS, where, request)
    return ImageList(
        images=await images_from(context, page.rows),
        total=await use_cases.image_count(context.parts, context.principal, where),
        next_cursor=next_cursor(page),
    )


async def get_image(context: ContextOfRequest, id: ImageId) -> Image:
    """Return one of the caller's images, a deleted one too."""
    found = await use_cases.get_images(context.parts, context.principal, [id], _COLUMNS)
    if id not in found:
        raise ImageNotFound(id)
    (image,) = await images_from(context, [found[id]])
    return image


async def delete_image(context: ContextOfRequest, id: ImageId) -> Image:
    """Take one of the caller's images out of lists."""
    facts = await use_cases.delete_image(context.parts, context.principal, id)
    (image,) = await images_from(context, [facts])
    return image
