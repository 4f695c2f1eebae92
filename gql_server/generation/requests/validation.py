"""Validating a request: everything is checked, and its price is frozen."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from gql_server.database.queries.templates import find_templates
from gql_server.database.records.templates import PartialTemplate
from gql_server.domain.budgets import Payer
from gql_server.domain.errors import (
    MAX_ID_LENGTH,
    DomainError,
    ErrorCode,
    ImageNotFound,
    InvalidInput,
    ModelNotFound,
    Rejected,
    TemplateNotFound,
)
from gql_server.domain.ids import new_id
from gql_server.domain.lineage import Lineage
from gql_server.domain.parameters import Parameters, parameters_from_json
from gql_server.domain.principal import Principal
from gql_server.generation.requests.image_price import cost_errors, image_size, price_of
from gql_server.generation.requests.prompts import prompt_errors, render_prompt
from gql_server.generation.requests.request import ImageRequest, KeptPrompt
from gql_server.generation.requests.rules import (
    image_input_errors,
    resolve_parameters,
    without_images_errors,
)
from gql_server.generation.requests.tags_and_metadata import (
    CheckedLabels,
    are_oversized,
    clean_tags,
)
from gql_server.generation.services import Services
from gql_server.generation.source_images import SourceImage, find_sources
from gql_server.inference.model import Model
from gql_server.ledger.prices.price_book import Price

_IDS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedRequest:
    """A validated request: it is carried out as it is, whatever changes meanwhile.

    Attributes:
        image_id: ID of the image, chosen before any model is called.
        payer: The image's owner, whose budgets pay for it.
        request: The request, with its tags cleaned.
        model: The model.
        rendered_prompt: The prompt for the model.
        parameters: The parameters for the model, defaults included.
        sources: The source images.
        mask: The mask.
        price: The frozen price.
        seed_was_given: Whether the request or its template sets the seed.
        batch_id: The batch it belongs to.
        template_version: The version of the template whose text is in the prompt; None if there is
            no template, or if the version is unknown.
    """

    image_id: str
    payer: Payer
    request: ImageRequest
    model: Model
    rendered_prompt: str
    parameters: Parameters
    sources: tuple[SourceImage, ...]
    mask: SourceImage | None
    price: Price
    seed_was_given: bool
    batch_id: str | None = None
    template_version: int | None = None

    @property
    def lineage(self) -> Lineage:
        """The images that the image is generated from."""
        mask_id = self.mask.id if self.mask is not None else None
        return Lineage(tuple(source.id for source in self.sources), mask_id)


@dataclass(frozen=True, slots=True)
class NamedInputs:
    """The objects that requests refer to by ID, as far as the caller may use them.

    Attributes:
        templates: Templates by ID.
        sources: Uploads and images by ID.
        labels: Checked tags and metadata, which the images of a batch share.
    """

    templates: Mapping[str, PartialTemplate]
    sources: Mapping[str, SourceImage]
    labels: CheckedLabels


async def validate(
    services: Services, principal: Principal, request: ImageRequest
) -> ValidatedRequest:
    """Validate a request, without spending anything.

    Raises:
        Rejected: The request is invalid; contains every error.
    """
    return validate_with(
        services, principal, request, await load_inputs(services, principal, [request])
    )


def is_oversized(services: Services, request: ImageRequest) -> bool:
    """Return whether a request is larger than any valid one, without looking at more than that.

    Work that grows with a request, such as hashing every image of a batch, is done only if this is
    false.
    """
    longest = max(services.catalogue.max_text_length, MAX_ID_LENGTH)
    texts = (
        request.prompt,
        request.model_id,
        request.template_id,
        request.mask_image_id,
        request.parameters.negative_prompt,
        request.parameters.aspect_ratio,
        request.parameters.quality,
        request.parameters.background,
        request.parameters.output_format,
    )
    return (
        len(request.source_image_ids) > services.catalogue.max_sources
        or any(len(text) > longest for text in (*texts, *request.source_image_ids) if text)
        or are_oversized(request.tags, request.metadata)
        or are_oversized((), request.parameters.own)
    )


async def load_inputs(
    services: Services, principal: Principal, requests: Iterable[ImageRequest]
) -> NamedInputs:
    """Read what requests refer to by ID, each object once, and no more than a model can take."""
    max_sources = services.catalogue.max_sources
    template_ids: set[str] = set()
    source_ids: set[str] = set()
    for request in requests:
        template_ids.update(filter(None, [request.template_id]))
        source_ids.update(
            request.source_image_ids[:max_sources], filter(None, [request.mask_image_id])
        )
    templates: dict[str, PartialTemplate] = {}
    sources: dict[str, SourceImage] = {}
    for ids in _chunks(template_ids):
        async with services.database.read() as connection:
            templates |= await find_templates(connection, ids, user_id=principal.owner_filter())
    for ids in _chunks(source_ids):
        sources |= await find_sources(services, principal, ids)
    return NamedInputs(templates, sources, CheckedLabels())


def validate_with(
    services: Services, principal: Principal, request: ImageRequest, inputs: NamedInputs
) -> ValidatedRequest:
    """Validate a request with objects that were read before, without spending anything.

    Raises:
        Rejected: The request is invalid; contains every error.
    """
    kept = request.kept
    kept_prompt = kept.rendered if kept is not None else None
    template = inputs.templates.get(request.template_id or "")
    errors: list[DomainError] = []
    if request.template_id is not None and template is None and kept_prompt is None:
        errors.append(TemplateNotFound(request.template_id))
    model = _model(services, request, template, errors)
    rendered = kept_prompt
    if rendered is None:
        rendered = render_prompt(request.prompt, template["default_prompt"] if template else None)
    errors.extend(prompt_errors(request.prompt, rendered, model))
    errors.extend(inputs.labels.errors(request.tags, request.metadata))
    ids = request.source_image_ids[: services.catalogue.max_sources]
    sources, mask = _sources(ids, request.mask_image_id, inputs.sources, errors)
    parameters = request.parameters
    if model is not None:
        has_saved = template is not None and kept is None
        saved = parameters_from_json(template["parameters"]) if template and has_saved else None
        resolved = resolve_parameters(model, request.parameters, saved)
        parameters = resolved.parameters
        errors.extend(resolved.errors)
        errors.extend(
            without_images_errors(model, parameters, sources=len(request.source_image_ids))
        )
        errors.extend(
            image_input_errors(
                model,
                sources=len(request.source_image_ids),
                has_mask=request.mask_image_id is not None,
                strength=request.parameters.strength,
            )
        )
    if errors or model is None:
        raise Rejected(errors)
    seed_was_given = parameters.seed is not None
    parameters = _settle(model, parameters, has_sources=bool(sources))
    size = image_size(model, parameters, sources, prompt=rendered)
    price = price_of(services, model, size)
    errors.extend(cost_errors(request.max_cost, price.cost))
    if errors:
        raise Rejected(errors)
    return ValidatedRequest(
        image_id=new_id("img"),
        payer=Payer(user_id=principal.user_id, key_id=principal.key_id),
        request=replace(request, tags=tuple(clean_tags(request.tags))),
        model=model,
        rendered_prompt=rendered,
        parameters=parameters,
        sources=sources,
        mask=mask,
        price=price,
        seed_was_given=seed_was_given,
        template_version=_template_version(kept, template),
    )


def _template_version(kept: KeptPrompt | None, template: PartialTemplate | None) -> int | None:
    if kept is not None and kept.rendered is not None:
        return kept.template_version
    return template["version"] if template is not None else None


def with_other_seed(accepted: ValidatedRequest, number: int) -> ValidatedRequest:
    """Return another copy of a validated request: the same but for its ID and its seed.

    Args:
        accepted: The first copy.
        number: The number of the copy, which is added to a requested seed.
    """
    requested, seed = accepted.request.parameters.seed, accepted.parameters.seed
    request = accepted.request
    if requested is not None:
        seed = requested + number
        request = replace(request, parameters=replace(request.parameters, seed=seed))
    elif seed is not None:
        seed = accepted.model.random_seed()
    return replace(
        accepted,
        image_id=new_id("img"),
        request=request,
        parameters=replace(accepted.parameters, seed=seed),
        seed_was_given=requested is not None,
    )


def with_seed(accepted: ValidatedRequest, seed: int | None) -> ValidatedRequest:
    """Return the request with the seed the image was generated with."""
    return replace(accepted, parameters=replace(accepted.parameters, seed=seed))


def _chunks(ids: Collection[str]) -> Iterator[Sequence[str]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _IDS_AT_ONCE):
        yield ordered[start : start + _IDS_AT_ONCE]


def _model(
    services: Services,
    request: ImageRequest,
    template: PartialTemplate | None,
    errors: list[DomainError],
) -> Model | None:
    model_id = request.model_id
    if model_id is None and template is not None:
        model_id = template["model_id"]
    if model_id is None:
        if request.template_id is None:
            errors.append(
                InvalidInput(
                    "Name a model, or a template that has one.",
                    path=("model",),
                    code=ErrorCode.REQUIRED,
                )
            )
        return None
    model = services.catalogue.get(model_id)
    if model is None:
        path = ("model",) if request.model_id is not None else ("template_id",)
        withdrawn = services.catalogue.withdrawn.get(model_id)
        errors.append(ModelNotFound(model_id, path=path, hint=withdrawn))
    return model


def _sources(
    ids: Sequence[str],
    mask_id: str | None,
    found: Mapping[str, SourceImage],
    errors: list[DomainError],
) -> tuple[tuple[SourceImage, ...], SourceImage | None]:
    for index, image_id in enumerate(ids):
        if image_id not in found:
            errors.append(ImageNotFound(image_id, path=("source_image_ids", index)))
    if mask_id is not None and mask_id not in found:
        errors.append(ImageNotFound(mask_id, path=("mask_image_id",)))
    sources = tuple(found[image_id] for image_id in ids if image_id in found)
    return sources, found.get(mask_id) if mask_id is not None else None


def _settle(model: Model, parameters: Parameters, *, has_sources: bool) -> Parameters:
    changes: dict[str, Any] = {}
    if parameters.seed is None:
        # Chosen here and not by the model, so that it is known and the image can be repeated.
        changes["seed"] = model.random_seed()
    if not has_sources:
        changes["strength"] = None
    return replace(parameters, **changes)
