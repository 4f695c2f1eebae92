"""Accepting a batch: every picture of it is checked before any is accepted."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gql_server.batches.requests import BatchPicture, BatchRequest
from gql_server.domain.budgets import Payer
from gql_server.domain.errors import (
    MAX_FAULTS,
    DomainError,
    ErrorCode,
    InvalidInput,
    Path,
    Rejected,
)
from gql_server.domain.ids import new_id
from gql_server.domain.money import MilliNeurons, NanoDollars
from gql_server.domain.principal import Principal
from gql_server.generation.requests import PictureRequest
from gql_server.generation.services import Parts
from gql_server.generation.validation import (
    AcceptedPicture,
    NamedInputs,
    accept_with,
    cost_faults,
    is_oversized,
    load_inputs,
)
from gql_server.ledger.prices.price_book import Price

MAX_PICTURES: Final = 10_000

AT_ONCE: Final = 50
"""How many are checked before others get their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedBatch:
    """A batch that will be made as it stands here.

    Attributes:
        batch_id: Its id.
        request: What was asked for.
        pictures: Every picture of it, in order, each with its price.
        cost: What all of them cost, in billionths of a dollar.
    """

    batch_id: str
    request: BatchRequest
    pictures: Sequence[AcceptedPicture]
    cost: int


async def accept_batch(parts: Parts, principal: Principal, request: BatchRequest) -> AcceptedBatch:
    """Check a batch, without spending anything.

    Raises:
        Rejected: With the faults of every picture at once, until there are too many to tell.
    """
    wrong = [
        *size_faults(len(request.pictures), request.images_per_prompt),
        *await _webhook_faults(parts, request.webhook_url),
    ]
    if wrong:
        raise Rejected(wrong)
    inputs = await load_inputs(parts, principal, [one.request for one in request.pictures])
    # What is wrong with a setting of the whole batch is told once, and not for every picture.
    faults: dict[tuple[Path, str], DomainError] = {}
    accepted: list[AcceptedPicture] = []
    for number, picture in enumerate(request.pictures):
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
        if len(faults) > MAX_FAULTS:
            break
        for wanted in _repeated(picture.request, request.images_per_prompt):
            found = _accepted(parts, principal, picture, wanted, inputs)
            if not isinstance(found, AcceptedPicture):
                for fault in found:
                    faults.setdefault((fault.path, fault.message), fault)
                break
            accepted.append(found)
    batch_id = new_id("bat")
    cost = sum(picture.price.cost for picture in accepted)
    told = list(faults.values() or cost_faults(request.max_cost, cost))
    if told:
        raise Rejected(told)
    return AcceptedBatch(
        batch_id=batch_id,
        request=request,
        pictures=accepted,
        cost=cost,
    )


async def estimate_batch(parts: Parts, principal: Principal, request: BatchRequest) -> Price:
    """Return the exact price that a batch would be accepted at.

    Raises:
        Rejected: It would not be accepted, with every fault at once.
    """
    accepted = await accept_batch(parts, principal, request)
    payer = Payer(user_id=principal.user_id, key_id=principal.key_id)
    await parts.reservations.check(payer, accepted.cost)
    prices = [picture.price for picture in accepted.pictures]
    return Price(
        cost=NanoDollars(sum(price.cost for price in prices)),
        provider_cost=NanoDollars(sum(price.provider_cost for price in prices)),
        neurons=MilliNeurons(sum(price.neurons for price in prices)),
    )


async def is_oversized_batch(parts: Parts, request: BatchRequest) -> bool:
    """Tell, at no cost that grows, whether a batch has more than could ever be accepted."""
    if len(request.pictures) > MAX_PICTURES:
        return True
    for number, picture in enumerate(request.pictures):
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
        if is_oversized(parts, picture.request):
            return True
    return False


def size_faults(pictures: int, images_per_prompt: int) -> Iterator[InvalidInput]:
    """Tell what keeps a batch of so many pictures, and so many of each, from being accepted."""
    if not pictures:
        yield InvalidInput(
            "Ask for at least one picture.", path=("pictures",), code=ErrorCode.TOO_SHORT
        )
    if images_per_prompt < 1:
        yield InvalidInput(
            f"imagesPerPrompt must be 1 or more; it is {images_per_prompt}.",
            path=("images_per_prompt",),
            code=ErrorCode.OUT_OF_RANGE,
        )
        return
    wanted = pictures * images_per_prompt
    if wanted > MAX_PICTURES:
        yield InvalidInput(
            f"A batch has at most {MAX_PICTURES} pictures; this would be {wanted}.",
            path=("pictures",),
            code=ErrorCode.TOO_MANY,
        )


async def _webhook_faults(parts: Parts, url: str | None) -> list[InvalidInput]:
    if url is None:
        return []
    try:
        await parts.webhooks.check_address(url, path=("webhook_url",))
    except InvalidInput as fault:
        return [fault]
    return []


def _repeated(request: PictureRequest, times: int) -> Iterator[PictureRequest]:
    """Ask for the same picture so many times, with seeds that differ."""
    yield request
    seed = request.parameters.seed
    for number in range(1, times):
        following = None if seed is None else seed + number
        yield replace(request, parameters=replace(request.parameters, seed=following))


def _accepted(
    parts: Parts,
    principal: Principal,
    picture: BatchPicture,
    wanted: PictureRequest,
    inputs: NamedInputs,
) -> AcceptedPicture | Iterable[DomainError]:
    try:
        return accept_with(parts, principal, wanted, inputs)
    except Rejected as rejected:
        for fault in rejected.errors:
            if fault.path and fault.path[0] in picture.own:
                fault.path = (*picture.path, *_below(picture, fault.path))
        return rejected.errors


def _below(picture: BatchPicture, path: Path) -> Path:
    """Leave out the field's name where the picture stands as its prompt alone."""
    return path[1:] if picture.own == {"prompt"} and picture.path[-2] == "prompts" else path
