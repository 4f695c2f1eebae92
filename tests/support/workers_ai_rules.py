"""What Workers AI makes of a request's fields: takes them, or says what is wrong with them."""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from tests.support.workers_ai_models import Form, ModelRules, Number

Fields = Mapping[str, object]
"""By wire name: JSON values; of a form, text or the bytes of a file."""

_REFERENCES = tuple(f"input_image_{number}" for number in range(4))
_MAX_REFERENCE_SIDE = 512
_WHOLE_NUMBER = re.compile(r"[+-]?\d+")


class Refusal(Exception):
    """The service does not take the request."""

    def __init__(self, code: int, status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """What the model was asked for, by wire name, numbers as numbers."""

    values: Mapping[str, object]
    width: int
    height: int
    seed: int | None


def check(rules: ModelRules, fields: Fields) -> Accepted:
    """Check the fields of a request that came in the right form.

    Raises:
        Refusal: A field is missing, unknown, of a wrong type or out of range.
    """
    values: dict[str, object] = {"prompt": _prompt(rules, fields)}
    for name, value in fields.items():
        if name == "prompt":
            continue
        values[name] = _value(rules, name, value)
    if rules.needs_source and not {"image", "image_b64"} & values.keys():
        raise _incomplete("image or image_b64")
    if rules.needs_mask and "mask" not in values:
        raise _incomplete("mask")
    width, height = (
        number if isinstance(number := values.get(side), int) else default
        for side, default in zip(("width", "height"), rules.size, strict=True)
    )
    seed = values.get("seed")
    return Accepted(
        values=values,
        width=width,
        height=height,
        seed=seed if isinstance(seed, int) else None,
    )


def _prompt(rules: ModelRules, fields: Fields) -> str:
    prompt = fields.get("prompt")
    if prompt is None:
        raise _incomplete("prompt")
    if not isinstance(prompt, str):
        raise _invalid("prompt must be a string")
    if not prompt:
        raise _invalid("prompt must have a length of at least 1")
    if rules.max_prompt_length is not None and len(prompt) > rules.max_prompt_length:
        raise _invalid(f"prompt must have a length of at most {rules.max_prompt_length}")
    return prompt


def _value(rules: ModelRules, name: str, value: object) -> object:
    if name in rules.numbers:
        return _number(name, value, rules.numbers[name], rules.form)
    if name in rules.texts:
        if not isinstance(value, str):
            raise _invalid(f"{name} must be a string")
        return value
    if rules.takes_references and name in _REFERENCES:
        return _reference(name, value)
    if rules.takes_source and name == "image_b64":
        return _base64_picture(name, value)
    if rules.takes_source and name in {"image", "mask"}:
        return _listed_picture(name, value)
    if rules.form == "json" and name == "options":
        return _options(value)
    raise _invalid(f"unknown parameter {name}")


def _number(name: str, value: object, rule: Number, form: Form) -> float:
    if form == "multipart":
        value = _number_in_text(name, value, rule)
    if isinstance(value, bool) or not isinstance(value, int if rule.whole else int | float):
        raise _invalid(f"{name} must be {'an integer' if rule.whole else 'a number'}")
    low = rule.minimum is not None and value < rule.minimum
    high = rule.maximum is not None and value > rule.maximum
    if low or high:
        raise _invalid(f"{name} must be from {rule.minimum} to {rule.maximum}, not {value}")
    return value


def _number_in_text(name: str, value: object, rule: Number) -> float:
    if not isinstance(value, str):
        raise _invalid(f"{name} must be a field, not a file")
    try:
        return int(value) if _WHOLE_NUMBER.fullmatch(value) or rule.whole else float(value)
    except ValueError:
        raise _invalid(f"{name} must be a number, not {value!r}") from None


def _options(value: object) -> object:
    if not isinstance(value, dict) or not all(
        name == "rejectIfBusy" and isinstance(chosen, bool) for name, chosen in value.items()
    ):
        raise _invalid("options must be like {rejectIfBusy: true}")
    return value


def _reference(name: str, value: object) -> bytes:
    if not isinstance(value, bytes):
        raise _invalid(f"{name} must be a file")
    if max(_size(name, value)) > _MAX_REFERENCE_SIDE:
        raise _invalid(f"{name} must be 512 x 512 pixels at most")
    return value


def _base64_picture(name: str, value: object) -> bytes:
    if not isinstance(value, str):
        raise _invalid(f"Invalid data type for base64 input: {type(value).__name__}")
    try:
        data = b64decode(value, validate=True)
    except binascii.Error:
        raise _invalid(f"{name} is not base64") from None
    _size(name, data)
    return data


def _listed_picture(name: str, value: object) -> bytes:
    if not isinstance(value, list) or not all(type(number) is int for number in value):
        raise _invalid(f"{name} must be a list of integers")
    try:
        data = bytes(value)
    except ValueError:
        raise _invalid(f"{name} must hold bytes, 0 to 255") from None
    _size(name, data)
    return data


def _size(name: str, data: bytes) -> tuple[int, int]:
    try:
        with Image.open(BytesIO(data)) as picture:
            picture.load()
            return picture.size
    except Exception:  # noqa: BLE001 - whatever a parser of pictures trips over
        raise _invalid(f"{name} is not a picture that can be decoded") from None


def _incomplete(what: str) -> Refusal:
    return Refusal(3003, 400, f"Request is missing headers or body: {what}")


def _invalid(message: str) -> Refusal:
    return Refusal(5004, 400, message)
