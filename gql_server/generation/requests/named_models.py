"""The models that a request names: the first one, and those to try after it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gql_server.domain.errors import (
    DomainError,
    ErrorCode,
    InvalidInput,
    ModelNotFound,
    Path,
    SkipReason,
)
from gql_server.domain.skipped_models import MAX_MODELS, SkippedModel
from gql_server.generation.requests.request import ImageRequest
from gql_server.inference.catalogue import Catalogue
from gql_server.inference.model import Model, ModelStatus

_MODEL: Final[Path] = ("model",)
_TEMPLATE: Final[Path] = ("template_id",)


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model that a request names.

    Attributes:
        model: The model.
        skipped: Models that the request names directly before it and that are not tried.
    """

    model: Model
    skipped: tuple[SkippedModel, ...] = ()


def named_models(
    catalogue: Catalogue,
    request: ImageRequest,
    template: Mapping[str, Any] | None,
    errors: list[DomainError],
) -> Sequence[NamedModel]:
    """Return the models to try, in order, each once; add what is wrong with them to ``errors``.

    Deprecated and withdrawn models are left out where the request names another one.
    """
    ids = dict(_ids(request, template))
    if not ids:
        if request.template_id is None:
            errors.append(
                InvalidInput(
                    "Name a model, or a template that has one.",
                    path=_MODEL,
                    code=ErrorCode.REQUIRED,
                )
            )
        return []
    if len(ids) > MAX_MODELS:
        errors.append(
            InvalidInput(
                f"A request names at most {MAX_MODELS} models; {len(ids)} were given.",
                path=("models",),
                code=ErrorCode.TOO_MANY,
            )
        )
        return []
    found: list[NamedModel] = []
    unknown: list[DomainError] = []
    skipped: list[SkippedModel] = []
    for model_id, path in ids.items():
        model = catalogue.get(model_id)
        withdrawn = catalogue.withdrawn.get(model_id)
        if model is None:
            unknown.append(ModelNotFound(model_id, path=path, hint=catalogue.instead_of(model_id)))
            if withdrawn is None:
                errors.append(unknown[-1])
            skipped.append(SkippedModel(model_id, SkipReason.DEPRECATED))
        elif model.status is ModelStatus.DEPRECATED and len(ids) > 1:
            skipped.append(SkippedModel(model_id, SkipReason.DEPRECATED))
        else:
            found.append(NamedModel(model, tuple(skipped)))
            skipped = []
    if found or errors:
        return found
    deprecated = [model for model in map(catalogue.get, ids) if model is not None]
    if deprecated:
        return [NamedModel(model) for model in deprecated]
    errors.extend(unknown)
    return []


def _ids(request: ImageRequest, template: Mapping[str, Any] | None) -> Iterator[tuple[str, Path]]:
    """Yield the IDs in order, each with the field that names it; the last one counts."""
    own: list[tuple[str, Path]] = [
        (model_id, ("models", index)) for index, model_id in enumerate(request.fallback_model_ids)
    ]
    first = request.model_id
    if first is not None:
        yield from [(first, _MODEL), *(one for one in own if one[0] != first)]
    elif template is None:
        yield from own
    else:
        saved = template["fallback_model_ids"] or ()
        yield template["model_id"], _TEMPLATE
        yield from own or [(model_id, _TEMPLATE) for model_id in saved]
