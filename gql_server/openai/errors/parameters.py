"""What is wrong with the parameters of a request, in the words of the OpenAI API."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from pydantic import ValidationError

from gql_server.openai.errors.problem import Problem
from gql_server.quoting import quoted

_MAX_NAME: Final = 100
_INPUT_TYPES: Final = {
    "string_type": "a string",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "int_parsing": "an integer",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "a boolean",
    "bool_parsing": "a boolean",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


def parameter_problem(error: ValidationError) -> Problem:
    """Return the first error of a request's parameters; unknown ones come last."""
    found = error.errors(include_url=False)
    first = min(found, key=lambda one: one["type"] == "extra_forbidden")
    kind, path = str(first["type"]), first["loc"]
    if not path:
        return Problem(
            status=HTTPStatus.BAD_REQUEST,
            message="The body must be a JSON object.",
            code="invalid_type",
        )
    param = _name(path)
    message, code = _message(kind, param, first)
    return Problem(status=HTTPStatus.BAD_REQUEST, message=message, param=param, code=code)


def _message(kind: str, param: str, error: Mapping[str, Any]) -> tuple[str, str]:
    if kind == "missing":
        return f"Missing required parameter: '{param}'.", "missing_required_parameter"
    if kind == "extra_forbidden":
        return f"Unknown parameter: '{param}'.", "unknown_parameter"
    if kind in _INPUT_TYPES:
        message = f"Invalid type for '{param}': expected {_INPUT_TYPES[kind]}."
        return message, "invalid_type"
    context = error.get("ctx", {})
    if kind == "literal_error":
        value = quoted(str(error["input"]))
        message = f"Invalid value for '{param}': {value}. It must be {context['expected']}."
        return message, "invalid_value"
    reason = str(error["msg"]).removeprefix("Value error, ")
    return f"Invalid value for '{param}': {reason}.", "invalid_value"


def _name(path: tuple[str | int, ...]) -> str:
    first, *rest = path
    name = str(first) + "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in rest)
    return name[:_MAX_NAME]
