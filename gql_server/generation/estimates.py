"""Estimating the cost of an image without generating it."""

from gql_server.domain.principal import Principal
from gql_server.generation.requests.request import ImageRequest
from gql_server.generation.requests.validation import validate
from gql_server.generation.services import Services
from gql_server.ledger.prices.price_book import Price


async def estimate_cost(services: Services, principal: Principal, request: ImageRequest) -> Price:
    """Return the price that the request would be accepted at: exact, or at most.

    Raises:
        Rejected: The request is invalid; contains every error.
    """
    accepted = await validate(services, principal, request)
    price = accepted.highest_price
    await services.reservations.check(accepted.payer, price.cost)
    return price
