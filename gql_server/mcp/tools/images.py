"""Generating images, and finding those that were generated."""

from collections.abc import Coroutine, Sequence
from typing import Any, Final

from gql_server.database.engine.cursors import cursor_of, page_after
from gql_server.database.engine.pages import PageRequest
from gql_server.database.queries.images import ImageFilter
from gql_server.database.records.images import PartialImage
from gql_server.domain.errors import GenerationPending, ImageNotFound, InvalidInput, Rejected
from gql_server.domain.money import to_dollars
from gql_server.domain.search import search_errors
from gql_server.domain.text import list_errors
from gql_server.generation import images as use_cases
from gql_server.generation.generate import GeneratedImage as Generated
from gql_server.generation.generate import generate_image
from gql_server.generation.made_sizes import other_size
from gql_server.generation.remake import NAMES, Remake, remake_image
from gql_server.generation.requests.tags_and_metadata import MAX_TAGS, clean_tags
from gql_server.inference.model import Model
from gql_server.mcp.context import Context
from gql_server.mcp.schemas.images import (
    EditArguments,
    FoundImages,
    GenerateArguments,
    GeneratedImage,
    GetArguments,
    Image,
    RemakeArguments,
    SearchArguments,
)
from gql_server.mcp.schemas.settings import changes_from, request_from
from gql_server.mcp.tool import Outcome, Picture
from gql_server.mcp.tools.waiting import with_progress

COLUMNS: Final = frozenset(
    {
        *("id", "prompt", "model_id", "parameters", "storage_key", "width", "height"),
        *("content_type", "size_bytes", "created_at", "cost", "tags", "template_id", "batch_id"),
        *("remade_from", "deleted_at", "is_preview"),
    }
)
_CHANGES: Final = ("prompt", "model", "source_image_ids", "mask_image_id", "tags", "metadata")
_SHOWN_CHARACTERS: Final = 80


async def generate(context: Context, given: GenerateArguments) -> Outcome:
    """Generate an image from a prompt."""
    request = request_from(given, given.prompt, max_cost=given.max_cost)
    work = generate_image(
        context.services, context.principal, request, idempotency_key=given.idempotency_key
    )
    return await _generated(context, work, given.model, is_shown=given.show_image)


async def edit(context: Context, given: EditArguments) -> Outcome:
    """Generate an image from a prompt and other images."""
    request = request_from(
        given,
        given.prompt,
        max_cost=given.max_cost,
        source_image_ids=tuple(given.source_image_ids),
        mask_image_id=given.mask_image_id,
    )
    work = generate_image(
        context.services, context.principal, request, idempotency_key=given.idempotency_key
    )
    return await _generated(context, work, given.model, is_shown=given.show_image)


async def remake(context: Context, given: RemakeArguments) -> Outcome:
    """Generate one of the caller's images again."""
    changes: dict[str, Any] = {
        **{name: value for name in _CHANGES if (value := getattr(given, name)) is not None},
        **changes_from(given),
    }
    if given.new_seed:
        if given.seed is not None:
            raise InvalidInput("Give a seed or new_seed, not both.", path=("new_seed",))
        changes["seed"] = None
    work = remake_image(
        context.services,
        context.principal,
        Remake(
            image_id=given.image_id,
            changes={NAMES.get(name, name): value for name, value in changes.items()},
            max_cost=given.max_cost,
        ),
        idempotency_key=given.idempotency_key,
    )
    return await _generated(context, work, given.model, is_shown=given.show_image)


async def get(context: Context, given: GetArguments) -> Outcome:
    """Return one of the caller's images."""
    row = await image_row(context, given.image_id)
    image = await image_from(context, row)
    return Outcome(image, _pictures(row, image, is_shown=given.show_image))


async def search(context: Context, given: SearchArguments) -> Outcome:
    """Return a page of the caller's images."""
    await context.spend(given.limit - 1)
    where = _filter(given)
    page = await use_cases.list_images(
        context.services, context.principal, COLUMNS, where, page_request(given.limit, given.cursor)
    )
    found = FoundImages(
        images=[await image_from(context, row) for row in page.rows],
        total=await use_cases.image_count(context.services, context.principal, where),
        next_cursor=cursor_of(page.rows[-1]) if page.has_more else None,
    )
    return Outcome(found)


def page_request(limit: int, cursor: str | None) -> PageRequest:
    """Return the requested page, newest entries first.

    Raises:
        InvalidInput: The cursor is invalid.
    """
    return page_after(limit, cursor, hint="Use the next cursor of an earlier result.")


async def image_row(context: Context, image_id: str) -> PartialImage:
    """Return one of the caller's images as it is stored.

    Raises:
        ImageNotFound: The caller has no such image.
    """
    found = await use_cases.get_images(context.services, context.principal, [image_id], COLUMNS)
    if image_id not in found:
        raise ImageNotFound(image_id, path=("image_id",))
    return found[image_id]


async def image_from(context: Context, row: PartialImage) -> Image:
    """Shape a stored image."""
    parameters = dict(row["parameters"])
    own = parameters.pop("own", None) or {}
    settings = {**parameters, **own}
    return Image(
        id=row["id"],
        prompt=row["prompt"],
        model=row["model_id"],
        settings={name: value for name, value in settings.items() if value is not None},
        width=row["width"],
        height=row["height"],
        content_type=row["content_type"],
        size_bytes=row["size_bytes"],
        url=await context.services.store.url(row["storage_key"]),
        created_at=row["created_at"],
        cost=to_dollars(row["cost"]),
        tags=list(row["tags"]),
        template_id=row["template_id"],
        batch_id=row["batch_id"],
        remade_from=row["remade_from"],
        is_deleted=row["deleted_at"] is not None,
        is_preview=row["is_preview"],
    )


def picture_of(row: PartialImage, url: str, *, is_shown: bool) -> Picture:
    """Return what to show of a stored image."""
    prompt = row["prompt"]
    shown = prompt if len(prompt) <= _SHOWN_CHARACTERS else f"{prompt[: _SHOWN_CHARACTERS - 1]}…"
    return Picture(
        image_id=row["id"],
        name=shown or row["id"],
        key=row["storage_key"],
        url=url,
        content_type=row["content_type"],
        size_bytes=row["size_bytes"],
        is_shown=is_shown,
    )


def _pictures(row: PartialImage, image: Image, *, is_shown: bool) -> tuple[Picture, ...]:
    return () if image.is_deleted else (picture_of(row, image.url, is_shown=is_shown),)


async def _generated(
    context: Context,
    work: Coroutine[Any, Any, Generated],
    model_id: str | None,
    *,
    is_shown: bool,
) -> Outcome:
    model: Model | None = context.services.catalogue.get(model_id) if model_id else None
    try:
        made = await with_progress(context, work, model)
    except GenerationPending as pending:
        return Outcome(
            GeneratedImage(
                status="pending",
                id=pending.image_id,
                image=None,
                warnings=[f"{pending.message} Call get_image with its ID in a moment."],
            )
        )
    image = await image_from(context, made.image)
    size = other_size(made.image)
    warnings: Sequence[str] = (size.message,) if size is not None else ()
    result = GeneratedImage(
        status="stored",
        id=image.id,
        image=image,
        warnings=[*warnings, *context.warnings(made.exceeded)],
    )
    return Outcome(result, _pictures(made.image, image, is_shown=is_shown))


def _filter(given: SearchArguments) -> ImageFilter:
    single = {name: getattr(given, name) for name in ("model", "template_id", "batch_id")}
    values_of = {name: (value,) if value is not None else None for name, value in single.items()}
    errors = [
        *(
            error
            for name, values in values_of.items()
            for error in list_errors(values, path=(name,), limit=1)
        ),
        *list_errors(given.tags, path=("tags",), limit=MAX_TAGS),
        *search_errors(given.text or "", path=("text",)),
    ]
    if errors:
        raise Rejected(errors)
    return ImageFilter(
        model_ids=values_of["model"],
        template_ids=values_of["template_id"],
        batch_ids=values_of["batch_id"],
        tags=tuple(clean_tags(given.tags or ())),
        created_since=given.created_since,
        created_before=given.created_before,
        search=given.text,
    )
