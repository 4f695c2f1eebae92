"""The settings: what an operator can set, and what follows from it."""

from gql_server.settings.settings import (
    Settings,
    SettingsError,
    load_settings,
    misspelled_settings,
)

__all__ = ["Settings", "SettingsError", "load_settings", "misspelled_settings"]
