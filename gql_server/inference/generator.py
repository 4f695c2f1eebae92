"""What every source of images promises."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gql_server.domain.parameters import Parameters
from gql_server.inference.attempts import StillNeeded
from gql_server.inference.model import Model, PriceUnit, Size
from gql_server.pictures.inspection import ImageInfo

CallSlot = Callable[[], AbstractAsyncContextManager[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteImage:
    """An image that was generated and paid for, and can be fetched from the provider.

    Attributes:
        url: The URL of its bytes.
        expires_at: When the URL expires, as far as is known.
        seconds: How long the model took.
        seed: The seed it was generated with; None if the model takes none.
        usage: Tokens that the provider counted; None if it reports none.
        log_id: ID of the call in the AI Gateway's log.
    """

    url: str
    expires_at: datetime
    seconds: float
    seed: int | None
    usage: Mapping[PriceUnit, int] | None = None
    log_id: str | None = None


Remember = Callable[[RemoteImage], Awaitable[None]]
"""Records where an image can be fetched, so that it is found after a crash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One image to generate; everything in it was checked against the model's rules.

    Attributes:
        model: The model that generates it.
        prompt: The prompt for the model, with any template applied.
        parameters: The parameters, defaults included; None for those that the model does not take.
        seed_was_given: Whether the caller set the seed; if not, it may be replaced.
        source_images: Encoded images (PNG or JPEG) of a size that the model accepts.
        mask: An encoded image; white is repainted.
        size: The expected size of the image; None if the parameters contain it.
        is_background: Whether no request waits for the image; direct requests go first.
        is_needed: Called before an attempt that does not start immediately, because it is a retry
            or waited for its permit; None means that the image is always needed.
        call_slot: Opens a slot for one call, held from before the call until its response;
            without it the number of calls is not limited.
        remember: Called before an image is fetched from a URL.
        labels: Metadata for the AI Gateway's log.
    """

    model: Model
    prompt: str
    parameters: Parameters
    seed_was_given: bool = True
    source_images: tuple[bytes, ...] = ()
    mask: bytes | None = None
    size: Size | None = None
    is_background: bool = False
    is_needed: StillNeeded | None = None
    call_slot: CallSlot = nullcontext
    remember: Remember | None = None
    labels: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedPicture:
    """A complete image.

    Attributes:
        data: Its encoded bytes.
        info: Format, size and placeholder, from the decoding that verified the bytes.
        seconds: How long the model took.
        seed: The seed it was generated with; None if the model takes none.
        usage: Tokens that the provider counted; None if it reports none.
        log_id: ID of the call in the AI Gateway's log.
        is_remote: Whether it was fetched from a provider's URL.
    """

    data: bytes
    info: ImageInfo
    seconds: float
    seed: int | None
    usage: Mapping[PriceUnit, int] | None = None
    log_id: str | None = None
    is_remote: bool = False


class Generator(Protocol):
    """Generates images."""

    @property
    def is_preview(self) -> bool:
        """Whether the images are previews, drawn without a model."""

    async def generate(self, request: GenerationRequest) -> GeneratedPicture:
        """Generate one image.

        Raises:
            PromptRefused: The model's safety filter refused the prompt.
            ImageFlagged: It accepted the prompt and rejected the image.
            DailyAllocationUsed: The account has no neurons left today.
            NotFetched: The image was generated and paid for, and its bytes could not be fetched.
            GenerationFailed: Anything else; ``retryable`` says whether to try again.
            NoLongerNeeded: The image was no longer needed; no attempt was running.
        """

    async def fetch(self, image: RemoteImage) -> GeneratedPicture:
        """Fetch an image that an earlier call generated.

        Raises:
            NotFetched: Its bytes could not be fetched.
        """

    async def close(self) -> None:
        """Close connections."""


class NotFetched(Exception):
    """An image was generated, and its bytes could not be fetched from the provider's address.

    Attributes:
        is_gone: Whether trying again is useless: the address has expired, or holds no image.
    """

    def __init__(self, detail: str, *, is_gone: bool = False) -> None:
        super().__init__(detail)
        self.is_gone = is_gone
