"""Descriptions of an image's settings in requests, templates and results, by their names."""

from collections.abc import Mapping
from typing import Final

from gql_server.inference.setting_descriptions import (
    MODEL_SPECIFIC,
    SETTING_DESCRIPTIONS,
    change_descriptions,
    item_descriptions,
    request_descriptions,
    template_descriptions,
)

_SEE: Final = "see `Model.parameters`."

REQUESTED: Final[Mapping[str, str]] = request_descriptions(_SEE)
"""Settings of a request."""

GIVEN_TO_TEMPLATE: Final[Mapping[str, str]] = template_descriptions(_SEE)
"""Settings to save as a template."""

OF_ITEM: Final[Mapping[str, str]] = item_descriptions(_SEE)
"""Settings of an item of a batch."""

CHANGED: Final[Mapping[str, str]] = change_descriptions(_SEE)
"""Settings to change when an image is generated again."""

USED: Final[Mapping[str, str]] = {
    **{
        name: f"{text} Null when the model has no such setting, or used its own default."
        for name, text in SETTING_DESCRIPTIONS.items()
    },
    "negative_prompt": f"{SETTING_DESCRIPTIONS['negative_prompt']} Null when there was none.",
    "parameters": f"{MODEL_SPECIFIC}. Null when there are none.",
}
"""Settings that an image was generated with."""

SAVED: Final[Mapping[str, str]] = {
    **{
        name: f"{text} Null when the template does not set it."
        for name, text in SETTING_DESCRIPTIONS.items()
    },
    "parameters": f"{MODEL_SPECIFIC}. Null when the template sets none.",
}
"""Settings that a template has."""
