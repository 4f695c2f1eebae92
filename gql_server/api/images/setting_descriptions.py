"""Descriptions of an image's settings in requests, templates and results."""

from collections.abc import Mapping
from typing import Final

from gql_server.generation.requests.tags_and_metadata import MAX_METADATA_BYTES
from gql_server.inference.setting_descriptions import SETTING_DESCRIPTIONS

_SEE: Final = "see `Model.parameters`."
_RANGE: Final = f"Default and range depend on the model: {_SEE}"
_SIDE: Final = f"Default, range and `multipleOf` depend on the model: {_SEE}"
_WORD: Final = f"Default and valid values depend on the model: {_SEE}"
_BOUNDS: Final[Mapping[str, str]] = {
    "negative_prompt": f"None when omitted; the maximum length depends on the model: {_SEE}",
    "width": _SIDE,
    "height": _SIDE,
    "steps": _RANGE,
    "guidance": _RANGE,
    "seed": f"Chosen at random when omitted; the range depends on the model: {_SEE}",
    "strength": f"Requires a source image. The default depends on the model: {_SEE}",
    "aspect_ratio": _WORD,
    "quality": _WORD,
    "background": _WORD,
    "output_format": _WORD,
}
_OWN: Final = (
    "Settings that only some models have, as a JSON object with the model's own names, such as "
    '`{"resolution": "2K"}`'
)
_OWN_BOUNDS: Final = (
    f"At most {MAX_METADATA_BYTES // 1024} KiB. Defaults and ranges depend on the model: {_SEE}"
)

REQUESTED: Final[Mapping[str, str]] = {
    **{name: f"{text} {_BOUNDS[name]}" for name, text in SETTING_DESCRIPTIONS.items()},
    "parameters": f"{_OWN}. {_OWN_BOUNDS}",
}
"""Descriptions of the settings of a request or a template, by their names."""

USED: Final[Mapping[str, str]] = {
    **{
        name: f"{text} Null when the model has no such setting, or used its own default."
        for name, text in SETTING_DESCRIPTIONS.items()
    },
    "negative_prompt": f"{SETTING_DESCRIPTIONS['negative_prompt']} Null when there was none.",
    "parameters": f"{_OWN}. Null when there are none.",
}
"""Descriptions of the settings that an image was generated with, by their names."""

SAVED: Final[Mapping[str, str]] = {
    **{
        name: f"{text} Null when the template does not set it."
        for name, text in SETTING_DESCRIPTIONS.items()
    },
    "parameters": f"{_OWN}. Null when the template sets none.",
}
"""Descriptions of the settings that a template has, by their names."""

_SAME: Final = "As in the first image when omitted; the model's default when null."
_CHANGES: Final[Mapping[str, str]] = {
    "negative_prompt": f"{_SAME} The maximum length depends on the model: {_SEE}",
    "width": f"{_SAME} Range and `multipleOf` depend on the model: {_SEE}",
    "height": f"{_SAME} Range and `multipleOf` depend on the model: {_SEE}",
    "steps": f"{_SAME} The range depends on the model: {_SEE}",
    "guidance": f"{_SAME} The range depends on the model: {_SEE}",
    "seed": "As in the first image when omitted; chosen at random when null. The range depends on "
    f"the model: {_SEE}",
    "strength": _SAME,
    "aspect_ratio": f"Replaces `width` and `height`. {_SAME} Valid values depend on the model: "
    f"{_SEE}",
    "quality": f"{_SAME} Valid values depend on the model: {_SEE}",
    "background": f"{_SAME} Valid values depend on the model: {_SEE}",
    "output_format": f"{_SAME} Valid values depend on the model: {_SEE}",
}

CHANGED: Final[Mapping[str, str]] = {
    **{name: f"{text} {_CHANGES[name]}" for name, text in SETTING_DESCRIPTIONS.items()},
    "parameters": f"{_OWN}. Settings that the object leaves out stay as they were; null, for one "
    "or for the whole object, stands for the model's default. "
    f"At most {MAX_METADATA_BYTES // 1024} KiB. Ranges depend on the model: {_SEE}",
}
"""Descriptions of the settings to change when an image is generated again, by their names."""
