"""Multipart forms with files, as GraphQL clients send them, read within bounds."""

from collections.abc import AsyncGenerator
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Final

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers
from starlette.formparsers import MultiPartParser
from starlette.requests import Request

from gql_server.web.bodies import too_large

JSON_FIELDS: Final = ("operations", "map")
"""Fields of JSON; each may be sent as text or as a file."""
_MAX_OTHER_FIELDS: Final = 10
_DISPOSITION: Final = "Content-Disposition"


class FormRequest(Request):
    """A request whose files are closed with it."""

    _files: FormData | None = None

    async def read_form(self, *, max_files: int, max_text_bytes: int) -> FormData:
        """Read the body as a form.

        Args:
            max_files: How many files it may have.
            max_text_bytes: How many bytes everything but the files may have.

        Raises:
            MultiPartException: The body is not a form, or has too many parts.
            RequestRefused: Its text is too long.
        """
        parser = _FormParser(
            self.headers, self.stream(), max_files=max_files, max_text_bytes=max_text_bytes
        )
        self._files = await parser.parse()
        return self._files

    async def close(self) -> None:
        """Close the files."""
        await super().close()
        if self._files is not None:
            await self._files.close()


class _FormParser(MultiPartParser):
    """Starlette's parser, with one bound for all text, and with what clients write differently.

    A file may have its name in ``filename*`` (RFC 5987) alone, and ``operations`` and ``map`` may
    have a file name, as browsers give a ``Blob``.
    """

    def __init__(
        self,
        headers: Headers,
        stream: AsyncGenerator[bytes, None],
        *,
        max_files: int,
        max_text_bytes: int,
    ) -> None:
        super().__init__(
            headers,
            stream,
            max_files=max_files,
            max_fields=len(JSON_FIELDS) + _MAX_OTHER_FIELDS,
            max_part_size=max_text_bytes,
        )
        self._max_text_bytes = max_text_bytes
        self._text_bytes = 0

    def on_headers_finished(self) -> None:
        part = self._current_part
        part.content_disposition = _plain_disposition(part.content_disposition or b"")
        super().on_headers_finished()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.file is None:
            self._text_bytes += end - start
            if self._text_bytes > self._max_text_bytes:
                raise too_large(self._max_text_bytes)
        super().on_part_data(data, start, end)


def _plain_disposition(header: bytes) -> bytes:
    """Return a Content-Disposition header with plain parameters, and a file name for files only."""
    if b"*" in header:
        header = _without_extensions(header)
    name = parse_options_header(header)[1].get(b"name", b"")
    if name.decode("latin-1") in JSON_FIELDS:
        return b'form-data; name="%s"' % name
    return header


def _without_extensions(header: bytes) -> bytes:
    """Decode parameters in the extended syntax of RFC 5987, such as ``filename*``."""
    message = Message()
    message[_DISPOSITION] = header.decode("latin-1")
    found = {"name": message.get_param("name", None, _DISPOSITION), "filename": None}
    found["filename"] = message.get_filename()
    plain = [
        b'; %s="%s"' % (name.encode(), _quoted(collapse_rfc2231_value(value)))
        for name, value in found.items()
        if value is not None
    ]
    return b"form-data" + b"".join(plain)


def _quoted(text: str) -> bytes:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return escaped.encode("utf-8", "replace")
