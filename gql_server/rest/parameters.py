"""The settings of a picture, and of a template."""

from dataclasses import fields
from typing import Any, Final

from gql_server.domain.parameters import Parameters
from gql_server.rest.fields import FLUX, IMAGE_ID, TEMPLATE_ID, Given, described

PARAMETERS: Final = tuple(field.name for field in fields(Parameters))


class TemplateParameters(Given):
    """Settings of a picture; null or left out: the model's default."""

    negative_prompt: str | None = described(
        "What the picture should not show.", "people, text", None
    )
    width: int | None = described("The width of the picture in pixels.", 1024, None)
    height: int | None = described("The height of the picture in pixels.", 768, None)
    steps: int | None = described("How often the picture is refined.", 20, None)
    guidance: float | None = described("How closely the picture follows the prompt.", 7.5, None)
    seed: int | None = described(
        "The same seed and settings make the same picture. A whole number from 0 to "
        "9007199254740991 (2^53 - 1).",
        42,
        None,
    )
    strength: float | None = described(
        "How far the result may leave its source image, from 0 to 1.", 0.6, None
    )


class ModelAndTemplate(Given):
    """What a picture is made by."""

    model: str | None = described(
        "The model that makes it, by its `id` of /api/models; may be left out with a template.",
        FLUX,
        None,
    )
    template_id: str | None = described(
        "A template whose model, words and settings hold where nothing else is said.",
        TEMPLATE_ID,
        None,
    )
    metadata: dict[str, Any] | None = described(
        "Whatever is to be kept with the image: a JSON object of at most 16 KiB.",
        {"order": 42},
        None,
    )


class PictureSettings(TemplateParameters, ModelAndTemplate):
    """How a picture is made, and what is kept with it."""

    source_image_ids: list[str] | None = described(
        "Images made here (`img_…`), or uploaded by GraphQL (`src_…`), to paint over or look at.",
        [IMAGE_ID],
        None,
        fail_fast=True,
    )
    mask_image_id: str | None = described(
        "An image over the source image: its white is painted anew.", IMAGE_ID, None
    )
    tags: list[str] | None = described(
        "To find the image by: at most 20, each of 1 to 64 characters.",
        ["shop"],
        None,
        fail_fast=True,
    )
    max_cost: float | None = described(
        "Refuse the request where it would cost more, in US dollars.", 0.05, None, ge=0
    )


def parameters_from(given: TemplateParameters) -> Parameters:
    """Read the settings."""
    return Parameters(**{name: getattr(given, name) for name in PARAMETERS})


def settings_from(given: PictureSettings) -> dict[str, Any]:
    """Read what a ``PictureRequest`` says beside its prompt."""
    return {
        "model_id": given.model,
        "template_id": given.template_id,
        "parameters": parameters_from(given),
        "source_image_ids": tuple(given.source_image_ids or ()),
        "mask_image_id": given.mask_image_id,
        "tags": tuple(given.tags or ()),
        "metadata": given.metadata,
    }
