"""All settings: the sections together, and where their values come from."""

from typing import Final

from pydantic_settings import BaseSettings, SettingsConfigDict

from gql_server.settings.sections.access import AccessSettings
from gql_server.settings.sections.limits import (
    ConnectionSettings,
    LogSettings,
    RequestSettings,
)
from gql_server.settings.sections.openai import OpenAISettings
from gql_server.settings.sections.provenance import ProvenanceSettings
from gql_server.settings.sections.providers import R2Settings, WorkersAISettings
from gql_server.settings.sections.retention import RetentionSettings
from gql_server.settings.sections.server import ServerSettings
from gql_server.settings.sections.work import WebhookSettings, WorkSettings

SECTIONS: Final[tuple[type[BaseSettings], ...]] = (
    ServerSettings,
    AccessSettings,
    WorkersAISettings,
    R2Settings,
    ProvenanceSettings,
    OpenAISettings,
    WorkSettings,
    WebhookSettings,
    RetentionSettings,
    ConnectionSettings,
    RequestSettings,
    LogSettings,
)
"""The sections, in the order of docs/settings.md; a section's docstring is its heading."""


class SettingFields(  # pydantic takes fields from the last base first
    LogSettings,
    RequestSettings,
    ConnectionSettings,
    RetentionSettings,
    WebhookSettings,
    WorkSettings,
    OpenAISettings,
    ProvenanceSettings,
    R2Settings,
    WorkersAISettings,
    AccessSettings,
    ServerSettings,
):
    """Every setting; each is read from the environment variable of its name in capitals.

    Secrets are wrapped so that no representation or log shows them.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )
