"""URLs of images: originals, or resized and converted."""

from enum import Enum
from typing import Annotated

import strawberry

from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.enums import domain_member
from gql_server.api.errors import camel_case
from gql_server.domain.errors import ErrorCode, InvalidInput
from gql_server.pictures.formats import ImageFormat as PictureFormat
from gql_server.storage.addresses import MAX_WIDTH
from gql_server.storage.store import DEFAULT_URL_SECONDS, MAX_URL_SECONDS


@described
@strawberry.enum
class ImageFormat(Enum):
    """An image file format."""

    JPEG = strawberry.enum_value(
        PictureFormat.JPEG, description="JPEG: small files for photographs."
    )
    PNG = strawberry.enum_value(PictureFormat.PNG, description="PNG: lossless, large files.")
    WEBP = strawberry.enum_value(
        PictureFormat.WEBP,
        description="WebP: smaller than JPEG, supported by all current browsers.",
    )
    AVIF = strawberry.enum_value(
        PictureFormat.AVIF,
        description="AVIF: the smallest files, supported by most current browsers.",
    )


Width = Annotated[
    int | None,
    strawberry.argument(
        description=f"Width in pixels to scale the image down to, 1 to {MAX_WIDTH:,}. Original "
        "size when omitted. Images are never enlarged, and a private bucket always returns the "
        "original."
    ),
]
Format = Annotated[
    ImageFormat | None,
    strawberry.argument(
        description="Format to convert the image to. Original "
        "format when omitted, and from a private bucket."
    ),
]
ExpiresIn = Annotated[
    int,
    strawberry.argument(
        description=f"Lifetime of a signed URL in seconds, 1 to {MAX_URL_SECONDS:,} (7 days). "
        f"Defaults to {DEFAULT_URL_SECONDS:,}. URLs of a public store do not expire."
    ),
]


async def image_url(
    info: Info,
    storage_key: str,
    width: int | None = None,
    image_format: ImageFormat | None = None,
    expires_in: int = DEFAULT_URL_SECONDS,
) -> str:
    """Return the URL of a stored image for the arguments of a ``url`` field.

    Raises:
        InvalidInput: The width or the seconds are out of range.
    """
    for name, value, maximum in (
        ("width", width, MAX_WIDTH),
        ("expires_in", expires_in, MAX_URL_SECONDS),
    ):
        if value is not None and not 1 <= value <= maximum:
            raise InvalidInput(
                f"{camel_case(name)} must be from 1 to {maximum}; it is {value}.",
                path=(name,),
                code=ErrorCode.OUT_OF_RANGE,
            )
    return await info.context.services.store.url(
        storage_key,
        width=width,
        format=domain_member(PictureFormat, image_format) if image_format is not None else None,
        expires_in=expires_in,
    )
