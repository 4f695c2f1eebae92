"""Models and templates."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from gql_server.client.results.base import Result
from gql_server.client.results.images import ModelName, Parameters


class Size(Result):
    """Pixels of an image."""

    width: int
    height: int


class ImageInputs(Result):
    """The source images that a model accepts.

    Attributes:
        minimum: How many it needs.
        maximum: How many it accepts.
        takes_mask: Whether it accepts a mask.
        needs_mask: Whether it needs one.
    """

    minimum: int
    maximum: int
    takes_mask: bool
    needs_mask: bool


class ModelParameter(Result):
    """A setting of a model.

    Attributes:
        name: Name of the setting, as GraphQL writes it.
        location: ``FIELD``, or ``PARAMETERS`` for a key of ``parameters``.
        type: Type of the value, such as ``INTEGER``.
        description: What it does.
        is_required: Whether every request needs it.
        json_schema: JSON Schema of the value, with its range and its default.
    """

    name: str
    location: str
    type: str
    description: str
    is_required: bool
    json_schema: Mapping[str, Any]


class Model(ModelName):
    """A model that generates images.

    Attributes:
        provider: Who made it.
        description: What it is good at.
        speed: ``FAST``, ``MEDIUM`` or ``SLOW``.
        quality: ``STANDARD``, ``HIGH`` or ``VERY_HIGH``.
        cost_per_image: Price of an image with default settings, in US dollars.
        is_cost_maximum: Whether that is the maximum, because the provider counts tokens.
        capabilities: What it can do, such as ``INPAINTING``.
        parameters: Its settings.
        image_inputs: Source images that it accepts. None when it accepts only a prompt.
        default_size: Size of an image that names none.
        max_prompt_length: In characters.
        is_recommended: Whether the server recommends it.
        is_beta: Whether the provider calls it a beta.
        is_available: Whether it can generate new images.
        status: ``CURRENT``, ``DOUBTFUL`` or ``DEPRECATED``.
    """

    provider: str
    description: str
    speed: str
    quality: str
    cost_per_image: Decimal
    is_cost_maximum: bool
    capabilities: tuple[str, ...]
    parameters: tuple[ModelParameter, ...]
    image_inputs: ImageInputs | None
    default_size: Size
    max_prompt_length: int
    is_recommended: bool
    is_beta: bool
    is_available: bool
    status: str


class Template(Result):
    """A template of prompts and settings.

    Attributes:
        id: ID of the template, ``tpl_…``.
        name: Display name.
        description: For people.
        model: Default model.
        default_prompt: Text added to the prompt.
        parameters: Default settings.
        version: Incremented by each change.
        user_id: ID of the user who owns it.
        created_at: When it was created.
        updated_at: When it was last changed.
    """

    id: str
    name: str
    description: str | None
    model: ModelName
    default_prompt: str
    parameters: Parameters
    version: int
    user_id: str
    created_at: datetime
    updated_at: datetime
