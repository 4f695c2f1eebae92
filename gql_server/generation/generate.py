"""Generating one image, from the request to the stored image: the main use case."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Final

from gql_server.database.queries.idempotency_keys import KeyScope, complete_key
from gql_server.database.queries.images import find_images
from gql_server.database.records.images import PartialImage
from gql_server.domain.errors import GenerationFailed, GenerationPending, ImagePurged
from gql_server.domain.principal import Principal
from gql_server.generation.fallback import produce_with_fallbacks
from gql_server.generation.produce import finish_saved_image, save_image
from gql_server.generation.recovery import validated_from_json, validated_to_json
from gql_server.generation.remote_images import not_saved
from gql_server.generation.requests.request import ImageRequest
from gql_server.generation.requests.validated import ValidatedRequest
from gql_server.generation.requests.validation import is_oversized, validate
from gql_server.generation.services import Services
from gql_server.idempotency.operations import Accepted
from gql_server.inference.generator import GeneratedPicture
from gql_server.inference.unit_prices import PriceUnit
from gql_server.ledger.budgets.budgets import BudgetState
from gql_server.ledger.budgets.reservations import Hold

_OPERATION: Final = "generateImage"


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedImage:
    """An image that was generated now or earlier.

    Attributes:
        image: The image.
        exceeded: The soft budgets that its cost exceeded, if it was generated now.
        usage: Tokens that the provider counted, if the image was generated now; None if it counts
            none.
    """

    image: PartialImage
    exceeded: Sequence[BudgetState] = ()
    usage: Mapping[PriceUnit, int] | None = None


async def generate_image(
    services: Services,
    principal: Principal,
    request: ImageRequest,
    *,
    idempotency_key: str | None = None,
) -> GeneratedImage:
    """Generate an image, store it and charge it.

    This continues if the client disconnects or the request's deadline passes. With an idempotency
    key the image is generated and charged once, however often and wherever the same request is
    sent.

    Raises:
        Rejected: The request is invalid or exceeds a budget; nothing was spent.
        GenerationPending: The deadline passed; the image will still be stored.
        IdempotencyConflict: The key was used with another request.
        IdempotencyInProgress: The deadline passed while an earlier request was running.
        ServerBusy: The process generates as many images as it can; nothing was spent.
        DomainError: The image could not be generated or stored; nothing was charged.
    """
    return await generate_request(
        services,
        principal,
        request,
        operation=_OPERATION,
        given=partial(_given, request),
        idempotency_key=idempotency_key,
    )


async def generate_request(
    services: Services,
    principal: Principal,
    request: ImageRequest,
    *,
    operation: str,
    given: Callable[[], Mapping[str, Any]],
    idempotency_key: str | None,
) -> GeneratedImage:
    """Generate an image as ``generate_image`` does, for an operation with another input.

    Args:
        services: The services of the server.
        principal: The caller.
        request: The image.
        operation: Name of the operation that the idempotency key belongs to.
        given: Returns the caller's input, by which requests with the same key are compared.
        idempotency_key: The idempotency key.

    Raises:
        ServerBusy: The process generates as many images as it can; nothing was spent.
    """
    with services.running.request():
        if idempotency_key is None:
            accepted = await validate(services, principal, request)
            return await services.running.run(
                accepted.image_id, _generate_and_save(services, accepted)
            )
        scope = KeyScope(user_id=principal.user_id, operation=operation, key=idempotency_key)
        keyed = _KeyedImage(services, principal, request)
        try:
            return await services.idempotency.run_request(
                scope,
                keyed,
                given,
                is_oversized=is_oversized(services, request),
            )
        finally:
            await keyed.release()


class _KeyedImage:
    """A request with an idempotency key."""

    pending = GenerationPending

    def __init__(self, services: Services, principal: Principal, request: ImageRequest) -> None:
        self._services = services
        self._principal = principal
        self._request = request
        self._unfinished: str | None = None
        """ID of the image whose reservation is released if it is not finished."""
        self.has_spent = False

    async def release(self) -> None:
        """Release the reservation after a failure, unless it can be resumed and charged."""
        if self._unfinished is not None:
            await self._services.reservations.release(self._unfinished)

    async def accept(self) -> Accepted[ValidatedRequest]:
        accepted = await validate(self._services, self._principal, self._request)
        return Accepted(
            result_id=accepted.image_id,
            request=accepted,
            recorded=validated_to_json(accepted),
        )

    async def find(self, image_id: str) -> GeneratedImage | None:
        async with self._services.database.read() as connection:
            found = await find_images(
                connection, [image_id], user_id=self._principal.user_id, include_purged=True
            )
        image = found.get(image_id)
        if image is None:
            return None
        if image["purged_at"] is not None:
            raise ImagePurged(image_id)
        return GeneratedImage(image=image)

    async def run(self, accepted: Accepted[ValidatedRequest], scope: KeyScope) -> GeneratedImage:
        return await self._make(accepted.request, scope)

    async def resume(
        self, image_id: str, recorded: Mapping[str, Any] | None, scope: KeyScope
    ) -> GeneratedImage:
        self.has_spent = True
        kept = await self.find(image_id)
        if kept is not None:  # another process finished it
            async with self._services.database.write() as connection:
                await complete_key(connection, scope, result_id=image_id)
            return kept
        accepted = validated_from_json(
            self._services, self._principal, self._request, image_id, recorded
        )
        if accepted is None:
            accepted = replace((await self.accept()).request, image_id=image_id)
        self._unfinished = image_id  # it may reserve the amount again
        hold = Hold(image_id, accepted.payer, accepted.highest_price.cost)
        try:
            image = await finish_saved_image(self._services, accepted, hold=hold, key=scope)
        except GenerationFailed as error:
            raise await not_saved(self._services, image_id, error) from error
        if image is None:
            return await self._make(accepted, scope)
        self._unfinished = None
        self._services.reservations.charged(accepted.payer)
        return GeneratedImage(image=image, exceeded=hold.exceeded)

    async def _make(self, accepted: ValidatedRequest, scope: KeyScope) -> GeneratedImage:
        self._unfinished = accepted.image_id
        async with _paid(self._services, accepted) as hold:
            try:
                made, generated = await _produced(self._services, accepted)
            except GenerationPending:  # paid, and fetched later
                self.has_spent = True
                raise
            self.has_spent = True
            try:
                image = await save_image(self._services, made, generated, hold=hold, key=scope)
            except GenerationFailed as error:
                raise await not_saved(self._services, accepted.image_id, error) from error
        self._unfinished = None
        return GeneratedImage(image=image, exceeded=hold.exceeded, usage=generated.usage)


def _given(request: ImageRequest) -> dict[str, Any]:
    """Return the caller's input without unset fields, so that fields added later change no hash."""
    given = asdict(request)
    parameters = {
        name: value
        for name, value in given["parameters"].items()
        if value is not None and value != {}
    }
    return {
        name: value
        for name, value in {**given, "parameters": parameters}.items()
        if value not in (None, ())
    }


async def _generate_and_save(services: Services, accepted: ValidatedRequest) -> GeneratedImage:
    async with _paid(services, accepted) as hold:
        made, generated = await _produced(services, accepted)
        try:
            image = await save_image(services, made, generated, hold=hold)
        except GenerationFailed as error:
            raise await not_saved(services, accepted.image_id, error) from error
    return GeneratedImage(image=image, exceeded=hold.exceeded, usage=generated.usage)


async def _produced(
    services: Services, accepted: ValidatedRequest
) -> tuple[ValidatedRequest, GeneratedPicture]:
    has_sources = bool(accepted.sources or accepted.mask)
    async with services.with_sources if has_sources else nullcontext():
        return await produce_with_fallbacks(services, accepted)


def _paid(services: Services, accepted: ValidatedRequest) -> AbstractAsyncContextManager[Hold]:
    return services.reservations.held(
        accepted.image_id, accepted.payer, accepted.highest_price.cost
    )
