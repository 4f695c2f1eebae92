"""Making a picture."""

import re
from typing import Annotated, Final

from fastapi import Body, Header, Response
from fastapi.openapi.models import Example

from gql_server.generation.generate import generate_image
from gql_server.generation.made_sizes import other_size
from gql_server.generation.requests import PictureRequest
from gql_server.generation.validation import MIN_PROMPT_LENGTH
from gql_server.rest.context import ContextOfRequest
from gql_server.rest.fields import FLUX, Given, described
from gql_server.rest.images import Image, images_from
from gql_server.rest.parameters import PictureSettings, settings_from

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Text of your own, 1 to 255 characters of printable ASCII, new for each new "
        'request; as it is, or in double quotes, within which `\\"` stands for a quote and `\\\\` '
        "for a backslash. The same request with the same key is done and charged once, however "
        "often it is sent, here or over GraphQL, until 24 hours after it was done.",
        examples=["order-42-cover"],
    ),
]


class Prompt(Given):
    """What a picture shows."""

    prompt: str = described(
        f"What the picture shows, in {MIN_PROMPT_LENGTH} characters or more; a template's words "
        "are joined to it.",
        "A serene mountain landscape at sunset, photorealistic",
        # The rule itself is the use case's, which says so in the words that clients know.
        json_schema_extra={"minLength": MIN_PROMPT_LENGTH},
    )


_ESCAPED: Final = re.compile(r"\\([\"\\])")
_EXAMPLES: Final[dict[str, Example]] = {
    "One picture": {
        "summary": "One picture",
        "value": {
            "prompt": "A serene mountain landscape at sunset, photorealistic",
            "model": FLUX,
        },
    }
}


class GenerateRequest(PictureSettings, Prompt):
    """A picture to make."""


class NewImage(Image):
    """The picture that was made."""

    warnings: list[str] = described(
        "What there is to know though it was made: a soft budget was passed, or the picture has "
        "another size than was asked for. Left out otherwise.",
        ["The user's monthly budget of $10 is passed."],
        [],
    )


async def generate(
    context: ContextOfRequest,
    given: Annotated[GenerateRequest, Body(openapi_examples=_EXAMPLES)],
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> NewImage:
    """Make a picture, and answer when it is kept."""
    made = await generate_image(
        context.parts,
        context.principal,
        PictureRequest(prompt=given.prompt, max_cost=given.max_cost, **settings_from(given)),
        idempotency_key=unquoted(idempotency_key),
    )
    (shown,) = await images_from(context, [made.facts])
    image = NewImage(**dict(shown))
    size = other_size(made.facts)
    warnings = [*([size.message] if size is not None else []), *context.warnings(made.passed)]
    if warnings:
        image.warnings = warnings
    response.headers["Location"] = f"/api/images/{image.id}"
    return image


def unquoted(key: str | None) -> str | None:
    """Return an idempotency key without the quotes that the header's draft standard asks for.

    In quotes it is a string of structured fields, in which they and backslashes are escaped.
    """
    if key is not None and len(key) > 1 and key[0] == key[-1] == '"':
        return _ESCAPED.sub(r"\1", key[1:-1])
    return key
