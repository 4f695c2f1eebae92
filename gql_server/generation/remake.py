"""Generating a stored image again, as it was or with changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from gql_server.database.engine.records import id_chunks
from gql_server.database.queries.image_sources import find_lineage
from gql_server.database.queries.images import find_images
from gql_server.database.queries.templates import find_templates
from gql_server.database.records.images import PartialImage
from gql_server.database.records.templates import PartialTemplate
from gql_server.domain.errors import ErrorCode, ImageNotFound, InvalidInput
from gql_server.domain.lineage import NO_SOURCES, Lineage
from gql_server.domain.parameters import Parameters, parameters_from_json
from gql_server.domain.principal import Principal
from gql_server.domain.skipped_models import MAX_MODELS
from gql_server.generation.generate import GeneratedImage, generate_request
from gql_server.generation.requests.request import ImageRequest, KeptPrompt
from gql_server.generation.services import Services
from gql_server.inference.model import Model

NAMES: Final[Mapping[str, str]] = {
    "model": "model_id",
    "models": "fallback_model_ids",
    "parameters": "own",
}
"""Names of changes, by those of clients' fields where they differ."""

_OPERATION: Final = "remakeImage"
_SETTINGS: Final = tuple(one.name for one in fields(Parameters) if one.name != "own")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remake:
    """An image to generate again.

    Attributes:
        image_id: The image.
        changes: What to change, by the names of ``ImageRequest`` and ``Parameters``; ``own`` has
            single settings. None stands for the model's default, a random seed, no images, no tags
            and no metadata.
        max_cost: Maximum cost in US dollars; a more expensive image is refused.
    """

    image_id: str
    changes: Mapping[str, Any]
    max_cost: float | None = None


@dataclass(frozen=True, slots=True)
class Originals:
    """Images to generate again, by ID, with what they need.

    Attributes:
        images: The images.
        lineage: What each was generated from.
        templates: Their templates that were not deleted.
    """

    images: dict[str, PartialImage]
    lineage: dict[str, Lineage]
    templates: dict[str, PartialTemplate]


async def remake_image(
    services: Services,
    principal: Principal,
    remake: Remake,
    *,
    idempotency_key: str | None = None,
) -> GeneratedImage:
    """Generate an image again for the caller, who pays for it; the first one stays.

    Without changes the model receives the same request again, with the same seed.

    Raises:
        ImageNotFound: The caller has no such image.
        InvalidInput: It is unknown what the image was generated from, or its template has been
            deleted and the prompt changes.
        Rejected, GenerationPending, IdempotencyConflict, IdempotencyInProgress, DomainError: As
            ``generate_image``.
    """
    return await generate_request(
        services,
        principal,
        remake_request(
            services, await find_originals(services, principal, [remake.image_id]), remake
        ),
        operation=_OPERATION,
        given=lambda: {
            "id": remake.image_id,
            "changes": remake.changes,
            "max_cost": remake.max_cost,
        },
        idempotency_key=idempotency_key,
    )


async def find_originals(
    services: Services, principal: Principal, image_ids: Sequence[str]
) -> Originals:
    """Read images to generate again, as far as the caller has them, with what they need."""
    owner = principal.owner_filter()
    originals = Originals({}, {}, {})
    for ids in id_chunks(image_ids):
        async with services.database.read() as connection:
            images = await find_images(connection, ids, user_id=owner)
            lineage = await find_lineage(connection, images.keys())
            template_ids = [one["template_id"] for one in images.values() if one["template_id"]]
            templates = await find_templates(connection, set(template_ids), user_id=owner)
        originals.images.update(images)
        originals.lineage.update(lineage)
        originals.templates.update(templates)
    return originals


def remake_request(services: Services, originals: Originals, remake: Remake) -> ImageRequest:
    """Return the request that generates an image again.

    Raises:
        ImageNotFound: The caller has no such image.
        InvalidInput: It is unknown what the image was generated from, or its template has been
            deleted and the prompt changes.
    """
    image = originals.images.get(remake.image_id)
    if image is None:
        raise ImageNotFound(remake.image_id)
    changes = remake.changes
    prompt, template_id = changes.get("prompt"), image["template_id"]
    kept = KeptPrompt(None, None, image["id"])
    if prompt is None or prompt == image["prompt"]:
        kept = replace(
            kept, rendered=image["rendered_prompt"], template_version=image["template_version"]
        )
    elif template_id is not None and template_id not in originals.templates:
        raise InvalidInput(
            "The template of this image has been deleted, so another prompt cannot be combined "
            "with its text. Generate a new image instead.",
            path=("prompt",),
            code=ErrorCode.NOT_SUPPORTED,
        )
    model_id = changes.get("model_id") or image["model_id"]
    fallbacks = tuple(changes.get("fallback_model_ids") or ())
    kept = replace(
        kept,
        parameters={
            name: _parameters(services, image, name, changes) for name in fallbacks[:MAX_MODELS]
        },
    )
    lineage = _lineage(services, image, originals.lineage[image["id"]], changes)
    return ImageRequest(
        prompt=image["prompt"] if prompt is None else prompt,
        model_id=model_id,
        fallback_model_ids=fallbacks,
        template_id=template_id,
        parameters=_parameters(services, image, model_id, changes),
        source_image_ids=tuple(lineage.source_ids),
        mask_image_id=lineage.mask_id,
        tags=tuple(changes.get("tags", image["tags"]) or ()),
        metadata=changes.get("metadata", image["attributes"]),
        max_cost=remake.max_cost,
        kept=kept,
    )


def _lineage(
    services: Services, image: PartialImage, known: Lineage, changes: Mapping[str, Any]
) -> Lineage:
    """Return the source images and the mask, as they were or as the caller changes them.

    Raises:
        InvalidInput: They are unknown, and the caller does not give them.
    """
    if image["request_kind"] is None:
        model = services.catalogue.get(image["model_id"])
        may_have_sources = model is None or model.image_inputs is not None
        if may_have_sources and "source_image_ids" not in changes:
            raise InvalidInput(
                "The image was stored before the server kept source images, and its model accepts "
                "them. Name the source images, and the mask if there was one; an empty list says "
                "that there were none.",
                path=("source_image_ids",),
                code=ErrorCode.REQUIRED,
            )
        known = NO_SOURCES
    source_ids = changes.get("source_image_ids", known.source_ids)
    return Lineage(tuple(source_ids or ()), changes.get("mask_image_id", known.mask_id))


def _parameters(
    services: Services, image: PartialImage, model_id: str, changes: Mapping[str, Any]
) -> Parameters:
    """Return the image's settings with the changes, as far as the model has them."""
    stored = parameters_from_json(image["parameters"])
    model = services.catalogue.get(model_id)
    kept = {**{name: getattr(stored, name) for name in _SETTINGS}, **stored.own}
    if model_id != image["model_id"]:
        former = services.catalogue.get(image["model_id"])
        kept = {name: kept[name] for name in kept if _passes(name, kept[name], former, model)}
    if changes.get("aspect_ratio") is not None:
        kept |= {"width": None, "height": None}
    own = changes.get("own", {})
    if own is None:
        kept = {name: kept[name] for name in kept if name in _SETTINGS}
    elif not isinstance(own, Mapping):  # validation reports it
        return Parameters(own=own)
    size = {**kept, **changes}.get("width")
    if model is not None and model.custom_size and size is not None:
        # The model has a default for these, which an earlier request did not set either.
        kept = {
            name: kept[name] for name in kept if name not in {"aspect_ratio", *model.custom_size}
        }
    shared = {name: changes.get(name, kept.get(name)) for name in _SETTINGS}
    kept_own = {name: kept[name] for name in kept if name not in _SETTINGS}
    return Parameters(**shared, own=kept_own | dict(own or {}))


def _passes(name: str, value: Any, former: Model | None, model: Model | None) -> bool:
    """Return whether a setting applies to another model; a default of the former one does not."""
    if model is None or name not in model.parameters:
        return False
    rule = former.parameters.get(name) if former is not None else None
    return rule is None or rule.default is None or value != rule.default
