"""The OpenAI-compatible API."""

from pydantic import Field
from pydantic_settings import BaseSettings

from gql_server.settings.types import ModelAliases


class OpenAISettings(BaseSettings):
    """OpenAI-compatible API."""

    openai_model_aliases: ModelAliases = Field(
        default=None,
        description="Names of models at `/v1`, beside the built-in ones, separated by commas: "
        "`dall-e-3=@cf/leonardo/lucid-origin, draft=model-1 model-2`. Of several models, the first "
        "that accepts a request's images is used. A name without a model removes a built-in one. "
        "[Built-in names](openai.md#models).",
    )
