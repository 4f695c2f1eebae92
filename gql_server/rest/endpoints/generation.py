"""Generating an image."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import Body, Header, Response
from fastapi.openapi.models import Example

from gql_server.generation.generate import GeneratedImage, generate_image
from gql_server.generation.made_sizes import other_size
from gql_server.generation.requests.prompts import MIN_PROMPT_LENGTH
from gql_server.generation.requests.request import ImageRequest
from gql_server.idempotency.keys import KEY_LIFETIME
from gql_server.idempotency.operations import MAX_KEY_LENGTH
from gql_server.rest.context import Context, ContextOfRequest
from gql_server.rest.endpoints.images import Image, images_from
from gql_server.rest.schemas.fields import FLUX, Given, described
from gql_server.rest.schemas.parameters import ImageSettings, settings_from
from gql_server.web.headers import unquoted

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description=f"Idempotency key: 1 to {MAX_KEY_LENGTH} printable ASCII characters, unique "
        'for each new request; plain, or in double quotes, within which `\\"` is a quote '
        "and `\\\\` a backslash. Repeating a request with its key, here or over "
        "GraphQL, neither runs nor charges it again, until "
        f"{KEY_LIFETIME // timedelta(hours=1)} hours after it finished. Without a key, each "
        "request runs.",
        examples=["order-42-cover"],
    ),
]


class Prompt(Given):
    """The prompt of an image."""

    prompt: str = described(
        f"Text prompt: what the image shows. At least {MIN_PROMPT_LENGTH} characters; the maximum "
        "depends on the model. Combined with the template's prompt. Some models work without one: "
        "see `prompt` of `/api/models`.",
        "A serene mountain landscape at sunset, photorealistic",
        "",
    )


_EXAMPLES: Final[dict[str, Example]] = {
    "One image": {
        "summary": "One image",
        "value": {
            "prompt": "A serene mountain landscape at sunset, photorealistic",
            "model": FLUX,
        },
    }
}


class GenerateRequest(ImageSettings, Prompt):
    """An image to generate."""


class NewImage(Image):
    """The generated image."""

    warnings: list[str] = described(
        "Warnings about the generated image, such as an exceeded soft budget or"
        " another size than requested. Omitted when there are none.",
        ["The user's monthly budget of $10 has been exceeded."],
        [],
    )


async def generate(
    context: ContextOfRequest,
    given: Annotated[GenerateRequest, Body(openapi_examples=_EXAMPLES)],
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> NewImage:
    """Generate an image, and respond when it is stored."""
    made = await generate_image(
        context.services,
        context.principal,
        ImageRequest(prompt=given.prompt, max_cost=given.max_cost, **settings_from(given)),
        idempotency_key=unquoted(idempotency_key),
    )
    return await new_image(context, made, response)


async def new_image(context: Context, made: GeneratedImage, response: Response) -> NewImage:
    """Shape a new image with its warnings."""
    (shown,) = await images_from(context, [made.image])
    image = NewImage(**dict(shown))
    size = other_size(made.image)
    warnings = [*([size.message] if size is not None else []), *context.warnings(made.exceeded)]
    if warnings:
        image.warnings = warnings
    response.headers["Location"] = f"/api/images/{image.id}"
    return image
