"""The folder that a batch is saved to."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from gql_server.client import BatchItem, ImageFile, UnexpectedResponse
from gql_server.client.files import whole_file
from gql_server.domain.ids import has_prefix

_SUFFIX: Final = re.compile(r"\.[a-z0-9]{1,5}")


class OutputFolderError(Exception):
    """The folder cannot be used for this batch."""


class Request(BaseModel):
    """The request that was sent from this folder.

    Attributes:
        idempotency_key: Its idempotency key.
        digest: Digest of the input; None if the batch was requested elsewhere.
        batch_id: The batch; None while its server has not answered.
    """

    idempotency_key: str | None = None
    digest: str | None = None
    batch_id: str | None = None


class OutputFolder:
    """A folder with the images of one batch, and the state needed to continue it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failed_path = path / "failed.txt"
        self._request_path = path / ".batch.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder where it is not there, and keep other runs out of it.

        Raises:
            OutputFolderError: Another run is at work in it, or it cannot be written to.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / ".batch.lock", timeout=0)
            lock.acquire()
        except Timeout as error:
            raise OutputFolderError(
                f"{self.path}: another command is using this folder."
            ) from error
        except OSError as error:
            raise OutputFolderError(f"{self.path}: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()

    def request(self) -> Request | None:
        """Return the request that was sent from here; None before the first.

        Raises:
            OutputFolderError: It cannot be read.
        """
        try:
            return Request.model_validate_json(self._request_path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise OutputFolderError(f"{self._request_path} cannot be read; delete it.") from error

    def keep_request(self, request: Request) -> None:
        """Write down the request, before the folder is used for it."""
        with whole_file(self._request_path) as file:
            file.write(request.model_dump_json(indent=2).encode())

    def forget_request(self) -> None:
        """Forget the request, which was refused."""
        self._request_path.unlink(missing_ok=True)

    def image_path(self, item: BatchItem, image: ImageFile) -> Path:
        """Return where an item's image belongs.

        Raises:
            UnexpectedResponse: The server sent an invalid file name.
        """
        suffix = PurePosixPath(image.r2_key).suffix
        if not has_prefix(image.id, "img") or not _SUFFIX.fullmatch(suffix) or item.index < 0:
            raise UnexpectedResponse(f"The server sent an invalid name for image {item.index}.")
        return self.path / f"{item.index:04}-{image.id}{suffix}"

    def keep_failed(self, items: Sequence[BatchItem]) -> None:
        """Write the prompts of failed items, to be sent again; none: no such file."""
        if not items:
            self.failed_path.unlink(missing_ok=True)
            return
        lines = (f"# {describe_failure(item)}\n{one_line(item.prompt)}\n" for item in items)
        with whole_file(self.failed_path) as file:
            file.write("".join(lines).encode())


def describe_failure(item: BatchItem) -> str:
    """Say in one line what kept an item from being made."""
    if item.error is None:
        return f"{item.index:04} failed"
    return one_line(f"{item.index:04} {item.error.kind}: {item.error.message}")


def one_line(text: str) -> str:
    """Return a text as one line that does nothing to a terminal."""
    shown = (character if character.isprintable() else " " for character in text)
    return " ".join("".join(shown).split())
