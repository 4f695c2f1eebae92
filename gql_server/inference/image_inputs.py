"""Which images a model accepts beside the prompt, and how they are sent."""

from typing import Literal, Self

from pydantic import Field, model_validator

from gql_server.inference.entries import Entry, check_order


class ImageInputs(Entry):
    """Images that a model accepts beside the prompt.

    Attributes:
        form: ``init`` images are edited; ``reference`` images are looked at.
        minimum: How many it requires.
        maximum: How many it accepts at most.
        mask: Whether it accepts a mask, or requires one.
        mask_sources: With how many images it accepts a mask at most; None: with as many as without.
        max_side: The longest side in pixels that is sent; longer images are scaled down. None:
            images are cut to the size of the image that is made.
        keeps_transparency: Whether transparent images are sent as such; otherwise on white.
        wire_name: The model's own name for the images, in the form ``run``.
        first_wire_name: Its name for the first image, where that has a part of its own.
        shape: Whether the images are a list, or there is one that stands alone.
        encoding: How an image is written.
        key: The key that holds the image where each is an object.
    """

    form: Literal["init", "reference"]
    minimum: int = Field(default=0, ge=0)
    maximum: int = Field(ge=1)
    mask: Literal["none", "optional", "required"] = "none"
    mask_sources: int | None = Field(default=None, ge=1)
    max_side: int | None = Field(default=None, ge=1)
    keeps_transparency: bool = False
    wire_name: str | None = Field(default=None, pattern=r"^[a-z_]+$")
    first_wire_name: str | None = Field(default=None, pattern=r"^[a-z_]+$")
    shape: Literal["list", "single"] = "list"
    encoding: Literal["data_uri", "base64"] = "data_uri"
    key: str | None = Field(default=None, pattern=r"^[a-z_]+$")

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        check_order(self.minimum, self.maximum)
        if self.form == "reference" and self.max_side is None:
            raise ValueError("reference images need max_side")
        if self.form == "reference" and self.mask != "none":
            raise ValueError("reference images take no mask")
        if self.shape == "single" and self.maximum > 1:
            raise ValueError("a single image has a maximum of 1")
        return self
