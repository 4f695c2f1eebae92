"""What a request asks of a model: its parameters as this server's settings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from gql_server.domain.parameters import Parameters
from gql_server.generation.requests.request import ImageRequest
from gql_server.inference.model import Model, PromptUse
from gql_server.inference.nearest_size import NearestSize, nearest_size
from gql_server.inference.sizes import Size, read_size
from gql_server.openai.errors.problem import InvalidParameter
from gql_server.openai.model_names import ModelNames
from gql_server.openai.schemas.requests import CommonParameters

_AUTO: Final = "auto"
_FORMER_QUALITIES: Final = {"standard": "medium", "hd": "high"}
_OWN: Final = ("style", "moderation", "output_compression", "input_fidelity", "complexity")
"""Parameters that are settings of few models; others ignore them."""
_VARIATION: Final = "A variation of the image, with the same subject, style and composition"
_PASSED_ON: Final = ("negative_prompt", "steps", "guidance", "seed", "strength")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to generate.

    Attributes:
        request: The first image.
        number: How many images.
        requested_size: The size that the client named; None: none.
        expected_size: The nearest one that the model generates, as far as it is known.
        ignored: Parameters that the model has no setting for.
        as_url: Whether the response has URLs instead of bytes.
        user: The client's end user.
    """

    request: ImageRequest
    number: int
    requested_size: Size | None
    expected_size: Size | None
    ignored: tuple[str, ...]
    as_url: bool
    user: str | None

    def request_of(self, index: int) -> ImageRequest:
        """Return the request of one of the images; each has another seed."""
        parameters = self.request.parameters
        if not index or parameters.seed is None:
            return self.request
        other = replace(parameters, seed=parameters.seed + index)
        return replace(self.request, parameters=other)


def plan_of(
    given: CommonParameters, names: ModelNames, *, sources: int = 0, has_mask: bool = False
) -> Plan:
    """Choose the model, and translate the parameters into its settings.

    Args:
        given: The parameters.
        names: The models by their names.
        sources: Number of source images.
        has_mask: Whether there is a mask.

    Raises:
        InvalidParameter: The model is missing, or does not support a parameter.
        ModelNotFound: No model has the name.
    """
    if given.model is None:
        raise InvalidParameter(
            "Missing required parameter: 'model'. GET /v1/models lists the models.",
            param="model",
            code="missing_required_parameter",
        )
    model = names.find(given.model, sources=sources, has_mask=has_mask)
    values = given.model_dump(exclude_none=True)
    size = _size(values)
    nearest = nearest_size(model, size) if size is not None else NearestSize(None)
    ignored: list[str] = []
    own: dict[str, Any] = {**nearest.own, **_own_settings(model, values, ignored)}
    shared: dict[str, Any] = {
        **nearest.settings,
        **_shared_settings(model, values, ignored),
        **{name: values[name] for name in _PASSED_ON if name in values},
    }
    user = values.get("safety_identifier") or values.get("user")
    return Plan(
        request=ImageRequest(
            prompt=_prompt(model, values),
            model_id=model.id,
            parameters=Parameters(**shared, own=own),
            metadata={"user": user} if user else None,
            max_cost=values.get("max_cost"),
        ),
        number=values.get("n", 1),
        requested_size=size,
        expected_size=nearest.size,
        ignored=tuple(ignored),
        as_url=values.get("response_format") == "url",
        user=user,
    )


def _prompt(model: Model, values: Mapping[str, Any]) -> str:
    """Return the prompt; variations have none, and get one if the model needs it."""
    is_needed = model.prompt is PromptUse.REQUIRED
    prompt: str = values.get("prompt", _VARIATION if is_needed else "")
    return prompt


def _size(values: Mapping[str, Any]) -> Size | None:
    size = values.get("size", _AUTO)
    return None if size == _AUTO else read_size(size)


def _shared_settings(model: Model, values: Mapping[str, Any], ignored: list[str]) -> dict[str, str]:
    """Return the settings that many models have; those that change nothing may be ignored."""
    found = {name: values.get(name, _AUTO) for name in ("quality", "background")}
    settings = {name: value for name, value in found.items() if value != _AUTO}
    if "quality" in settings:
        rule = model.parameters.get("quality")
        if rule is None:
            del settings["quality"]
            ignored.append("quality")
        elif settings["quality"] not in rule.choices:
            settings["quality"] = _FORMER_QUALITIES.get(settings["quality"], settings["quality"])
    if settings.get("background") == "opaque" and "background" not in model.parameters:
        del settings["background"]
    file_format = values.get("output_format")
    if file_format is None or (file_format == "svg" and model.is_vector):
        return settings
    if file_format in {"gif", "svg"}:
        raise InvalidParameter(
            f"{model.name} does not generate {file_format} files.",
            param="output_format",
            code="unsupported_value",
        )
    if "output_format" in model.parameters:
        settings["output_format"] = file_format
    else:
        ignored.append("output_format")
    return settings


def _own_settings(model: Model, values: Mapping[str, Any], ignored: list[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for name in _OWN:
        value = values.get(name, _AUTO)
        if value == _AUTO:
            continue
        if name in model.own_parameters:
            settings[name] = value
        else:
            ignored.append(name)
    return settings
