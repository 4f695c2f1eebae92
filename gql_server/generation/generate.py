"""One picture, from the request to the kept image: the main job."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Final

from gql_server.database.queries.idempotency_keys import KeyScope
from gql_server.database.queries.images import find_images
from gql_server.database.records.images import PartialImage
from gql_server.domain.errors import GenerationPending
from gql_server.domain.principal import Principal
from gql_server.generation.produce import keep_picture, keep_what_was_made, make_picture
from gql_server.generation.recovery import acceptance_from_json, acceptance_to_json
from gql_server.generation.requests import PictureRequest
from gql_server.generation.services import Services
from gql_server.generation.validation import AcceptedPicture, accept, is_oversized
from gql_server.idempotency.operations import Begun, input_hash, key_faults, reject_with_key_faults
from gql_server.ledger.budgets.budgets import BudgetState
from gql_server.ledger.budgets.reservations import Hold

_OPERATION: Final = "generateImage"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeImage:
    """An image that was made, or found to be made already.

    Attributes:
        image: The image.
        exceeded: The soft budgets that its cost passed, where it was made now.
    """

    image: PartialImage
    exceeded: Sequence[BudgetState] = ()


async def generate_image(
    services: Services,
    principal: Principal,
    request: PictureRequest,
    *,
    idempotency_key: str | None = None,
) -> MadeImage:
    """Make a picture, keep it and charge it.

    It goes on when the caller goes away or the request's deadline passes. With an idempotency key
    it is made and charged once, however often and wherever the same request is sent.

    Raises:
        Rejected: The request has faults, or a budget does not hold it; nothing was spent.
        GenerationPending: The deadline passed; the picture will be kept all the same.
        IdempotencyConflict: The key stands for another request.
        IdempotencyInProgress: The deadline passed while an earlier request is worked on.
        DomainError: The picture could not be made or kept; nothing was charged.
    """
    if idempotency_key is None:
        accepted = await accept(services, principal, request)
        return await services.running.run(accepted.image_id, _make_and_keep(services, accepted))
    checked = partial(accept, services, principal, request)
    faults = list(key_faults(idempotency_key))
    if faults or is_oversized(services, request):
        await reject_with_key_faults(faults, checked)
    try:
        digest = input_hash(_given(request))
    except (RecursionError, TypeError, ValueError):  # its metadata is no plain JSON
        await checked()
        raise
    scope = KeyScope(user_id=principal.user_id, operation=_OPERATION, key=idempotency_key)
    work = _KeyedPicture(services, principal, request)
    try:
        return await services.idempotency.once(scope, digest, work)
    finally:
        await work.release()


class _KeyedPicture:
    """A request with an idempotency key."""

    pending = GenerationPending

    def __init__(self, services: Services, principal: Principal, request: PictureRequest) -> None:
        self._parts = services
        self._principal = principal
        self._request = request
        self._accepted: AcceptedPicture
        self._has_failed = False
        self.has_spent = False

    async def release(self) -> None:
        """Hold nothing more after a failure, unless the request can be resumed and charged."""
        if self._has_failed:
            await self._parts.reservations.release(self._accepted.image_id)

    async def accept(self) -> Begun:
        self._accepted = await accept(self._parts, self._principal, self._request)
        return Begun(result_id=self._accepted.image_id, accepted=acceptance_to_json(self._accepted))

    async def find(self, image_id: str) -> MadeImage | None:
        async with self._parts.database.read() as connection:
            found = await find_images(connection, [image_id], user_id=self._principal.user_id)
        return MadeImage(image=found[image_id]) if image_id in found else None

    async def make(self, _image_id: str, scope: KeyScope) -> MadeImage:
        self._has_failed = True  # until it has not
        async with _paid(self._parts, self._accepted) as hold:
            picture = await make_picture(self._parts, self._accepted)
            self.has_spent = True
            image = await keep_picture(self._parts, self._accepted, picture, hold=hold, key=scope)
        self._has_failed = False
        return MadeImage(image=image, exceeded=hold.exceeded)

    async def resume(
        self, image_id: str, accepted: Mapping[str, Any] | None, scope: KeyScope
    ) -> MadeImage:
        self.has_spent = True
        kept = await self.find(image_id)
        if kept is not None:
            return kept
        decided = acceptance_from_json(
            self._parts, self._principal, self._request, image_id, accepted
        )
        if decided is None:
            await self.accept()
            decided = replace(self._accepted, image_id=image_id)
        self._accepted = decided
        self._has_failed = True  # until it is done: it may reserve the amount anew
        hold = Hold(image_id, decided.payer, decided.price.cost)
        image = await keep_what_was_made(self._parts, decided, hold=hold, key=scope)
        if image is None:
            return await self.make(image_id, scope)
        self._has_failed = False
        self._parts.reservations.charged(decided.payer)
        return MadeImage(image=image, exceeded=hold.exceeded)


def _given(request: PictureRequest) -> dict[str, Any]:
    """Return what the caller gave, and nothing for what this version could be given beside it."""
    given = asdict(request)
    parameters = {name: value for name, value in given["parameters"].items() if value is not None}
    return {
        name: value
        for name, value in {**given, "parameters": parameters}.items()
        if value not in (None, ())
    }


async def _make_and_keep(services: Services, accepted: AcceptedPicture) -> MadeImage:
    async with _paid(services, accepted) as hold:
        picture = await make_picture(services, accepted)
        image = await keep_picture(services, accepted, picture, hold=hold)
    return MadeImage(image=image, exceeded=hold.exceeded)


def _paid(services: Services, accepted: AcceptedPicture) -> AbstractAsyncContextManager[Hold]:
    return services.reservations.held(accepted.image_id, accepted.payer, accepted.price.cost)
