"""A request that was accepted: what is sent to the model, what it costs, and what to try next."""

from dataclasses import dataclass, replace

from gql_server.domain.budgets import Payer
from gql_server.domain.ids import new_id
from gql_server.domain.lineage import Lineage
from gql_server.domain.parameters import Parameters
from gql_server.domain.skipped_models import SkippedModel, SkipReason
from gql_server.generation.requests.request import ImageRequest
from gql_server.generation.source_images import SourceImage
from gql_server.inference.model import Model
from gql_server.ledger.prices.price_book import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model that may generate an image, with what it would receive.

    Attributes:
        model: The model.
        parameters: The parameters for the model, defaults included.
        price: The frozen price.
        seed_was_given: Whether the request or its template sets the seed.
        skipped: Models that the request names directly before this one, and that were skipped when
            it was accepted.
    """

    model: Model
    parameters: Parameters
    price: Price
    seed_was_given: bool
    skipped: tuple[SkippedModel, ...] = ()


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
        remade_from: The image that is generated again.
        fallbacks: What to try, in this order, if the model does not generate the image.
        skipped: The models that the request names before this one, and why each was skipped.
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
    remade_from: str | None = None
    fallbacks: tuple[Candidate, ...] = ()
    skipped: tuple[SkippedModel, ...] = ()

    @property
    def lineage(self) -> Lineage:
        """The images that the image is generated from."""
        mask_id = self.mask.id if self.mask is not None else None
        return Lineage(tuple(source.id for source in self.sources), mask_id)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The model and its fallbacks, in the order in which they are tried."""
        first = Candidate(
            model=self.model,
            parameters=self.parameters,
            price=self.price,
            seed_was_given=self.seed_was_given,
            skipped=self.skipped,
        )
        return (first, *self.fallbacks)

    @property
    def highest_price(self) -> Price:
        """The price of the most expensive model that may generate the image."""
        prices = [one.price for one in self.candidates]
        highest = max(prices, key=lambda price: price.cost)
        is_certain = all(price == highest for price in prices)
        return highest if is_certain else replace(highest, is_maximum=True)

    def fallback(self, reason: SkipReason) -> "ValidatedRequest | None":
        """Return the request for the next model, skipping the current one; None: it is the last."""
        if not self.fallbacks:
            return None
        following, *rest = self.fallbacks
        skipped = (*self.skipped, SkippedModel(self.model.id, reason), *following.skipped)
        return self._with(following, tuple(rest), skipped)

    def made_by(
        self, model_id: str, skipped: tuple[SkippedModel, ...]
    ) -> "ValidatedRequest | None":
        """Return the request as the model that generated the image received it; None: unknown."""
        for candidate in self.candidates:
            if candidate.model.id == model_id:
                return self._with(candidate, (), skipped)
        return None

    def within(self, limit: int) -> "ValidatedRequest":
        """Return the request without the models that cost more than a limit, if others remain."""
        kept: list[Candidate] = []
        skipped: list[SkippedModel] = []
        for one in self.candidates:
            skipped += one.skipped
            if one.price.cost > limit:
                skipped.append(SkippedModel(one.model.id, SkipReason.TOO_EXPENSIVE))
                continue
            kept.append(replace(one, skipped=tuple(skipped)))
            skipped = []
        if not kept:
            return self
        return self._with(kept[0], tuple(kept[1:]), kept[0].skipped)

    def _with(
        self,
        candidate: Candidate,
        fallbacks: tuple[Candidate, ...],
        skipped: tuple[SkippedModel, ...],
    ) -> "ValidatedRequest":
        return replace(
            self,
            model=candidate.model,
            parameters=candidate.parameters,
            price=candidate.price,
            seed_was_given=candidate.seed_was_given,
            fallbacks=fallbacks,
            skipped=skipped,
        )


def with_other_seed(accepted: ValidatedRequest, number: int) -> ValidatedRequest:
    """Return another copy of a validated request: the same but for its ID and its seed.

    Args:
        accepted: The first copy.
        number: The number of the copy, which is added to a requested seed.
    """
    requested, request = accepted.request.parameters.seed, accepted.request
    if requested is not None:
        request = replace(request, parameters=replace(request.parameters, seed=requested + number))
    first, *others = [_reseeded(one, requested, number) for one in accepted.candidates]
    return replace(
        accepted,
        image_id=new_id("img"),
        request=request,
        parameters=first.parameters,
        seed_was_given=first.seed_was_given,
        fallbacks=tuple(others),
    )


def _reseeded(one: Candidate, requested: int | None, number: int) -> Candidate:
    seed = one.parameters.seed
    if requested is not None:
        seed = requested + number
    elif seed is not None:
        seed = one.model.random_seed()
    parameters = replace(one.parameters, seed=seed)
    return replace(one, parameters=parameters, seed_was_given=requested is not None)


def with_seed(accepted: ValidatedRequest, seed: int | None) -> ValidatedRequest:
    """Return the request with the seed the image was generated with."""
    return replace(accepted, parameters=replace(accepted.parameters, seed=seed))
