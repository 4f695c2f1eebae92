"""Images, uploads and generations."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import Field

from gql_server.client.results.base import Result
from gql_server.client.results.user_errors import UserError


class Notice(Result):
    """A warning about a request that succeeded.

    Attributes:
        kind: Type of the warning, such as ``BudgetWarning``.
        message: The warning, for people.
    """

    kind: str = Field(alias="__typename")
    message: str


class ModelName(Result):
    """A model by its name.

    Attributes:
        id: Its full name, such as ``@cf/black-forest-labs/flux-1-schnell``.
        name: Display name.
    """

    id: str
    name: str


class Parameters(Result):
    """Settings that an image was generated with. None for settings that the model does not have."""

    negative_prompt: str | None
    width: int | None
    height: int | None
    steps: int | None
    guidance: float | None
    seed: int | None
    strength: float | None
    aspect_ratio: str | None
    quality: str | None
    background: str | None
    output_format: str | None
    parameters: Mapping[str, Any] | None


class ImageFile(Result):
    """The file of an image.

    Attributes:
        id: ID of the image, ``img_…``.
        r2_key: Key of the file in the store.
        url: Where the file is. Signed addresses are valid for an hour.
        content_type: Media type of the file.
        width: Pixels.
        height: Pixels.
        size_bytes: Size of the file.
        cost: Amount charged, in US dollars.
    """

    id: str
    r2_key: str
    url: str
    content_type: str
    width: int
    height: int
    size_bytes: int
    cost: Decimal


class Image(ImageFile):
    """A generated image.

    Attributes:
        prompt: The prompt as the user wrote it.
        rendered_prompt: The prompt sent to the model, with the template's text.
        model: The model that generated it.
        parameters: The settings.
        placeholder: Small preview as a data URL.
        tags: Tags.
        metadata: Client-defined metadata.
        provider_cost: Amount the provider bills, in US dollars.
        neurons: Usage counted by the provider.
        seconds: Duration of the generation.
        is_preview: Whether the built-in generator drew it instead of the model.
        user_id: ID of the user who owns it.
        created_at: When it was stored.
        deleted_at: When it was deleted. None if it is not.
        missing_since: When the server found that the file is gone. None for nearly all images.
        warnings: Warnings about the request that generated it. Only in that request's result.
    """

    not_selected: ClassVar[frozenset[str]] = frozenset({"warnings"})

    prompt: str
    rendered_prompt: str
    model: ModelName
    parameters: Parameters
    placeholder: str
    tags: tuple[str, ...]
    metadata: Any
    provider_cost: Decimal
    neurons: float
    seconds: float
    is_preview: bool
    user_id: str
    created_at: datetime
    deleted_at: datetime | None
    missing_since: datetime | None
    warnings: tuple[Notice, ...] = ()

    @property
    def is_deleted(self) -> bool:
        """Whether the image is deleted: its addresses do not answer."""
        return self.deleted_at is not None


class SourceImage(Result):
    """An uploaded image, to transform or to use as a mask.

    Attributes:
        id: ID of the upload, ``src_…``.
        url: Where the file is. Signed addresses are valid for an hour.
        content_type: Media type of the file.
        width: Pixels.
        height: Pixels.
        size_bytes: Size of the file.
        user_id: ID of the user who owns it.
        created_at: When it was uploaded.
    """

    id: str
    url: str
    content_type: str
    width: int
    height: int
    size_bytes: int
    user_id: str
    created_at: datetime


class Generation(Result):
    """An image that is generated in the background.

    Attributes:
        id: ID of the generation, ``gen_…``.
        status: ``QUEUED``, ``RUNNING``, ``PAUSED``, ``SUCCEEDED``, ``FAILED`` or ``CANCELED``.
        is_cancelable: Whether it has not started.
        prompt: The prompt as the user wrote it.
        cost: Amount charged, in US dollars.
        estimated_cost: Estimated cost, in US dollars.
        paused_reason: Why it is paused. None unless it is.
        resumes_at: When it resumes automatically.
        created_at: When it was accepted.
        started_at: When it started.
        finished_at: When it finished.
        image: The image. None unless it succeeded.
        error: Why it failed. None unless it did.
    """

    id: str
    status: str
    is_cancelable: bool
    prompt: str
    cost: Decimal
    estimated_cost: Decimal
    paused_reason: str | None
    resumes_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    image: Image | None
    error: UserError | None

    @property
    def is_finished(self) -> bool:
        """Whether it has succeeded, failed or been canceled."""
        return self.finished_at is not None
