"""Validating a request: everything is checked, and its price is frozen."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gql_server.database.engine.records import id_chunks
from gql_server.database.queries.templates import find_templates
from gql_server.database.records.templates import PartialTemplate
from gql_server.domain.budgets import Payer
from gql_server.domain.errors import (
    MAX_ID_LENGTH,
    DomainError,
    ImageNotFound,
    Path,
    Rejected,
    TemplateNotFound,
)
from gql_server.domain.ids import new_id
from gql_server.domain.money import round_down_to_nanos
from gql_server.domain.parameters import Parameters, parameters_from_json
from gql_server.domain.principal import Principal
from gql_server.domain.skipped_models import MAX_MODELS
from gql_server.generation.requests.image_price import cost_errors, image_size, price_of
from gql_server.generation.requests.limits import enlargement_errors, limit_errors
from gql_server.generation.requests.named_models import NamedModel, named_models
from gql_server.generation.requests.prompts import prompt_errors, render_prompt
from gql_server.generation.requests.request import ImageRequest, KeptPrompt
from gql_server.generation.requests.rules import (
    ResolvedParameters,
    image_input_errors,
    resolve_parameters,
    without_images_errors,
)
from gql_server.generation.requests.tags_and_metadata import (
    CheckedLabels,
    are_oversized,
    clean_tags,
)
from gql_server.generation.requests.validated import Candidate, ValidatedRequest
from gql_server.generation.services import Services
from gql_server.generation.source_images import SourceImage, find_sources
from gql_server.inference.model import Model
from gql_server.telemetry.spans import Span
from gql_server.telemetry.tracing import span


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
    with span(Span.ACCEPT_IMAGE, gql_server__model=request.model_id):
        return validate_with(
            services, principal, request, await load_inputs(services, principal, [request])
        )


def is_oversized(services: Services, request: ImageRequest) -> bool:
    """Return whether a request is larger than any valid one, without looking at more than that.

    Work that grows with a request, such as hashing every image of a batch, is done only if this is
    false.
    """
    max_length = max(services.catalogue.max_text_length, MAX_ID_LENGTH)
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
    ids = (*request.source_image_ids, *request.fallback_model_ids[:MAX_MODELS])
    return (
        len(request.source_image_ids) > services.catalogue.max_sources
        or len(request.fallback_model_ids) > MAX_MODELS
        or any(len(text) > max_length for text in (*texts, *ids) if text)
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
    for ids in id_chunks(template_ids):
        async with services.database.read() as connection:
            templates |= await find_templates(connection, ids, user_id=principal.owner_filter())
    for ids in id_chunks(source_ids):
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
    models = named_models(services.catalogue, request, template, errors)
    rendered = kept_prompt
    if rendered is None:
        rendered = render_prompt(request.prompt, template["default_prompt"] if template else None)
    prompts = [(one.model.id, prompt_errors(request.prompt, rendered, one.model)) for one in models]
    errors.extend(_named_errors(prompts or [("", prompt_errors(request.prompt, rendered, None))]))
    errors.extend(inputs.labels.errors(request.tags, request.metadata))
    ids = request.source_image_ids[: services.catalogue.max_sources]
    sources, mask = _sources(ids, request.mask_image_id, inputs.sources, errors)
    has_saved = template is not None and kept is None
    saved = parameters_from_json(template["parameters"]) if template and has_saved else None
    settings = [_resolved(one.model, request, saved, sources) for one in models]
    errors.extend(
        _named_errors(
            [(one.model.id, found.errors) for one, found in zip(models, settings, strict=True)]
        )
    )
    if errors or not models:
        raise Rejected(errors)
    first, *fallbacks = [
        _candidate(services, one, found.parameters, sources, rendered)
        for one, found in zip(models, settings, strict=True)
    ]
    accepted = ValidatedRequest(
        image_id=new_id("img"),
        payer=Payer(user_id=principal.user_id, key_id=principal.key_id),
        request=replace(request, tags=tuple(clean_tags(request.tags))),
        model=first.model,
        rendered_prompt=rendered,
        parameters=first.parameters,
        sources=sources,
        mask=mask,
        price=first.price,
        seed_was_given=first.seed_was_given,
        template_version=_template_version(kept, template),
        remade_from=kept.remade_from if kept is not None else None,
        fallbacks=tuple(fallbacks),
        skipped=first.skipped,
    )
    if request.max_cost is not None and request.max_cost >= 0:
        accepted = accepted.within(round_down_to_nanos(request.max_cost))
    cheapest = min(one.price.cost for one in accepted.candidates)
    errors.extend(cost_errors(request.max_cost, cheapest))
    if errors:
        raise Rejected(errors)
    return accepted


def _resolved(
    model: Model,
    request: ImageRequest,
    saved: Parameters | None,
    sources: Sequence[SourceImage],
) -> ResolvedParameters:
    """Return the parameters for a model, and what it does not accept of settings and images."""
    count = len(request.source_image_ids)
    kept = request.kept.parameters if request.kept is not None else {}
    given = kept.get(model.id, request.parameters)
    resolved = resolve_parameters(model, given, saved)
    errors = [
        *resolved.errors,
        *limit_errors(model, resolved.parameters),
        *enlargement_errors(model, resolved.parameters, sources),
        *without_images_errors(model, resolved.parameters, sources=count),
        *image_input_errors(
            model,
            sources=count,
            has_mask=request.mask_image_id is not None,
            strength=given.strength,
        ),
    ]
    return ResolvedParameters(resolved.parameters, errors)


def _named_errors(found: Sequence[tuple[str, Sequence[DomainError]]]) -> Iterator[DomainError]:
    """Yield the errors of several models; those that not all of them have name their model."""
    times = Counter((error.path, error.message) for _, errors in found for error in errors)
    reported: set[tuple[Path, str]] = set()
    for model_id, errors in found:
        for error in errors:
            same = (error.path, error.message)
            if times[same] < len(found):
                error.message = f"{model_id}: {error.message}"
            elif same in reported:
                continue
            reported.add(same)
            yield error


def _candidate(
    services: Services,
    named: NamedModel,
    parameters: Parameters,
    sources: Sequence[SourceImage],
    rendered: str,
) -> Candidate:
    model = named.model
    seed_was_given = parameters.seed is not None
    parameters = _settle(model, parameters, has_sources=bool(sources))
    return Candidate(
        model=model,
        parameters=parameters,
        price=price_of(services, model, image_size(model, parameters, sources, prompt=rendered)),
        seed_was_given=seed_was_given,
        skipped=named.skipped,
    )


def _template_version(kept: KeptPrompt | None, template: PartialTemplate | None) -> int | None:
    if kept is not None and kept.rendered is not None:
        return kept.template_version
    return template["version"] if template is not None else None


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
