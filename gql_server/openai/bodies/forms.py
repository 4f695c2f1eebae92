"""Forms: parameters as text, and images as files."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.requests import Request

from gql_server.openai.bodies.pictures import GivenPicture, GivenPictures
from gql_server.openai.errors.problem import InvalidParameter
from gql_server.web.forms import read_form

MAX_FORM_BYTES: Final = 64 * 1024 * 1024
_MAX_FIELDS: Final = 40
_SOURCE: Final = re.compile(r"image(\[[0-9]{0,3}\])?")
_MASK: Final = "mask"


@asynccontextmanager
async def given_form(
    request: Request, *, max_sources: int, seconds: float
) -> AsyncIterator[tuple[dict[str, Any], GivenPictures]]:
    """Read a form; its files exist until the end of the block.

    Args:
        request: The request.
        max_sources: How many source images it may have.
        seconds: How long the client may take to send it.

    Returns:
        The parameters, and the images: ``image``, ``image[]`` or ``image[0]``, and ``mask``.

    Raises:
        RequestRefused: It cannot be read, is too large, or could be of another page.
        InvalidParameter: It has no image, a file of an unknown name, or a parameter twice.
    """
    form = await read_form(
        request,
        max_bytes=MAX_FORM_BYTES,
        max_files=max_sources + 1,
        max_fields=_MAX_FIELDS,
        seconds=seconds,
    )
    try:
        parameters: dict[str, Any] = {}
        sources: list[GivenPicture] = []
        mask: GivenPicture | None = None
        for name, value in form.multi_items():
            if name == _MASK or _SOURCE.fullmatch(name):
                if not isinstance(value, UploadFile):
                    raise InvalidParameter(
                        f"Invalid type for '{name}': expected a file.",
                        param=name,
                        code="invalid_type",
                    )
                if name != _MASK:
                    sources.append(GivenPicture("image", file=value))
                elif mask is None:
                    mask = GivenPicture(_MASK, file=value)
                else:
                    raise _twice(name)
            elif name in parameters:
                raise _twice(name)
            else:
                parameters[name] = value
        if not sources:
            raise InvalidParameter(
                "Missing required parameter: 'image'.",
                param="image",
                code="missing_required_parameter",
            )
        yield parameters, GivenPictures(tuple(sources), mask)
    finally:
        await form.close()


def _twice(name: str) -> InvalidParameter:
    return InvalidParameter(
        f"The parameter '{name}' was sent more than once.", param=name, code="invalid_value"
    )
