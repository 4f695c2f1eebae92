"""Checking settings against the rules of a model; every error is reported, none is corrected."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from gql_server.domain.errors import MAX_ID_LENGTH, ErrorCode, InvalidInput, Path
from gql_server.domain.parameters import Parameters
from gql_server.generation.requests.parameter_values import value_errors
from gql_server.generation.requests.tags_and_metadata import json_errors
from gql_server.inference.model import Model, ParameterRule
from gql_server.inference.parameter_rules import SHARED_NAMES
from gql_server.quoting import quoted

_OWN: Final = "parameters"
"""The field of a request that holds a model's own settings."""


@dataclass(frozen=True, slots=True)
class ResolvedParameters:
    """The parameters for the model, and the errors in the requested ones."""

    parameters: Parameters
    errors: Sequence[InvalidInput]


def resolve_parameters(
    model: Model,
    given: Parameters,
    template: Parameters | None = None,
    *,
    path: Path = (),
) -> ResolvedParameters:
    """Combine the caller's settings, the template's and the model's defaults, in this order.

    A setting of the template that the model does not support is left out: the caller chose another
    model.

    Args:
        model: The model.
        given: The caller's settings.
        template: The template's settings.
        path: Path of ``given`` in the input.
    """
    broken = given.own != {} and list(
        json_errors(given.own, label="The parameters", path=(*path, _OWN))
    )
    if broken:
        return ResolvedParameters(replace(given, own={}), broken)
    own = given.settings()
    saved = template.settings() if template is not None else {}
    if model.custom_size:
        saved = _without_other_sizes(model, own, saved)
    errors = [*_own_errors(model, given.own, path), *_size_errors(model, own, saved, path)]
    # A size in pixels replaces the defaults of the other ways to request one.
    replaced = model.custom_size and {"width", "height"} <= own.keys() | saved.keys()
    unset = {"aspect_ratio", *model.custom_size} if replaced else set()
    values: dict[str, Any] = {}
    for name in SHARED_NAMES:
        rule = model.parameters.get(name)
        value = getattr(given, name)
        if rule is None:
            if value is not None and value != _fixed(model, name):
                errors.append(_not_supported(model, name, (*path, name)))
            continue
        if value is not None:
            errors.extend(value_errors(rule, name, value, (*path, name)))
        else:
            value = None if name in unset else _value(rule, name, saved, errors)
        values[name] = value
    settings = {
        name: _own_value(model, name, given, saved, errors)
        for name in model.own_parameters
        if name in given.own or name not in unset
    }
    values["own"] = {name: value for name, value in settings.items() if value is not None}
    parameters = Parameters(**values)
    errors.extend(_missing(model, parameters, path))
    if model.fixed_size is not None:
        parameters = replace(
            parameters, width=model.fixed_size.width, height=model.fixed_size.height
        )
    return ResolvedParameters(parameters, errors)


def without_images_errors(
    model: Model, parameters: Parameters, *, sources: int
) -> Iterator[InvalidInput]:
    """Report settings that exclude source images, where there are some."""
    for name, value in parameters.own.items() if sources else ():
        if value is not None and model.parameters[name].without_images:
            yield InvalidInput(
                f"{model.name} does not support {name} together with source images; remove one.",
                path=(_OWN, name),
                code=ErrorCode.NOT_SUPPORTED,
            )


def image_input_errors(
    model: Model, *, sources: int, has_mask: bool, strength: float | None
) -> Iterator[InvalidInput]:
    """Yield what is wrong with the images sent with a prompt.

    Args:
        model: The model.
        sources: Number of source images.
        has_mask: Whether there is a mask.
        strength: The requested strength.
    """
    inputs = model.image_inputs
    minimum, maximum = (inputs.minimum, inputs.maximum) if inputs else (0, 0)
    if sources > maximum:
        yield InvalidInput(
            f"{model.name} accepts {_count(maximum)}; {sources} were given.",
            path=("source_image_ids",),
            code=ErrorCode.TOO_MANY if maximum else ErrorCode.NOT_SUPPORTED,
        )
    if sources < minimum:
        yield InvalidInput(
            f"{model.name} requires {_count(minimum)}. Name an upload or a generated image.",
            path=("source_image_ids",),
            code=ErrorCode.REQUIRED,
        )
    mask = inputs.mask if inputs else "none"
    if has_mask and mask == "none":
        yield InvalidInput(
            f"{model.name} does not support masks.",
            path=("mask_image_id",),
            code=ErrorCode.NOT_SUPPORTED,
        )
    elif has_mask and not sources:
        yield InvalidInput(
            "A mask requires a source image.",
            path=("source_image_ids",),
            code=ErrorCode.REQUIRED,
        )
    limit = inputs.mask_sources if inputs else None
    if has_mask and mask != "none" and limit is not None and sources > limit:
        yield InvalidInput(
            f"{model.name} accepts a mask with {_count(limit)}; {sources} were given.",
            path=("source_image_ids",),
            code=ErrorCode.TOO_MANY,
        )
    if mask == "required" and not has_mask:
        yield InvalidInput(
            f"{model.name} requires a mask: white areas are repainted.",
            path=("mask_image_id",),
            code=ErrorCode.REQUIRED,
        )
    if strength is not None and "strength" in model.parameters and not sources:
        yield InvalidInput(
            "Strength requires a source image. Add one, or remove strength.",
            path=("strength",),
        )


def _value(
    rule: ParameterRule, name: str, saved: Mapping[str, Any], errors: list[InvalidInput]
) -> Any:
    """Return the template's value of a setting, or the model's default."""
    value = saved.get(name)
    if value is None:
        return rule.default
    errors.extend(value_errors(rule, f"The template's {name}", value, ("template_id",)))
    return value


def _own_value(
    model: Model,
    name: str,
    given: Parameters,
    saved: Mapping[str, Any],
    errors: list[InvalidInput],
) -> Any:
    value = given.own.get(name)
    return _value(model.parameters[name], name, saved, errors) if value is None else value


def _own_errors(model: Model, own: Mapping[str, Any], path: Path) -> Iterator[InvalidInput]:
    for name, value in own.items():
        rule = model.parameters.get(name) if name not in SHARED_NAMES else None
        where = (*path, _OWN, str(name)[:MAX_ID_LENGTH])
        if name in SHARED_NAMES:
            yield InvalidInput(
                f"{name} is a setting of its own, outside of the parameters.", path=where
            )
        elif rule is None:
            others = ", ".join(model.own_parameters)
            hint = f"it supports {others}" if others else "it supports none"
            yield InvalidInput(
                f"{model.name} does not support the parameter {quoted(name)}; {hint}.",
                path=where,
                code=ErrorCode.NOT_SUPPORTED,
            )
        elif value is not None:
            yield from value_errors(rule, name, value, where)


def _without_other_sizes(
    model: Model, own: Mapping[str, Any], saved: Mapping[str, Any]
) -> dict[str, Any]:
    """Drop the template's size if the caller requests another, or if the template has two."""
    pixels, others = {"width", "height"}, {"aspect_ratio", *model.custom_size}
    if own.keys() & others and not own.keys() & pixels:
        left_out = pixels
    elif (own.keys() | saved.keys()) & pixels:
        left_out = others
    else:
        left_out = set()
    return {name: value for name, value in saved.items() if name not in left_out}


def _size_errors(
    model: Model, own: Mapping[str, Any], saved: Mapping[str, Any], path: Path
) -> Iterator[InvalidInput]:
    """Report a size that is not one of the model's, or requested in two ways."""
    if "width" not in model.parameters:
        return
    merged = {**saved, **own}
    is_templates = not own.keys() & {"width", "height"}
    if model.custom_size:
        if ("width" in merged) != ("height" in merged):
            missing = "height" if "width" in merged else "width"
            yield InvalidInput(
                "Set width and height together.",
                path=("template_id",) if is_templates else (*path, missing),
                code=ErrorCode.REQUIRED,
            )
        others = own.keys() & {"aspect_ratio", *model.custom_size}
        if own.keys() & {"width", "height"} and others:
            name = min(others)
            yield InvalidInput(
                f"Set width and height, or {name.replace('_', ' ')}, and not both.",
                path=(*path, name) if name in SHARED_NAMES else (*path, _OWN, name),
            )
    if model.sizes:
        width = merged.get("width", model.parameters["width"].default)
        height = merged.get("height", model.parameters["height"].default)
        if f"{width}x{height}" not in model.sizes:
            at_own = (*path, "width" if "width" in own else "height")
            is_saved = is_templates and bool(saved.keys() & {"width", "height"})
            yield InvalidInput(
                f"{model.name} generates images of {', '.join(model.sizes)} pixels; "
                f"{width}x{height} is none of them.",
                path=("template_id",) if is_saved else at_own,
                code=ErrorCode.OUT_OF_RANGE,
            )


def _missing(model: Model, parameters: Parameters, path: Path) -> Iterator[InvalidInput]:
    settings = parameters.settings()
    for name, rule in model.parameters.items():
        if rule.is_required and settings.get(name) is None:
            yield InvalidInput(
                f"{model.name} requires {name.replace('_', ' ')}.",
                path=(*path, name) if name in SHARED_NAMES else (*path, _OWN, name),
                code=ErrorCode.REQUIRED,
            )


def _not_supported(model: Model, name: str, path: Path) -> InvalidInput:
    label = name.replace("_", " ")
    if model.fixed_size is not None and name in {"width", "height"}:
        size = f"{model.fixed_size.width} × {model.fixed_size.height}"
        message = f"{model.name} generates images of {size} only; remove {label}."
    else:
        message = f"{model.name} does not support {label}; remove it."
    return InvalidInput(message, path=path, code=ErrorCode.NOT_SUPPORTED)


def _fixed(model: Model, name: str) -> int | None:
    if model.fixed_size is None:
        return None
    return {"width": model.fixed_size.width, "height": model.fixed_size.height}.get(name)


def _count(number: int) -> str:
    return {0: "no source image", 1: "one source image"}.get(number, f"{number} source images")
