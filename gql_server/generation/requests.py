"""What a caller asks for, before anything about it was checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from gql_server.domain.parameters import Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """One picture that a caller asks for.

    Attributes:
        prompt: As its user wrote it.
        model_id: Needed where no template names a model.
        template_id: A template of the caller.
        parameters: What the caller set; what is None is the template's or the model's.
        source_image_ids: Images or uploads of the caller, ``img_…`` or ``src_…``.
        mask_image_id: Likewise; white is painted anew.
        tags: To find the image by.
        metadata: Whatever the client wants to keep with the image.
        max_cost: Refuse what would cost more, in US dollars.
    """

    prompt: str
    model_id: str | None = None
    template_id: str | None = None
    parameters: Parameters = field(default_factory=Parameters)
    source_image_ids: tuple[str, ...] = ()
    mask_image_id: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] | None = None
    max_cost: float | None = None


_FIELDS: Final = tuple(one.name for one in fields(ImageRequest))
_PARAMETERS: Final = tuple(one.name for one in fields(Parameters))


def request_to_json(request: ImageRequest) -> dict[str, Any]:
    """Write down what was asked for."""
    parameters = request.parameters
    return {
        **{name: getattr(request, name) for name in _FIELDS},
        "parameters": {name: getattr(parameters, name) for name in _PARAMETERS},
    }


def request_from_json(written: Mapping[str, Any]) -> ImageRequest:
    """Read what ``request_to_json`` wrote."""
    return ImageRequest(
        **{
            **written,
            "parameters": Parameters(**written["parameters"]),
            "source_image_ids": tuple(written["source_image_ids"]),
            "tags": tuple(written["tags"]),
        }
    )
