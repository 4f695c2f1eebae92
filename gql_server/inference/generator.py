"""What a source of pictures promises, whichever it is."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from gql_server.domain.parameters import Parameters
from gql_server.inference.attempts import StillNeeded
from gql_server.inference.model import Model
from gql_server.pictures.inspection import ImageInfo

CallSlot = Callable[[], AbstractAsyncContextManager[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One picture to make; everything in it was checked against the model's rules.

    Attributes:
        model: The model that makes it.
        prompt: What the model is given, after any template.
        parameters: With the model's defaults filled in; None where the model takes none.
        seed_was_given: Whether the caller named the seed; else another may take its place.
        source_images: Encoded pictures (PNG or JPEG) of a size that the model takes.
        mask: An encoded picture; white is painted anew.
        is_background: Whether nobody waits for it: what somebody waits for goes first.
        is_needed: Asked before an attempt that does not start at once, being repeated or having
            waited for its turn; None: it is wanted to the end.
        call_slot: Gives each attempt a place among those in flight, waited for before it starts
            and given back with its answer; unless given, there are places enough.
    """

    model: Model
    prompt: str
    parameters: Parameters
    seed_was_given: bool = True
    source_images: tuple[bytes, ...] = ()
    mask: bytes | None = None
    is_background: bool = False
    is_needed: StillNeeded | None = None
    call_slot: CallSlot = nullcontext


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedPicture:
    """A complete picture.

    Attributes:
        data: Its encoded bytes.
        info: What decoding the bytes showed of them.
        seconds: How long the model took.
        seed: The seed that made it; None where the model takes none.
    """

    data: bytes
    info: ImageInfo
    seconds: float
    seed: int | None


class Generator(Protocol):
    """Makes pictures."""

    @property
    def is_preview(self) -> bool:
        """Whether the pictures only stand in for a model's."""

    async def generate(self, request: GenerationRequest) -> GeneratedPicture:
        """Make one picture.

        Raises:
            PromptRefused: The model's safety filter refused the prompt.
            PictureFlagged: It accepted the prompt and rejected the picture.
            DailyAllocationUsed: The account has no neurons left today.
            GenerationFailed: Anything else; ``retryable`` says whether to try again.
            NoLongerNeeded: The request said that it is not wanted any more; no attempt was running.
        """

    async def close(self) -> None:
        """Give back connections."""
