"""Validating a batch: every image is checked before any is accepted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gql_server.batches.queue_limit import check_queue
from gql_server.batches.requests import BatchImage, BatchRequest
from gql_server.domain.budgets import Payer
from gql_server.domain.errors import (
    MAX_ERRORS,
    DomainError,
    ErrorCode,
    InvalidInput,
    Path,
    Rejected,
)
from gql_server.domain.ids import new_id
from gql_server.domain.money import MilliNeurons, NanoDollars, round_down_to_nanos
from gql_server.domain.principal import Principal
from gql_server.domain.text import text_errors
from gql_server.generation.requests.image_price import cost_errors
from gql_server.generation.requests.request import ImageRequest
from gql_server.generation.requests.tags_and_metadata import are_oversized, label_errors
from gql_server.generation.requests.validated import ValidatedRequest, with_other_seed
from gql_server.generation.requests.validation import (
    NamedInputs,
    is_oversized,
    load_inputs,
    validate_with,
)
from gql_server.generation.services import Services
from gql_server.ledger.prices.price_book import Price
from gql_server.processes.bulk_work import bulk_work
from gql_server.telemetry.spans import Span
from gql_server.telemetry.tracing import span

MAX_IMAGES: Final = 10_000
MAX_NAME_LENGTH: Final = 200
_COPIES_PER_COST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedBatch:
    """A batch that was accepted.

    Attributes:
        batch_id: Its ID.
        request: The request.
        pictures: Every image, in order, each with its price.
        cost: Their total cost, in billionths of a dollar.
    """

    batch_id: str
    request: BatchRequest
    pictures: Sequence[ValidatedRequest]
    cost: int


def checking_cost(pictures: int, images_per_prompt: int) -> int:
    """Return what checking a batch deducts from an allowance: 1 per prompt, 1 per ten copies."""
    copies = min(pictures * max(images_per_prompt - 1, 0), MAX_IMAGES)
    return min(pictures + copies // _COPIES_PER_COST, MAX_IMAGES)


async def validate_batch(
    services: Services, principal: Principal, request: BatchRequest
) -> ValidatedBatch:
    """Check a batch, without spending anything.

    Raises:
        Rejected: With the errors of every image at once, until there are too many to report.
    """
    accepted: list[ValidatedRequest] = []
    with span(Span.ACCEPT_BATCH) as recorded:
        checked = await _checked(services, principal, request)
        if not request.is_single:  # the transaction checks it, too, but must then insert them all
            await _check_queue(services, principal, checked, request)
        async with bulk_work() as pace:
            for image in checked:
                accepted.append(image)
                for number in range(1, request.images_per_prompt):
                    await pace.keep()
                    accepted.append(with_other_seed(image, number))
        recorded.set(gql_server__images=len(accepted))
    return ValidatedBatch(
        batch_id=new_id("bat"),
        request=request,
        pictures=accepted,
        cost=_total(checked, request).cost,
    )


async def estimate_batch(services: Services, principal: Principal, request: BatchRequest) -> Price:
    """Return the price that the batch would be accepted at: exact, or at most.

    Raises:
        Rejected: The batch would not be accepted; contains every error.
    """
    checked = await _checked(services, principal, request)
    await _check_queue(services, principal, checked, request)
    price = _total(checked, request)
    payer = Payer(user_id=principal.user_id, key_id=principal.key_id)
    await services.reservations.check(payer, price.cost)
    return price


async def _check_queue(
    services: Services,
    principal: Principal,
    checked: Sequence[ValidatedRequest],
    request: BatchRequest,
) -> None:
    images = len(checked) * request.images_per_prompt
    await check_queue(services, principal.user_id, images)


async def _checked(
    services: Services, principal: Principal, request: BatchRequest
) -> Sequence[ValidatedRequest]:
    """Check every prompt or item of a batch, with its copies."""
    wrong = [
        *size_errors(len(request.pictures), request.images_per_prompt),
        *await _webhook_errors(services, request.webhook_url),
    ]
    if wrong:
        raise Rejected(wrong)
    inputs = await load_inputs(services, principal, [one.request for one in request.pictures])
    # An error in a setting of the whole batch is reported once, not for every image.
    errors: dict[tuple[Path, str], DomainError] = {}
    checked: list[ValidatedRequest] = []
    async with bulk_work() as pace:
        for image in request.pictures:
            await pace.keep()
            if len(errors) > MAX_ERRORS:
                break
            # The last copy has the highest seed; those between differ in nothing else.
            for copy in _first_and_last(image.request, request.images_per_prompt):
                found = _accepted(services, principal, image, copy, inputs)
                if not isinstance(found, ValidatedRequest):
                    for error in found:
                        errors.setdefault((error.path, error.message), error)
                    break
                if copy is image.request:
                    checked.append(found)
    reported = list({**errors, **_label_errors(request)}.values())
    if not reported:
        checked = _within(checked, request)
        reported = list(cost_errors(request.max_cost, _total(checked, request).cost))
    if reported:
        raise Rejected(reported)
    return checked


def _within(checked: list[ValidatedRequest], request: BatchRequest) -> list[ValidatedRequest]:
    """Leave out models above an image's share of the batch's limit, if the batch exceeds it."""
    limit = request.max_cost
    if limit is None or limit < 0 or _total(checked, request).cost <= round_down_to_nanos(limit):
        return checked
    images = len(checked) * request.images_per_prompt
    return [image.within(round_down_to_nanos(limit) // images) for image in checked]


def _total(checked: Sequence[ValidatedRequest], request: BatchRequest) -> Price:
    """Return the total price of a batch: copies of an image cost the same."""
    prices, times = [image.highest_price for image in checked], request.images_per_prompt
    return Price(
        cost=NanoDollars(times * sum(price.cost for price in prices)),
        provider_cost=NanoDollars(times * sum(price.provider_cost for price in prices)),
        neurons=MilliNeurons(times * sum(price.neurons for price in prices)),
        is_maximum=any(price.is_maximum for price in prices),
    )


async def is_oversized_batch(services: Services, request: BatchRequest) -> bool:
    """Return whether a batch is larger than any valid one, without looking at more than that."""
    if len(request.pictures) > MAX_IMAGES or len(request.name or "") > MAX_NAME_LENGTH:
        return True
    if are_oversized(request.tags or (), request.metadata):
        return True
    async with bulk_work() as pace:
        for image in request.pictures:
            await pace.keep()
            if is_oversized(services, image.request):
                return True
    return False


def size_errors(pictures: int, images_per_prompt: int) -> Iterator[InvalidInput]:
    """Return what is wrong with a batch of this many images and copies."""
    if not pictures:
        yield InvalidInput(
            "Request at least one image.", path=("pictures",), code=ErrorCode.TOO_SHORT
        )
    if images_per_prompt < 1:
        yield InvalidInput(
            f"The number of images per prompt must be 1 or more; it is {images_per_prompt}.",
            path=("images_per_prompt",),
            code=ErrorCode.OUT_OF_RANGE,
        )
        return
    total = pictures * images_per_prompt
    if total > MAX_IMAGES:
        yield InvalidInput(
            f"A batch has at most {MAX_IMAGES} images; this would be {total}.",
            path=("pictures",),
            code=ErrorCode.TOO_MANY,
        )


def _label_errors(request: BatchRequest) -> dict[tuple[Path, str], DomainError]:
    """Return what is wrong with the labels, which no image needs to have, by path and message."""
    errors = list(label_errors(request.tags, request.metadata))
    if request.name is not None:
        errors += text_errors(
            request.name, path=("name",), label="The name", minimum=1, maximum=MAX_NAME_LENGTH
        )
    return {(error.path, error.message): error for error in errors}


async def _webhook_errors(services: Services, url: str | None) -> list[InvalidInput]:
    if url is None:
        return []
    try:
        await services.webhooks.check_address(url, path=("webhook_url",))
    except InvalidInput as error:
        return [error]
    return []


def _first_and_last(request: ImageRequest, times: int) -> Iterator[ImageRequest]:
    """Yield the request, and the request of its last copy if that has a seed of its own."""
    yield request
    seed = request.parameters.seed
    if seed is not None and times > 1:
        last = replace(request.parameters, seed=seed + times - 1)
        yield replace(request, parameters=last)


def _accepted(
    services: Services,
    principal: Principal,
    image: BatchImage,
    request: ImageRequest,
    inputs: NamedInputs,
) -> ValidatedRequest | Iterable[DomainError]:
    try:
        return validate_with(services, principal, request, inputs)
    except Rejected as rejected:
        for error in rejected.errors:
            if error.path and error.path[0] in image.own:
                error.path = (*image.path, *_below(image, error.path))
        return rejected.errors


def _below(image: BatchImage, path: Path) -> Path:
    """Leave out the field's name if the image was given as its prompt, or its ID, alone."""
    if image.path[0] == "ids":
        return ()
    return path[1:] if image.own == {"prompt"} and image.path[-2] == "prompts" else path
