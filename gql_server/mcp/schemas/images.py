"""Images as arguments and results."""

from typing import Any, Literal

from gql_server.database.engine.pages import DEFAULT_PAGE_SIZE
from gql_server.generation.requests.prompts import MIN_PROMPT_LENGTH
from gql_server.mcp.schemas.fields import Arguments, GivenMoment, Moment, Result, described
from gql_server.mcp.schemas.settings import ImageSettings, ModelSettings, Spending

_MAX_LISTED = 50
_SHOWS = "Whether to return the image itself beside its description. Large images are scaled down."


class GenerateArguments(Spending, ImageSettings):
    """Arguments of generate_image."""

    prompt: str = described(
        f"What the image shows. At least {MIN_PROMPT_LENGTH} characters. Combined with the "
        "template's text, if a template is given.",
        "",
    )
    show_image: bool = described(_SHOWS, True)


class EditArguments(Spending, ImageSettings):
    """Arguments of edit_image."""

    prompt: str = described("What to change, or what the new image shows.", "")
    source_image_ids: list[str] = described(
        "IDs of the images to start from: generated images (`img_…`) or uploads (`src_…`). The "
        "number that a model accepts is in `list_models`.",
        min_length=1,
    )
    mask_image_id: str | None = described(
        "ID of a mask: an image or an upload. White areas of the source image are repainted, "
        "black and transparent areas are kept.",
        None,
    )
    show_image: bool = described(_SHOWS, True)


class RemakeArguments(Spending, ModelSettings):
    """Arguments of remake_image."""

    image_id: str = described("ID of the image to generate again, `img_…`.")
    prompt: str | None = described("Another prompt.", None)
    model: str | None = described(
        "ID of another model. Settings that it does not have are dropped.", None
    )
    new_seed: bool = described(
        "Whether to use another random seed, for a variation. With the same seed and no changes "
        "the new image is the same as the first one.",
        False,
    )
    source_image_ids: list[str] | None = described("IDs of other source images.", None)
    mask_image_id: str | None = described("ID of another mask.", None)
    tags: list[str] | None = described("Other tags.", None)
    metadata: dict[str, Any] | None = described("Other metadata.", None)
    show_image: bool = described(_SHOWS, True)


class GetArguments(Arguments):
    """Arguments of get_image."""

    image_id: str = described("ID of the image, `img_…`.")
    show_image: bool = described(_SHOWS, True)


class SearchArguments(Arguments):
    """Arguments of search_images."""

    text: str | None = described(
        "Words that are all in the prompt; at most 20. Part of a word matches; case does not "
        "matter.",
        None,
    )
    model: str | None = described("Only images that this model generated.", None)
    template_id: str | None = described("Only images generated with this template.", None)
    batch_id: str | None = described("Only images of this batch.", None)
    tags: list[str] | None = described("Only images that have all of these tags.", None)
    created_since: GivenMoment | None = described(
        "Only images stored at or after this time, such as 2026-01-15T10:30:00Z, or a date.", None
    )
    created_before: GivenMoment | None = described("Only images stored before this time.", None)
    limit: int = described(
        "Maximum number of images to return.", DEFAULT_PAGE_SIZE, ge=1, le=_MAX_LISTED
    )
    cursor: str | None = described(
        "`next_cursor` of the previous page. Omit it for the first page.", None
    )


class Image(Result):
    """A stored image."""

    id: str = described("ID of the image.")
    prompt: str = described("The prompt as its user wrote it.")
    model: str = described("ID of the model that generated the image.")
    settings: dict[str, Any] = described("The settings that it was generated with.")
    width: int = described("Width in pixels.")
    height: int = described("Height in pixels.")
    content_type: str = described("Media type of the file.")
    size_bytes: int = described("Size of the file in bytes.")
    url: str = described(
        "URL of the file, for people. Where the server requires keys or the bucket is private, "
        "the URL is valid for an hour; `get_image` returns a new one."
    )
    created_at: Moment = described("When the image was stored.")
    cost: float = described("Amount charged, in US dollars.")
    tags: list[str] = described("Tags of the image.")
    template_id: str | None = described("ID of the template, if one was used.")
    batch_id: str | None = described("ID of the batch, if it belongs to one.")
    remade_from: str | None = described("ID of the image that it was remade from, if any.")
    is_deleted: bool = described("Whether the image is deleted. Its URL then does not answer.")
    is_preview: bool = described(
        "Whether it is a free preview of a server without a provider's account."
    )


class GeneratedImage(Result):
    """The result of generating an image."""

    status: Literal["stored", "pending"] = described(
        "`stored`: the image is there. `pending`: it takes longer, and will be stored and charged; "
        "call `get_image` with `id` in a moment."
    )
    id: str = described("ID of the image.")
    image: Image | None = described("The image. Null while it is pending.")
    warnings: list[str] = described(
        "Warnings, such as an exceeded soft budget or another size than requested."
    )


class FoundImages(Result):
    """A page of images, the newest first."""

    images: list[Image] = described("The images.")
    total: int = described("Number of images that match.")
    next_cursor: str | None = described("The `cursor` of the next page. Null on the last page.")
