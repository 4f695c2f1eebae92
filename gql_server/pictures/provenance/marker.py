"""Marking images and their renditions as the operator has set it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import structlog

from gql_server.pictures.formats import ImageFormat
from gql_server.pictures.provenance.marking import (
    format_by_bytes,
    read_marks,
    rendition_origin,
    with_marks,
)
from gql_server.pictures.provenance.marks import Marks, Origin, Unmarkable
from gql_server.pictures.resizing import render

if TYPE_CHECKING:  # it takes time to load, and few servers sign
    from gql_server.pictures.provenance.content_credentials import ContentCredentials

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MarkedImage:
    """An image with what its file says.

    Attributes:
        data: The bytes.
        marks: What they say.
        is_ours: Whether this server marked it, and not the provider.
    """

    data: bytes
    marks: Marks
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Marker:
    """Marks images.

    Attributes:
        is_on: Whether images are marked.
        writes_prompts: Whether their prompts and seeds are written into them.
        credentials: Signs them; None: they are marked by XMP alone.
    """

    is_on: bool = True
    writes_prompts: bool = False
    credentials: "ContentCredentials | None" = None

    def marked(
        self, data: bytes, image_format: ImageFormat, origin: Origin, *, title: str
    ) -> MarkedImage:
        """Return an image with marks; one that its provider has marked stays as it is.

        An image that cannot be marked is returned without marks, and logged: it is paid for. With
        credentials it takes some 50 milliseconds, for which to call it in a thread, and without
        them less than one.
        """
        marks = read_marks(data, image_format)
        if marks.are_there or not self.is_on:
            return MarkedImage(data, marks, is_ours=False)
        result = self._written(data, image_format, origin, title=title)
        return MarkedImage(result, read_marks(result, image_format), is_ours=result is not data)

    def _written(
        self, data: bytes, image_format: ImageFormat, origin: Origin, *, title: str
    ) -> bytes:
        # Whatever a model returned must not lose an image that is paid for.
        try:
            data = with_marks(data, image_format, origin)
        except Exception as error:  # noqa: BLE001 - see above
            log.warning("image_not_marked", image=title, **_reason(error))
        if self.credentials is not None:
            try:
                data = self.credentials.signed(data, image_format, origin, title=title)
            except Exception as error:  # noqa: BLE001 - see above
                log.warning("image_not_signed", image=title, **_reason(error))
        return data

    def render(
        self,
        data: bytes,
        *,
        width: int | None,
        format: ImageFormat | None,  # noqa: A002 - the public name of the argument
    ) -> tuple[bytes, ImageFormat]:
        """Make a rendition, as ``pictures.resizing.render`` does, with the marks of its image."""
        rendition, target = render(data, width=width, format=format)
        original_format = format_by_bytes(data)
        if rendition is data or not self.is_on or original_format is None:
            return rendition, target
        marks = read_marks(data, original_format)
        if not marks.are_there:
            return rendition, target
        origin = rendition_origin(marks)
        try:
            rendition = with_marks(rendition, target, origin)
            if self.credentials is not None and marks.has_manifest:
                rendition = self.credentials.signed_rendition(
                    rendition,
                    target,
                    origin,
                    original=data,
                    original_format=original_format,
                )
        except Unmarkable as error:
            log.warning("rendition_not_marked", **_reason(error))
        return rendition, target


def _reason(error: Exception) -> dict[str, Any]:
    is_expected = isinstance(error, Unmarkable)
    return {"reason": str(error), "exc_info": None if is_expected else error}


NO_MARKS: Final = Marker(is_on=False)
"""Leaves images as they came."""
