"""How images are marked, from the settings."""

from gql_server.bootstrap.resources import StartError
from gql_server.pictures.provenance.marker import Marker
from gql_server.settings import Settings


def marker_of(settings: Settings) -> Marker:
    """Return what marks images; a certificate is tried.

    Raises:
        StartError: The certificate or its key cannot be used.
    """
    credentials = None
    certificate, key = settings.provenance_certificate, settings.provenance_private_key
    if certificate is not None and key is not None:
        from gql_server.pictures.provenance.content_credentials import (  # noqa: PLC0415 - few sign
            ContentCredentials,
            CredentialsError,
        )

        try:
            credentials = ContentCredentials(certificate.get_secret_value(), key.get_secret_value())
        except CredentialsError as error:
            raise StartError(f"PROVENANCE_CERTIFICATE, PROVENANCE_PRIVATE_KEY: {error}") from error
    return Marker(
        is_on=settings.provenance,
        writes_prompts=settings.provenance_prompt,
        credentials=credentials,
    )
