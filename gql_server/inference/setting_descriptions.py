"""What the settings of images do, in the same words for every API.

Ranges and defaults are the models'; each API says where it has them.
"""

from collections.abc import Mapping
from typing import Final

from gql_server.domain.text import MAX_JSON_BYTES

SETTING_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "negative_prompt": "Things the image should not show, such as `blurry, text`.",
    "width": "Image width in pixels, such as 1024.",
    "height": "Image height in pixels, such as 768.",
    "steps": "Number of denoising steps, such as 20. More steps are slower and often sharper, "
    "and may cost more.",
    "guidance": "Guidance scale, such as 7.5. Higher values follow the prompt more closely.",
    "seed": "Seed of the random generator, such as 42. The same seed and settings give the same "
    "image.",
    "strength": "How much the result may differ from the source image, from 0 (not at all) to 1.",
    "aspect_ratio": "Width to height, such as `16:9`.",
    "quality": "Quality of the image, such as `high`. Higher quality is slower and may cost more.",
    "background": "Background of the image, such as `opaque`.",
    "output_format": "File format of the image, such as `png`.",
}
"""By the names of ``SHARED_NAMES``."""

OWN_SETTINGS: Final = (
    "Settings that only some models have, as a JSON object with the model's own names, such as "
    '`{"resolution": "2K"}`'
)
_OWN_SIZE: Final = f"At most {MAX_JSON_BYTES // 1024} KiB."
_SAME: Final = "As in the first image when omitted; the model's default when null."


def request_descriptions(see: str, *, see_own: str | None = None) -> Mapping[str, str]:
    """Return the descriptions of a request's settings, and of ``parameters``.

    Args:
        see: Where the API has a model's ranges and defaults, such as ``see `Model.parameters`.``
        see_own: The same of ``parameters``, if that is elsewhere.
    """
    range_ = f"Default and range depend on the model: {see}"
    side = f"Default, range and `multipleOf` depend on the model: {see}"
    choice = f"Default and valid values depend on the model: {see}"
    bounds = {
        "negative_prompt": f"None when omitted; the maximum length depends on the model: {see}",
        "width": side,
        "height": side,
        "steps": range_,
        "guidance": range_,
        "seed": f"Chosen at random when omitted; the range depends on the model: {see}",
        "strength": f"Requires a source image. The default depends on the model: {see}",
        "aspect_ratio": choice,
        "quality": choice,
        "background": choice,
        "output_format": choice,
    }
    return {
        **{name: f"{text} {bounds[name]}" for name, text in SETTING_DESCRIPTIONS.items()},
        "parameters": f"{OWN_SETTINGS}. {_OWN_SIZE} Defaults and ranges depend on the model: "
        f"{see_own or see}",
    }


def change_descriptions(see: str, *, see_own: str | None = None) -> Mapping[str, str]:
    """Return the descriptions of settings to change when an image is generated again.

    Args:
        see: Where the API has a model's ranges and defaults, such as ``see `Model.parameters`.``
        see_own: The same of ``parameters``, if that is elsewhere.
    """
    range_ = f"{_SAME} The range depends on the model: {see}"
    side = f"{_SAME} Range and `multipleOf` depend on the model: {see}"
    choice = f"{_SAME} Valid values depend on the model: {see}"
    changes = {
        "negative_prompt": f"{_SAME} The maximum length depends on the model: {see}",
        "width": side,
        "height": side,
        "steps": range_,
        "guidance": range_,
        "seed": "As in the first image when omitted; chosen at random when null. The range depends "
        f"on the model: {see}",
        "strength": _SAME,
        "aspect_ratio": f"Replaces width and height. {choice}",
        "quality": choice,
        "background": choice,
        "output_format": choice,
    }
    return {
        **{name: f"{text} {changes[name]}" for name, text in SETTING_DESCRIPTIONS.items()},
        "parameters": f"{OWN_SETTINGS}. Settings that the object leaves out stay as they were; "
        "null, for one or for the whole object, stands for the model's default. "
        f"{_OWN_SIZE} Ranges depend on the model: {see_own or see}",
    }
