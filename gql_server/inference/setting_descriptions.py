"""What the settings of images do, in the same words for every API.

Ranges and defaults are the models'; each API says where it has them.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from gql_server.domain.skipped_models import MAX_MODELS
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


class _Bounds(NamedTuple):
    """What a model decides of a setting, with its default and without."""

    with_default: str
    alone: str


_RANGE: Final = _Bounds("Default and range depend", "The range depends")
_SIDE: Final = _Bounds("Default, range and `multipleOf` depend", "Range and `multipleOf` depend")
_CHOICE: Final = _Bounds("Default and valid values depend", "Valid values depend")
_BOUNDS: Final[Mapping[str, _Bounds]] = {
    "negative_prompt": _Bounds(
        "None when omitted; the maximum length depends", "The maximum length depends"
    ),
    "width": _SIDE,
    "height": _SIDE,
    "steps": _RANGE,
    "guidance": _RANGE,
    "seed": _Bounds("Chosen at random when omitted; the range depends", "The range depends"),
    "strength": _Bounds("Requires a source image. The default depends", ""),
    "aspect_ratio": _CHOICE,
    "quality": _CHOICE,
    "background": _CHOICE,
    "output_format": _CHOICE,
}

MODEL_SPECIFIC: Final = (
    "Settings that only some models have, as a JSON object with the model's own names, such as "
    '`{"resolution": "2K"}`'
)
_MAX_SIZE: Final = f"At most {MAX_JSON_BYTES // 1024} KiB."
BATCH_APPLIES: Final = "The batch's when omitted."
"""Of fields of a batch's item."""


def request_descriptions(where: str, *, where_own: str | None = None) -> Mapping[str, str]:
    """Return the descriptions of a request's settings, and of ``parameters``.

    Args:
        where: Where the API has a model's ranges and defaults, such as ``see `Model.parameters`.``
        where_own: The same of ``parameters``, if that is elsewhere.
    """
    return {
        **template_descriptions(where, where_own=where_own),
        "negative_prompt": f"{_with_example('negative_prompt')} The template's, or else none, when "
        f"omitted; the maximum length depends on the model: {where}",
        "seed": f"{_with_example('seed')} The template's, or else chosen at random, when omitted; "
        f"the range depends on the model: {where}",
    }


def template_descriptions(where: str, *, where_own: str | None = None) -> Mapping[str, str]:
    """Return the descriptions of the settings that a template is given, and of ``parameters``.

    Args:
        where: Where the API has a model's ranges and defaults, such as ``see `Model.parameters`.``
        where_own: The same of ``parameters``, if that is elsewhere.
    """
    return {
        **{
            name: f"{_with_example(name)} {bounds.with_default} on the model: {where}"
            for name, bounds in _BOUNDS.items()
        },
        "parameters": f"{MODEL_SPECIFIC}. {_MAX_SIZE} Defaults and ranges depend on the model: "
        f"{where_own or where}",
    }


def item_descriptions(where: str) -> Mapping[str, str]:
    """Return the descriptions of the settings of a batch's item, and of ``parameters``.

    Args:
        where: Where the API has a model's ranges, such as ``see `Model.parameters`.``
    """
    omitted = {
        **dict.fromkeys(SETTING_DESCRIPTIONS, BATCH_APPLIES),
        "strength": f"Requires a source image. {BATCH_APPLIES}",
    }
    return {
        **_replacements(omitted, where),
        "parameters": f"{MODEL_SPECIFIC}. The whole object replaces the batch's. {BATCH_APPLIES} "
        f"{_MAX_SIZE} Ranges depend on the model: {where}",
    }


def change_descriptions(
    where: str, *, where_own: str | None = None, has_null: bool = True
) -> Mapping[str, str]:
    """Return the descriptions of settings to change when an image is generated again.

    Args:
        where: Where the API has a model's ranges and defaults, such as ``see `Model.parameters`.``
        where_own: The same of ``parameters``, if that is elsewhere.
        has_null: Whether null stands for the model's default; otherwise it is as if omitted.
    """
    same = "As in the first image when omitted"
    default = f"{same}; the model's default when null." if has_null else f"{same}."
    seed = f"{same}; chosen at random when null." if has_null else f"{same}."
    scope = "one or for the whole object" if has_null else "one of them"
    omitted = {
        **dict.fromkeys(SETTING_DESCRIPTIONS, default),
        "seed": seed,
        "aspect_ratio": f"Replaces width and height. {default}",
    }
    return {
        **_replacements(omitted, where),
        "parameters": f"{MODEL_SPECIFIC}. Settings that the object leaves out stay as they were; "
        f"null, for {scope}, stands for the model's default. {_MAX_SIZE} Ranges depend on the "
        f"model: {where_own or where}",
    }


def models_description(max_cost: str) -> str:
    """Return the description of a request's list of models.

    Args:
        max_cost: What the API calls the field of the maximum cost.
    """
    return (
        "IDs of models to try, in this order, when `model` does not generate the image, such as "
        f"when it is out of capacity, refuses the request or costs more than `{max_cost}`. At most "
        f"{MAX_MODELS} models, `model` included; each must support the request's settings."
    )


def _replacements(omitted: Mapping[str, str], where: str) -> Mapping[str, str]:
    """Return the descriptions of settings that replace others, with what applies when omitted."""
    return {
        name: f"{_with_example(name)} {omitted[name]}"
        + (f" {bounds.alone} on the model: {where}" if bounds.alone else "")
        for name, bounds in _BOUNDS.items()
    }


def _with_example(name: str) -> str:
    first, end, rest = SETTING_DESCRIPTIONS[name].partition(".")
    example = f", such as {_EXAMPLES[name]}" if name in _EXAMPLES else ""
    return f"{first}{example}{end}{rest}"
