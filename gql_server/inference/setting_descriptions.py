"""What the settings of images do, in the same words for every API.

Ranges and defaults are the models'; each API says where it has them.
"""

from collections.abc import Mapping
from typing import Final

from gql_server.domain.text import MAX_JSON_BYTES

SETTING_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "negative_prompt": "Things the image should not show.",
    "width": "Image width in pixels.",
    "height": "Image height in pixels.",
    "steps": "Number of denoising steps. More steps are slower and often sharper, and may cost "
    "more.",
    "guidance": "Guidance scale. Higher values follow the prompt more closely.",
    "seed": "Seed of the random generator. The same seed and settings give the same image.",
    "strength": "How much the result may differ from the source image, from 0 (not at all) to 1.",
    "aspect_ratio": "Ratio of width to height.",
    "quality": "Quality of the image. Higher quality is slower and may cost more.",
    "background": "Background of the image.",
    "output_format": "File format of the image.",
}
"""By the names of ``SHARED_NAMES``. Without examples: none is valid for every model."""

_EXAMPLES: Final[Mapping[str, str]] = {
    "negative_prompt": "`blurry, text`",
    "width": "1024",
    "height": "768",
    "steps": "20",
    "guidance": "7.5",
    "seed": "42",
    "aspect_ratio": "`16:9`",
    "quality": "`high`",
    "background": "`opaque`",
    "output_format": "`png`",
}

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
        **{name: f"{_with_example(name)} {bounds[name]}" for name in SETTING_DESCRIPTIONS},
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
        **{name: f"{_with_example(name)} {changes[name]}" for name in SETTING_DESCRIPTIONS},
        "parameters": f"{OWN_SETTINGS}. Settings that the object leaves out stay as they were; "
        "null, for one or for the whole object, stands for the model's default. "
        f"{_OWN_SIZE} Ranges depend on the model: {see_own or see}",
    }


def _with_example(name: str) -> str:
    first, end, rest = SETTING_DESCRIPTIONS[name].partition(".")
    example = f", such as {_EXAMPLES[name]}" if name in _EXAMPLES else ""
    return f"{first}{example}{end}{rest}"
