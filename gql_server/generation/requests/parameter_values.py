"""A value against the rule of its setting; every error is reported, with its path."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from gql_server.domain.errors import ErrorCode, InvalidInput, Path
from gql_server.domain.text import is_storable
from gql_server.inference.parameter_rules import ParameterRule, read_ratio
from gql_server.quoting import quoted

_KINDS: Final = {
    "string": "text",
    "aspect_ratio": "an aspect ratio such as 16:9",
    "integer": "a whole number",
    "float": "a number",
    "boolean": "true or false",
    "list": "a list",
    "object": "a JSON object",
}


def value_errors(rule: ParameterRule, label: str, value: Any, path: Path) -> Iterator[InvalidInput]:
    """Report what is wrong with a value.

    Args:
        rule: The rule of its setting.
        label: What to call it in messages.
        value: A JSON value, other than null.
        path: Where in the input it stands.
    """
    label = label.replace("_", " ")
    if not _is_of_kind(rule, value):
        yield InvalidInput(
            f"{label} must be {_KINDS[rule.type]}; it is {quoted(value)}.", path=path
        )
    elif rule.choices:
        if value not in rule.choices:
            choices = ", ".join(str(choice) for choice in rule.choices)
            yield InvalidInput(
                f"{label} must be one of {choices}; it is {quoted(value)}.",
                path=path,
                code=ErrorCode.OUT_OF_RANGE,
            )
    else:
        match rule.type:
            case "string":
                yield from _text_errors(rule, label, value, path)
            case "integer" | "float":
                yield from _number_errors(rule, label, value, path)
            case "aspect_ratio":
                yield from _ratio_errors(rule, label, value, path)
            case "list":
                yield from _list_errors(rule, label, value, path)
            case "object":
                yield from _object_errors(rule, label, value, path)


def _is_of_kind(rule: ParameterRule, value: Any) -> bool:
    match rule.type:
        case "string" | "aspect_ratio":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "list":
            return isinstance(value, Sequence) and not isinstance(value, str)
        case "object":
            return isinstance(value, Mapping)


def _text_errors(rule: ParameterRule, label: str, value: str, path: Path) -> Iterator[InvalidInput]:
    if rule.maximum is not None and len(value) > rule.maximum:
        yield InvalidInput(
            f"{label} must be at most {rule.maximum} characters; it has {len(value)}.",
            path=path,
            code=ErrorCode.TOO_LONG,
        )
    elif not is_storable(value):
        yield InvalidInput(f"{label} contains an invalid character.", path=path)
    elif rule.is_url and not _is_address(value):
        yield InvalidInput(
            f"{label} must be a public address that starts with https://.", path=path
        )


def _number_errors(
    rule: ParameterRule, label: str, value: float, path: Path
) -> Iterator[InvalidInput]:
    low = rule.minimum is not None and value < rule.minimum
    high = rule.maximum is not None and value > rule.maximum
    if low or high or value != value:  # noqa: PLR0124 - not a number
        yield InvalidInput(
            f"{label} must be {_span(rule)}; it is {value}.",
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


def _ratio_errors(
    rule: ParameterRule, label: str, value: str, path: Path
) -> Iterator[InvalidInput]:
    ratio = read_ratio(value)
    if ratio is None:
        yield InvalidInput(
            f"{label} must be an aspect ratio such as 16:9; it is {quoted(value)}.", path=path
        )
        return
    narrowest = read_ratio(rule.narrowest) if rule.narrowest else None
    widest = read_ratio(rule.widest) if rule.widest else None
    if (narrowest and ratio < narrowest) or (widest and ratio > widest):
        yield InvalidInput(
            f"{label} must be from {rule.narrowest} to {rule.widest}; it is {value}.",
            path=path,
            code=ErrorCode.OUT_OF_RANGE,
        )


def _list_errors(
    rule: ParameterRule, label: str, value: Sequence[Any], path: Path
) -> Iterator[InvalidInput]:
    if rule.maximum is not None and len(value) > rule.maximum:
        yield InvalidInput(
            f"{label} must have at most {rule.maximum} items; it has {len(value)}.",
            path=path,
            code=ErrorCode.TOO_MANY,
        )
        return
    if rule.minimum is not None and len(value) < rule.minimum:
        yield InvalidInput(
            f"{label} must have at least {rule.minimum} items; it has {len(value)}.",
            path=path,
            code=ErrorCode.TOO_SHORT,
        )
    assert rule.items is not None  # noqa: S101 - the rule's own validation
    for index, item in enumerate(value):
        yield from value_errors(rule.items, f"An item of {label}", item, (*path, index))


def _object_errors(
    rule: ParameterRule, label: str, value: Mapping[str, Any], path: Path
) -> Iterator[InvalidInput]:
    for name in value.keys() - rule.fields.keys():
        fields = ", ".join(rule.fields)
        yield InvalidInput(
            f"{label} has no field {quoted(name)}; its fields are {fields}.",
            path=(*path, str(name)),
            code=ErrorCode.NOT_SUPPORTED,
        )
    for name, field in rule.fields.items():
        one = value.get(name)
        if one is not None:
            yield from value_errors(field, name, one, (*path, name))
        elif field.is_required:
            yield InvalidInput(
                f"{label} needs {name}.", path=(*path, name), code=ErrorCode.REQUIRED
            )


def _is_address(text: str) -> bool:
    try:
        address = urlsplit(text)
    except ValueError:
        return False
    is_plain = text.isprintable() and " " not in text and address.username is None
    return address.scheme == "https" and bool(address.hostname) and is_plain


def _span(rule: ParameterRule) -> str:
    if rule.maximum is None:
        return f"{rule.minimum} or more"
    if rule.minimum is None:
        return f"{rule.maximum} or less"
    return f"from {rule.minimum} to {rule.maximum}"
