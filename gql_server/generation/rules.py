"""Checking settings against the rules of a model; every error is reported, none is corrected."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

from gql_server.domain.errors import ErrorCode, InvalidInput, Path
from gql_server.domain.parameters import Parameters
from gql_server.domain.text import is_storable
from gql_server.inference.model import Model, ParameterName, ParameterRule

_NAMES: tuple[ParameterName, ...] = get_args(ParameterName)


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
    own = asdict(given)
    saved = asdict(template) if template is not None else {}
    values: dict[str, Any] = {}
    errors: list[InvalidInput] = []
    for name in _NAMES:
        rule = model.parameters.get(name)
        value = own[name]
        if rule is None:
            values[name] = None
            if value is not None and value != _fixed(model, name):
                errors.append(_not_supported(model, name, (*path, name)))
        elif value is not None:
            values[name] = value
            errors.extend(_value_errors(rule, name, value, (*path, name)))
        elif (value := saved.get(name)) is not None:
            values[name] = value
            errors.extend(_value_errors(rule, f"The template's {name}", value, ("template_id",)))
        else:
            values[name] = rule.default
    parameters = Parameters(**values)
    if model.fixed_size is not None:
        parameters = replace(
            parameters, width=model.fixed_size.width, height=model.fixed_size.height
        )
    return ResolvedParameters(parameters, errors)


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


def _value_errors(
    rule: ParameterRule, label: str, value: float | str, path: Path
) -> Iterator[InvalidInput]:
    label = label.replace("_", " ")
    if isinstance(value, str):
        if rule.maximum is not None and len(value) > rule.maximum:
            yield InvalidInput(
                f"{label} must be at most {rule.maximum} characters; it has {len(value)}.",
                path=path,
                code=ErrorCode.TOO_LONG,
            )
        elif not is_storable(value):
            yield InvalidInput(f"{label} contains an invalid character.", path=path)
        return
    low = rule.minimum is not None and value < rule.minimum
    high = rule.maximum is not None and value > rule.maximum
    if low or high:
        yield InvalidInput(
            f"{label} must be {_range(rule)}; it is {value}.",
            path=path,
            code=ErrorCode.OUT_OF_RANGE,
        )
    elif rule.multiple_of is not None and value % rule.multiple_of:
        below = int(value // rule.multiple_of * rule.multiple_of)
        yield InvalidInput(
            f"{label} must be a multiple of {rule.multiple_of}, such as {below} or "
            f"{below + rule.multiple_of}; it is {value}.",
            path=path,
            code=ErrorCode.NOT_A_MULTIPLE,
        )


def _not_supported(model: Model, name: ParameterName, path: Path) -> InvalidInput:
    label = name.replace("_", " ")
    if model.fixed_size is not None and name in {"width", "height"}:
        size = f"{model.fixed_size.width} × {model.fixed_size.height}"
        message = f"{model.name} generates images of {size} only; remove {label}."
    else:
        message = f"{model.name} does not support {label}; remove it."
    return InvalidInput(message, path=path, code=ErrorCode.NOT_SUPPORTED)


def _fixed(model: Model, name: ParameterName) -> int | None:
    if model.fixed_size is None:
        return None
    return {"width": model.fixed_size.width, "height": model.fixed_size.height}.get(name)


def _range(rule: ParameterRule) -> str:
    if rule.maximum is None:
        return f"{rule.minimum} or more"
    if rule.minimum is None:
        return f"{rule.maximum} or less"
    return f"from {rule.minimum} to {rule.maximum}"


def _count(number: int) -> str:
    return {0: "no source image", 1: "one source image"}.get(number, f"{number} source images")
