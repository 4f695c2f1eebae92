"""Images in requests: files of a form, data URLs, and IDs of stored images."""

from base64 import b64decode
from dataclasses import dataclass
from hashlib import sha256

from starlette.datastructures import UploadFile

from gql_server.generation.create_upload import MAX_UPLOAD_BYTES
from gql_server.openai.errors.problem import InvalidParameter
from gql_server.openai.schemas.requests import ImageReference


@dataclass(frozen=True, slots=True)
class GivenPicture:
    """An image of a request.

    Attributes:
        param: The parameter that it is.
        stored_id: ID of a stored image; None: it is sent with the request.
        file: A file of the form.
        data: The bytes, where there is no file.
    """

    param: str
    stored_id: str | None = None
    file: UploadFile | None = None
    data: bytes = b""

    async def read(self) -> bytes:
        """Return the bytes, at most one more than an upload may have."""
        if self.file is None:
            return self.data
        await self.file.seek(0)
        return await self.file.read(MAX_UPLOAD_BYTES + 1)

    async def fingerprint(self) -> str:
        """Return its ID, or a hash of its bytes."""
        return self.stored_id or sha256(await self.read()).hexdigest()


@dataclass(frozen=True, slots=True)
class GivenPictures:
    """The images of a request: the source images, and the mask if there is one."""

    sources: tuple[GivenPicture, ...]
    mask: GivenPicture | None = None


def referenced(reference: ImageReference, param: str) -> GivenPicture:
    """Return the image that a JSON request refers to.

    Raises:
        InvalidParameter: It is neither an ID nor a data URL.
    """
    if (reference.image_url is None) == (reference.file_id is None):
        raise InvalidParameter(
            f"Set one of '{param}.image_url' and '{param}.file_id'.",
            param=param,
            code="invalid_value",
        )
    if reference.file_id is not None:
        return GivenPicture(param, stored_id=reference.file_id)
    return GivenPicture(param, data=_from_data_url(reference.image_url or "", param))


def _from_data_url(url: str, param: str) -> bytes:
    head, comma, encoded = url.partition(",")
    if not comma or not head.startswith("data:image/") or not head.endswith(";base64"):
        raise InvalidParameter(
            f"'{param}.image_url' must be a data URL such as data:image/png;base64,… This server "
            "does not fetch other URLs: send the file, or the ID of a stored image as file_id.",
            param=param,
            code="invalid_value",
        )
    try:
        return b64decode(encoded, validate=True)
    except ValueError as error:
        raise InvalidParameter(
            f"'{param}.image_url' is not valid base64.", param=param, code="invalid_value"
        ) from error
