"""What a source of images promises, whichever it is."""

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
    """An image that was generated, and paid for, and waits at the provider's address.

    Attributes:
        url: Where its bytes are.
        expires_at: Until when, as far as is known.
        seconds: How long the model took.
        seed: The seed that made it; None where the model takes none.
        usage: Tokens that the provider counted; None where it says nothing.
        log_id: ID of the call in the AI Gateway's log.
    """

    url: str
    expires_at: datetime
    seconds: float
    seed: int | None
    usage: Mapping[PriceUnit, int] | None = None
    log_id: str | None = None


Remember = Callable[[RemoteImage], Awaitable[None]]
"""Writes down where an image waits, so that it is found again after a crash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One image to generate; everything in it was checked against the model's rules.

    Attributes:
        model: The model that generates it.
        prompt: What the model is given, after any template.
        parameters: With the model's defaults filled in; None where the model takes none.
        seed_was_given: Whether the caller named the seed; else another may take its place.
        source_images: Encoded images (PNG or JPEG) of a size that the model accepts.
        mask: An encoded image; white is repainted.
        size: The size that the image will have, as far as is known; None: the parameters have it.
        is_background: Whether nobody waits for it: what somebody waits for goes first.
        is_needed: Asked before an attempt that does not start at once, being repeated or having
            waited for its permit; None: it is wanted to the end.
        call_slot: Gives each attempt a slot among those in flight, waited for before it starts
            and given back with its answer; unless given, there are slots enough.
        remember: Called with an image that waits at an address, before it is fetched.
        labels: What the AI Gateway's log should hold of the request.
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
        info: What the one decode that made sure of the bytes found.
        seconds: How long the model took.
        seed: The seed that made it; None where the model takes none.
        usage: Tokens that the provider counted; None where it says nothing.
        log_id: ID of the call in the AI Gateway's log.
        is_remote: Whether it was fetched from a provider's address.
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
        """Whether the images only stand in for a model's."""

    async def generate(self, request: GenerationRequest) -> GeneratedPicture:
        """Generate one image.

        Raises:
            PromptRefused: The model's safety filter refused the prompt.
            PictureFlagged: It accepted the prompt and rejected the image.
            DailyAllocationUsed: The account has no neurons left today.
            NotFetched: The image was generated and paid for, and its bytes could not be fetched.
            GenerationFailed: Anything else; ``retryable`` says whether to try again.
            NoLongerNeeded: The request said that it is not wanted any more; no attempt was running.
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
