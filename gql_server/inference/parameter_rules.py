"""Which values a model accepts for a setting."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, Literal, Self

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from gql_server.inference.entries import Entry, check_order

SHARED_NAMES: Final = (
    "negative_prompt",
    "width",
    "height",
    "steps",
    "guidance",
    "seed",
    "strength",
    "aspect_ratio",
    "quality",
    "background",
    "output_format",
)
"""Settings that many models have and that are fields of a request; all others are a model's own."""

ParameterType = Literal["string", "integer", "float", "boolean", "aspect_ratio", "list", "object"]

_RATIO: Final = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,3})?):([0-9]{1,4}(?:\.[0-9]{1,3})?)")
_Number = StrictInt | StrictFloat


class ParameterRule(Entry):
    """Values that a model accepts for one setting.

    Attributes:
        wire_name: The model's own name for it; None: the public name.
        type: Type of its values.
        default: Used, and sent, when the caller sets nothing; None: nothing is sent.
        minimum: Minimum value; None where there is none.
        maximum: Maximum value; of a text its length, of a list its number of items.
        multiple_of: A whole number that the value must be a multiple of.
        choices: The only values, where there are few.
        narrowest: The narrowest aspect ratio, such as ``3:7``, of a model that accepts any between.
        widest: The widest aspect ratio.
        is_url: Whether the text is an ``https`` address.
        is_required: Whether the caller must set it.
        without_images: Whether it excludes source images.
        items: The rule of each item of a list.
        fields: The rules of the fields of an object.
        description: What it does, for clients; the shared settings have a common one.
    """

    wire_name: str | None = Field(default=None, pattern=r"^[a-z_]+$")
    type: ParameterType
    default: StrictBool | _Number | StrictStr | None = None
    minimum: _Number | None = None
    maximum: _Number | None = None
    multiple_of: int | None = Field(default=None, ge=1)
    choices: tuple[StrictStr | StrictInt, ...] = ()
    narrowest: str | None = None
    widest: str | None = None
    is_url: bool = False
    is_required: bool = False
    without_images: bool = False
    items: "ParameterRule | None" = None
    fields: "Mapping[str, ParameterRule]" = Field(default_factory=dict)
    description: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        numbers = [self.minimum, self.maximum]
        if self.type == "integer" and any(isinstance(number, float) for number in numbers):
            raise ValueError("default and bounds of an integer are whole numbers")
        if self.default is not None and not _is_of_type(self.type, self.default):
            raise ValueError(
                "default and bounds of an integer are whole numbers, and a default of "
                f"{self.type} is of that type"
            )
        check_order(self.minimum, self.maximum)
        if (self.type == "list") != (self.items is not None):
            raise ValueError("a list has items, and nothing else has")
        if (self.type == "object") != bool(self.fields):
            raise ValueError("an object has fields, and nothing else has")
        for bound in (self.narrowest, self.widest):
            if bound is not None and read_ratio(bound) is None:
                raise ValueError(f"{bound} is not an aspect ratio such as 3:7")
        self._check_default()
        return self

    def _check_default(self) -> None:
        value = self.default
        if value is None:
            return
        if self.choices and value not in self.choices:
            raise ValueError(f"default {value} is not what the rule itself allows")
        if isinstance(value, bool | str):
            return
        low = self.minimum is not None and value < self.minimum
        high = self.maximum is not None and value > self.maximum
        off = self.multiple_of is not None and value % self.multiple_of != 0
        if low or high or off:
            raise ValueError(f"default {value} is not what the rule itself allows")


def read_ratio(text: str) -> Fraction | None:
    """Return width divided by height of an aspect ratio such as ``16:9``; None: it is none."""
    found = _RATIO.fullmatch(text)
    if found is None:
        return None
    width, height = (Fraction(side) for side in found.groups())
    return width / height if width and height else None


def json_schema(rule: ParameterRule) -> dict[str, Any]:
    """Return a rule as a JSON Schema, which forms can be made of."""
    schema: dict[str, Any] = {"type": _JSON_TYPES[rule.type]}
    if rule.description is not None:
        schema["description"] = rule.description
    if rule.choices:
        schema["enum"] = list(rule.choices)
    elif rule.type == "aspect_ratio":
        schema["pattern"] = f"^{_RATIO.pattern}$"
    if rule.is_url:
        schema["format"] = "uri"
    if rule.default is not None:
        schema["default"] = rule.default
    if rule.items is not None:
        schema["items"] = json_schema(rule.items)
    if rule.fields:
        schema["properties"] = {name: json_schema(field) for name, field in rule.fields.items()}
        schema["required"] = [name for name, field in rule.fields.items() if field.is_required]
        schema["additionalProperties"] = False
    return schema | _bounds(rule, schema["type"])


def _bounds(rule: ParameterRule, json_type: str) -> dict[str, Any]:
    names = _BOUNDS[json_type]
    found = dict(zip(names, (rule.minimum, rule.maximum, rule.multiple_of), strict=False))
    return {name: bound for name, bound in found.items() if bound is not None}


_JSON_TYPES: Final = {
    "string": "string",
    "integer": "integer",
    "float": "number",
    "boolean": "boolean",
    "aspect_ratio": "string",
    "list": "array",
    "object": "object",
}
_BOUNDS: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("minLength", "maxLength"),
    "integer": ("minimum", "maximum", "multipleOf"),
    "number": ("minimum", "maximum", "multipleOf"),
    "array": ("minItems", "maxItems"),
    "boolean": (),
    "object": (),
}


def _is_of_type(kind: ParameterType, value: object) -> bool:
    match kind:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "string" | "aspect_ratio":
            return isinstance(value, str)
        case _:
            return False
