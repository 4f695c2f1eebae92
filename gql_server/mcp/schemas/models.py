"""Models as arguments and results."""

from typing import Any

from gql_server.inference.model import ModelCapability, ModelQuality, ModelSpeed, ModelStatus
from gql_server.mcp.schemas.fields import Arguments, Result, described


class ModelsArguments(Arguments):
    """Arguments of list_models."""

    model: str | None = described(
        "ID of one model: returns only this one, with the JSON Schema of each of its settings.",
        None,
    )
    capability: ModelCapability | None = described("Only models with this capability.", None)


class Model(Result):
    """A model that generates images."""

    id: str = described("ID of the model, for other tools.")
    name: str = described("Display name.")
    provider: str = described("Organization that trained the model.")
    description: str = described("Strengths of the model and typical uses.")
    speed: ModelSpeed = described("Typical speed.")
    quality: ModelQuality = described("Typical image quality.")
    typical_seconds: list[float] = described("Fastest and slowest typical time, in seconds.")
    cost_per_image: float = described("Price with default settings, in US dollars.")
    is_cost_maximum: bool = described("Whether the price is the maximum, because tokens count.")
    width: int = described("Default width in pixels.")
    height: int = described("Default height in pixels.")
    max_source_images: int = described(
        "Maximum number of source images for `edit_image`. 0 when the model accepts none."
    )
    capabilities: list[ModelCapability] = described("Capabilities beyond text prompts.")
    is_recommended: bool = described("Whether the model is a good first choice.")
    status: ModelStatus = described("Whether the model can be relied on.")
    settings: list[str] = described("Names of the settings that the model supports.")
    setting_schemas: dict[str, dict[str, Any]] | None = described(
        "The JSON Schema of each setting. Null unless `model` is given."
    )


class Models(Result):
    """The models, recommended ones first."""

    models: list[Model] = described("The models.")
