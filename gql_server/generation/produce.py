"""Producing an accepted image and saving it: bytes first, then row and charge."""

from contextlib import nullcontext
from typing import Any

import structlog

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.idempotency_keys import KeyScope
from gql_server.database.queries.image_inserts import NewImage, OnCommit
from gql_server.database.queries.reservations import ReservationLost
from gql_server.database.records.images import PartialImage
from gql_server.database.tables.images import ImageRow
from gql_server.database.tables.ledger import ChargeKind, ChargeRow
from gql_server.domain.clock import now
from gql_server.domain.errors import GenerationPending, Rejected
from gql_server.domain.ids import new_id
from gql_server.domain.parameters import parameters_to_json
from gql_server.domain.search import folded
from gql_server.domain.skipped_models import skipped_to_json
from gql_server.generation.made_sizes import priced_as_made
from gql_server.generation.persist import check_store, save_bytes, save_row
from gql_server.generation.provenance import marked
from gql_server.generation.recovery import (
    SavedImage,
    discard_bytes,
    find_bytes,
    object_metadata,
    read_saved,
    storage_key,
)
from gql_server.generation.remote_images import fetch_remote, forget, not_fetched, remembering
from gql_server.generation.requests.image_price import expected_size
from gql_server.generation.requests.validated import ValidatedRequest, with_seed
from gql_server.generation.services import Services
from gql_server.generation.source_images import load_mask, load_sources
from gql_server.inference.attempts import StillNeeded, while_needed
from gql_server.inference.generator import (
    CallSlot,
    GeneratedPicture,
    GenerationRequest,
    NotFetched,
)
from gql_server.inference.model import Size
from gql_server.ledger.budgets.reservations import Hold
from gql_server.storage.store import StoredObject

log = structlog.get_logger(__name__)


async def produce_image(
    services: Services,
    accepted: ValidatedRequest,
    *,
    is_background: bool = False,
    is_needed: StillNeeded | None = None,
    call_slot: CallSlot = nullcontext,
    retry_for_seconds: float = 0.0,
) -> GeneratedPicture:
    """Generate an image.

    Args:
        services: The services of the server.
        accepted: The validated request.
        is_background: Whether no user waits for it; other images go first.
        is_needed: Asked while the model is not yet called; None means that the image is needed.
        call_slot: Acquires a slot for each call of the model; may wait.
        retry_for_seconds: How long to retry if the store does not return a source image.

    Raises:
        DomainError: The image could not be generated; nothing is charged.
        NoLongerNeeded: The image is no longer needed; no model was called.
    """
    if services.store.is_refusing:
        await check_store(services.store)  # before anything is paid for
    sources, mask = await while_needed(_load(services, accepted, retry_for_seconds), is_needed)
    request = GenerationRequest(
        model=accepted.model,
        prompt=accepted.rendered_prompt,
        parameters=accepted.parameters,
        seed_was_given=accepted.seed_was_given,
        source_images=sources,
        mask=mask,
        size=_size(accepted),
        is_background=is_background,
        is_needed=is_needed,
        call_slot=call_slot,
        labels=_labels(accepted),
        remember=remembering(services, accepted),
    )
    try:
        return await services.generator.generate(request)
    except NotFetched as error:
        raise await not_fetched(services, accepted.image_id, error) from error


async def save_image(
    services: Services,
    accepted: ValidatedRequest,
    picture: GeneratedPicture,
    *,
    hold: Hold | None = None,
    key: KeyScope | None = None,
    on_commit: OnCommit[Any] | None = None,
    retry_for_seconds: float = 0.0,
) -> PartialImage:
    """Store an image and charge it, once; return the image.

    Args:
        services: The services of the server.
        accepted: The validated request.
        picture: The generated image; one that is already stored under its ID takes precedence.
        hold: Its reservation; None if its batch has one.
        key: The idempotency key to complete.
        on_commit: What else to write in the transaction of the row.
        retry_for_seconds: How long to retry if the store does not answer.

    Raises:
        GenerationFailed: The store cannot be used; nothing is charged.
        GenerationPending: Whether the row was written is unknown.
        Rejected: The reservation was lost, and the image now exceeds a budget; nothing is charged.
    """
    accepted = priced_as_made(services, with_seed(accepted, picture.seed), picture)
    picture, provenance = await marked(services, accepted, picture)
    kept = SavedImage(
        accepted, picture, is_preview=services.generator.is_preview, provenance=provenance
    )
    ours = StoredObject(
        data=picture.data,
        content_type=picture.info.format.content_type,
        metadata=object_metadata(kept),
    )
    object_key = storage_key(accepted.image_id, picture.info.format)
    stored = await save_bytes(services.store, object_key, ours, retry_for_seconds=retry_for_seconds)
    if stored is not ours:
        kept = await read_saved(services, accepted, stored)
    return await _save_row(
        services, kept, hold, key, on_commit, may_be_remembered=picture.is_remote
    )


async def finish_saved_image(
    services: Services,
    accepted: ValidatedRequest,
    *,
    hold: Hold | None = None,
    key: KeyScope | None = None,
    on_commit: OnCommit[Any] | None = None,
    retry_for_seconds: float = 0.0,
) -> PartialImage | None:
    """Save an image that another process left in the store or at its provider; None if none.

    Args:
        services: The services of the server.
        accepted: The validated request.
        hold: Its reservation; None if its batch has one.
        key: The idempotency key to complete.
        on_commit: What else to write in the transaction of the row.
        retry_for_seconds: How long to retry if the store does not answer.

    Raises:
        GenerationFailed: The store cannot be read, or the image can no longer be fetched.
        GenerationPending: Whether the row was written is unknown, or the image cannot be fetched
            at the moment.
        Rejected: As for ``save_image``.
    """
    stored = await find_bytes(services, accepted.image_id, retry_for_seconds=retry_for_seconds)
    if stored is None:
        fetched = await fetch_remote(services, accepted)
        if fetched is None:
            return None
        made, picture = fetched
        return await save_image(
            services,
            made,
            picture,
            hold=hold,
            key=key,
            on_commit=on_commit,
            retry_for_seconds=retry_for_seconds,
        )
    return await _save_row(
        services,
        await read_saved(services, accepted, stored),
        hold,
        key,
        on_commit,
        may_be_remembered=True,
    )


async def _save_row(
    services: Services,
    kept: SavedImage,
    hold: Hold | None,
    key: KeyScope | None,
    on_commit: OnCommit[Any] | None,
    *,
    may_be_remembered: bool,
) -> PartialImage:
    while True:
        image, charge = _rows(kept)
        is_held = hold is not None and hold.is_written
        new = NewImage(
            image,
            charge,
            key,
            on_commit,
            is_held=is_held,
            is_remote=may_be_remembered,
            lineage=kept.accepted.lineage,
        )
        try:
            return await save_row(services.image_inserts, new)
        except ReservationLost:
            assert hold is not None  # noqa: S101 - raised only then
            try:
                await services.reservations.renew(hold)
            except Rejected:
                try:
                    await forget(services, image.id)
                except DatabaseUnavailable as error:
                    raise GenerationPending(image.id) from error
                if key is None:  # with a key it can be finished later, when the budget allows it
                    log.warning("late_image_discarded", image=image.id)
                    await discard_bytes(services, image.id)
                raise
            if hold.is_written:  # without a budget there was none to lose
                log.warning("reservation_lost", image_id=image.id)


async def _load(
    services: Services, accepted: ValidatedRequest, retry_for_seconds: float
) -> tuple[tuple[bytes, ...], bytes | None]:
    model, size = accepted.model, _size(accepted)
    sources = await load_sources(
        services,
        model,
        accepted.sources,
        size.width,
        size.height,
        retry_for_seconds=retry_for_seconds,
    )
    mask = await load_mask(
        services,
        model,
        accepted.mask,
        accepted.sources,
        size.width,
        size.height,
        retry_for_seconds=retry_for_seconds,
    )
    return sources, mask


def _size(accepted: ValidatedRequest) -> Size:
    return expected_size(accepted.model, accepted.parameters, accepted.sources)


def _labels(accepted: ValidatedRequest) -> dict[str, str]:
    """Say whose call it is, for the log of an AI Gateway."""
    found = {
        "user": accepted.payer.user_id,
        "key": accepted.payer.key_id,
        "batch": accepted.batch_id,
        "image": accepted.image_id,
    }
    return {name: value for name, value in found.items() if value is not None}


def _rows(kept: SavedImage) -> tuple[ImageRow, ChargeRow]:
    accepted, picture = kept.accepted, kept.picture
    request, info, moment = accepted.request, picture.info, now()
    image = ImageRow(
        id=accepted.image_id,
        user_id=accepted.payer.user_id,
        prompt=request.prompt,
        rendered_prompt=accepted.rendered_prompt,
        search_text=folded(request.prompt),
        model_id=accepted.model.id,
        template_id=request.template_id,
        batch_id=accepted.batch_id,
        parameters=parameters_to_json(accepted.parameters),
        storage_key=storage_key(accepted.image_id, info.format),
        width=info.width,
        height=info.height,
        content_type=info.format.content_type,
        size_bytes=len(picture.data),
        placeholder=info.placeholder,
        tags=list(request.tags),
        attributes=dict(request.metadata) if request.metadata is not None else None,
        cost=accepted.price.cost,
        provider_cost=accepted.price.provider_cost,
        neurons=accepted.price.neurons,
        seconds=picture.seconds,
        is_preview=kept.is_preview,
        gateway_log_id=picture.log_id,
        provenance=dict(kept.provenance),
        request_kind=accepted.lineage.kind,
        template_version=accepted.template_version,
        skipped_models=skipped_to_json(accepted.skipped) or None,
        remade_from=accepted.remade_from,
        created_at=moment,
    )
    charge = ChargeRow(
        id=new_id("chg"),
        kind=ChargeKind.CHARGE,
        image_id=image.id,
        user_id=image.user_id,
        model_id=image.model_id,
        template_id=image.template_id,
        key_id=accepted.payer.key_id,
        amount=image.cost,
        provider_cost=image.provider_cost,
        neurons=image.neurons,
        is_preview=image.is_preview,
        created_at=moment,
    )
    return image, charge
