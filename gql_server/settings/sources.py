"""The sources of the settings, by precedence."""

from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

from gql_server.settings.secret_files import SecretFiles


def sources_with_settings(
    settings_class: type[BaseSettings], *sources: PydanticBaseSettingsSource
) -> tuple[PydanticBaseSettingsSource, ...]:
    """Return the sources that set anything, and files of secrets after them.

    To ask a source for each of the settings takes milliseconds, also where it has none of them.
    """
    names = {name.lower() for name in settings_class.model_fields}
    with_settings = (
        source
        for source in sources
        if not isinstance(source, EnvSettingsSource) or not names.isdisjoint(source.env_vars)
    )
    return *with_settings, SecretFiles(settings_class, *sources)
