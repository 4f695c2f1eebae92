"""Recovering images whose process died before writing their rows: its decisions, and its bytes."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import structlog

from gql_server.database.records.batches import ItemToDo
from gql_server.database.records.remote_images import RemoteImageRecord
from gql_server.domain.budgets import Payer
from gql_server.domain.errors import GenerationFailed
from gql_server.domain.money import MilliNeurons, NanoDollars
from gql_server.domain.parameters import Parameters, parameters_from_json, parameters_to_json
from gql_server.domain.principal import Principal
from gql_server.domain.skipped_models import (
    SkippedModel,
    SkipReason,
    skipped_from_json,
    skipped_to_json,
)
from gql_server.generation.persist import store_attempts
from gql_server.generation.provenance import provenance_to_json
from gql_server.generation.requests.request import (
    ImageRequest,
    KeptPrompt,
    request_from_json,
)
from gql_server.generation.requests.tags_and_metadata import clean_tags
from gql_server.generation.requests.validated import Candidate, ValidatedRequest, with_seed
from gql_server.generation.services import Services
from gql_server.generation.source_images import SourceImage
from gql_server.inference.generator import GeneratedPicture
from gql_server.ledger.prices.price_book import Price
from gql_server.pictures.formats import ImageFormat
from gql_server.pictures.inspection import inspect_picture
from gql_server.pictures.provenance.marking import read_marks
from gql_server.storage.store import StoredObject, StoreMisconfigured, StoreUnavailable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SavedImage:
    """An image whose bytes are in the store, with the metadata of its object.

    Attributes:
        accepted: The request as validated by the process that generated the image.
        picture: The image.
        is_preview: Whether the preview generator made it.
        provenance: What its file says about how it was made, as JSON.
    """

    accepted: ValidatedRequest
    picture: GeneratedPicture
    is_preview: bool
    provenance: Mapping[str, Any]


def storage_key(image_id: str, image_format: ImageFormat) -> str:
    """Return the key of an image's object in the store."""
    return f"generated/{image_id}.{image_format.extension}"


def object_metadata(kept: SavedImage) -> dict[str, str]:
    """Return the metadata stored with an image's bytes."""
    accepted = kept.accepted
    skipped = ",".join(f"{one.model_id}={one.reason}" for one in accepted.skipped)
    metadata = {
        "image-id": accepted.image_id,
        "user-id": accepted.payer.user_id,
        "model": accepted.model.id,
        "seed": accepted.parameters.seed,
        "seconds": f"{kept.picture.seconds:.3f}",
        "cost": accepted.price.cost,
        "provider-cost": accepted.price.provider_cost,
        "neurons": accepted.price.neurons,
        "preview": str(kept.is_preview).lower(),
        "gateway-log-id": kept.picture.log_id,
        "skipped-models": skipped or None,
        "marked-by": kept.provenance["marked_by"],
    }
    return {name: str(value) for name, value in metadata.items() if value is not None}


async def read_saved(
    services: Services, accepted: ValidatedRequest, stored: StoredObject
) -> SavedImage:
    """Return an image from its object, which another process may have written.

    Args:
        services: The services of the server.
        accepted: The request as validated here, for whatever the object's metadata does not
            contain.
        stored: The object.

    Raises:
        GenerationFailed: Only another version of the server has the model that generated it.
    """
    async with services.decoding:
        info = await asyncio.to_thread(inspect_picture, stored.data, allow_svg=True)
    metadata = stored.metadata
    if "model" in metadata:
        skipped = _skipped(metadata.get("skipped-models", ""))
        made = accepted.made_by(metadata["model"], skipped)
        if made is None:
            raise GenerationFailed(
                "The model that generated the image is no longer available. Choose another one.",
                retryable=True,
            )
        accepted = made
    price = accepted.price
    seed = int(metadata["seed"]) if "seed" in metadata else accepted.parameters.seed
    return SavedImage(
        replace(
            with_seed(accepted, seed),
            price=Price(
                cost=NanoDollars(int(metadata.get("cost", price.cost))),
                provider_cost=NanoDollars(int(metadata.get("provider-cost", price.provider_cost))),
                neurons=MilliNeurons(int(metadata.get("neurons", price.neurons))),
            ),
        ),
        GeneratedPicture(
            data=stored.data,
            info=info,
            seconds=float(metadata.get("seconds", 0)),
            seed=seed,
            log_id=metadata.get("gateway-log-id"),
        ),
        is_preview=metadata.get("preview") == "true",
        provenance=provenance_to_json(
            read_marks(stored.data, info.format), is_ours=metadata.get("marked-by") == "server"
        ),
    )


def _skipped(written: str) -> tuple[SkippedModel, ...]:
    pairs = (one.rpartition("=") for one in written.split(",") if one)
    return skipped_from_json([{"model": model, "reason": reason} for model, _, reason in pairs])


async def find_bytes(
    services: Services, image_id: str, *, retry_for_seconds: float = 0.0
) -> StoredObject | None:
    """Find an image's bytes, whatever their format.

    Args:
        services: The services of the server.
        image_id: The image's ID.
        retry_for_seconds: How long to retry if the store does not answer.

    Raises:
        GenerationFailed: The store cannot be used at the moment.
    """
    try:
        async for attempt in store_attempts(retry_for_seconds):
            with attempt:
                for image_format in ImageFormat:
                    stored = await services.store.get(storage_key(image_id, image_format))
                    if stored is not None:
                        return stored
    except (StoreUnavailable, StoreMisconfigured) as error:
        raise GenerationFailed(
            "It is not known at the moment whether the image was generated. Try again later.",
            retryable=True,
            store_failed=True,
        ) from error
    return None


async def discard_bytes(services: Services, image_id: str) -> None:
    """Delete the bytes of an image that must not be stored; an error of the store is logged."""
    try:
        for image_format in ImageFormat:
            await services.store.delete(storage_key(image_id, image_format))
    except (StoreUnavailable, StoreMisconfigured) as error:
        log.warning("image_not_discarded", image=image_id, reason=str(error))


def validated_to_json(accepted: ValidatedRequest) -> dict[str, Any]:
    """Return the decisions about a request as JSON, without the request itself."""
    first, *fallbacks = [_candidate_to_json(one) for one in accepted.candidates]
    written = {
        **first,
        "rendered_prompt": accepted.rendered_prompt,
        "sources": [asdict(source) for source in accepted.sources],
        "mask": asdict(accepted.mask) if accepted.mask is not None else None,
        "key_id": accepted.payer.key_id,
        "template_version": accepted.template_version,
        "remade_from": accepted.remade_from,
    }
    if accepted.request.fallback_model_ids:
        written["models"] = accepted.request.fallback_model_ids
    return written | ({"fallbacks": fallbacks} if fallbacks else {})


def _candidate_to_json(one: Candidate) -> dict[str, Any]:
    written = {
        "model": one.model.id,
        "parameters": parameters_to_json(one.parameters),
        "price": {
            "cost": one.price.cost,
            "provider_cost": one.price.provider_cost,
            "neurons": one.price.neurons,
        },
        "seed_was_given": one.seed_was_given,
    }
    return written | ({"skipped": skipped_to_json(one.skipped)} if one.skipped else {})


def _candidates_from_json(
    services: Services, request: ImageRequest, written: Mapping[str, Any]
) -> list[Candidate]:
    """Return the models that this version has; the others count as skipped."""
    known: list[Candidate] = []
    skipped: list[SkippedModel] = []
    for one in (written, *written.get("fallbacks", ())):
        skipped += skipped_from_json(one.get("skipped"))
        model = services.catalogue.get(one["model"])
        if model is None:
            skipped.append(SkippedModel(one["model"], SkipReason.DEPRECATED))
            continue
        # Earlier versions did not write it.
        seed_was_given = one.get("seed_was_given", request.parameters.seed is not None)
        known.append(
            Candidate(
                model=model,
                parameters=parameters_from_json(one["parameters"]),
                price=Price(**one["price"]),
                seed_was_given=seed_was_given,
                skipped=tuple(skipped),
            )
        )
        skipped = []
    return known


def validated_from_json(
    services: Services,
    principal: Principal,
    request: ImageRequest,
    image_id: str,
    written: Mapping[str, Any] | None,
) -> ValidatedRequest | None:
    """Return a validated request from its JSON, or None if this version cannot use it."""
    if written is None:
        return None
    candidates = _candidates_from_json(services, request, written)
    if not candidates:
        return None
    first, *fallbacks = candidates
    mask = written["mask"]
    return ValidatedRequest(
        image_id=image_id,
        payer=Payer(user_id=principal.user_id, key_id=written.get("key_id")),
        request=replace(request, tags=tuple(clean_tags(request.tags))),
        model=first.model,
        rendered_prompt=written["rendered_prompt"],
        parameters=first.parameters,
        sources=tuple(SourceImage(**source) for source in written["sources"]),
        mask=SourceImage(**mask) if mask is not None else None,
        price=first.price,
        seed_was_given=first.seed_was_given,
        template_version=written.get("template_version"),
        fallbacks=tuple(fallbacks),
        skipped=first.skipped,
        remade_from=written.get("remade_from"),
    )


def request_again(request: Mapping[str, Any], accepted: Mapping[str, Any]) -> ImageRequest:
    """Return a recorded request, to be accepted again.

    Args:
        request: What ``request_to_json`` wrote of it.
        accepted: What ``validated_to_json`` wrote of it.
    """
    remade_from, kept = accepted.get("remade_from"), None
    if remade_from is not None:
        kept = KeptPrompt(
            accepted["rendered_prompt"],
            accepted["template_version"],
            remade_from,
            {one["model"]: _given_again(one) for one in accepted.get("fallbacks", ())},
        )
    models = tuple(accepted.get("models", ()))
    return replace(request_from_json(request), fallback_model_ids=models, kept=kept)


def _given_again(candidate: Mapping[str, Any]) -> Parameters:
    """Return a candidate's settings to be accepted again, with a new seed if it was random."""
    parameters = parameters_from_json(candidate["parameters"])
    return parameters if candidate.get("seed_was_given") else replace(parameters, seed=None)


def validated_from_record(
    services: Services, record: ItemToDo | RemoteImageRecord
) -> ValidatedRequest | None:
    """Return the request of a record, or None if this version cannot use it."""
    return validated_from_json(
        services,
        Principal(user_id=record.user_id),
        request_from_json(record.request),
        record.image_id,
        record.accepted,
    )
