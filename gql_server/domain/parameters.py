"""The settings of one picture, by their public names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The settings of one picture; None is "not given" or "the model has none".

    Attributes:
        negative_prompt: What the picture should not show.
        width: Pixels.
        height: Pixels.
        steps: Diffusion steps, whatever the model's own name for them.
        guidance: How closely the picture follows the prompt.
        seed: Makes a picture repeatable on models that take one.
        strength: 0 to 1, how far an image-to-image result may leave its source.
    """

    negative_prompt: str | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    guidance: float | None = None
    seed: int | None = None
    strength: float | None = None
