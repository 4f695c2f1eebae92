"""A requested image, before validation."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from gql_server.domain.parameters import (
    Parameters,
    parameters_from_json,
    parameters_to_json,
)


@dataclass(frozen=True, slots=True)
class KeptPrompt:
    """What an image that is generated again keeps of the first one.

    Attributes:
        rendered: The prompt that the model received; None if the prompt changes.
        template_version: The version of the template whose text is in it.
        remade_from: The image that is generated again.
        parameters: The settings for other models that are tried after the first one, by model: what
            they have of the image's, with the caller's changes.
    """

    rendered: str | None
    template_version: int | None
    remade_from: str
    parameters: Mapping[str, Parameters] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """A requested image.

    Attributes:
        prompt: As its user wrote it.
        model_id: The model; required unless the template has one.
        fallback_model_ids: Models to try in this order after the first one; without any, those of
            the template, unless the request names a model.
        template_id: A template of the caller.
        parameters: The caller's settings; those that are None are the template's or the model's.
        source_image_ids: Images or uploads of the caller, ``img_…`` or ``src_…``.
        mask_image_id: Likewise; white areas are repainted.
        tags: To find the image by.
        metadata: The client's own data about the image.
        max_cost: Maximum cost in US dollars; a more expensive image is refused.
        kept: What an image that is generated again keeps of the first one; the settings of the
            template then do not apply.
    """

    prompt: str
    model_id: str | None = None
    fallback_model_ids: tuple[str, ...] = ()
    template_id: str | None = None
    parameters: Parameters = field(default_factory=Parameters)
    source_image_ids: tuple[str, ...] = ()
    mask_image_id: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] | None = None
    max_cost: float | None = None
    kept: KeptPrompt | None = None


_FIELDS: Final = tuple(
    one.name for one in fields(ImageRequest) if one.name not in {"kept", "fallback_model_ids"}
)
"""The others are part of what was accepted: servers of earlier versions refuse names they do not
know in a request, and leave them out of what was accepted."""


def request_to_json(request: ImageRequest) -> dict[str, Any]:
    """Return a request as JSON, without what is part of what was accepted."""
    return {
        **{name: getattr(request, name) for name in _FIELDS},
        "parameters": parameters_to_json(request.parameters),
    }


def request_from_json(written: Mapping[str, Any]) -> ImageRequest:
    """Return the request that ``request_to_json`` wrote."""
    return ImageRequest(
        **{
            **written,
            "parameters": parameters_from_json(written["parameters"]),
            "source_image_ids": tuple(written["source_image_ids"]),
            "tags": tuple(written["tags"]),
        }
    )
