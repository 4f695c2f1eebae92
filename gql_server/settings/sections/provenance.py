"""Marks in image files that say how the images were made."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class ProvenanceSettings(BaseSettings):
    """Marks in image files."""

    provenance: bool = Field(
        default=True,
        description="Whether the server writes into each image that a model made it: the IPTC "
        "digital source type and the model, by XMP. Images that their provider has marked stay "
        "as they are. [More](guide/generating.md#provenance).",
    )
    provenance_prompt: bool = Field(
        default=False,
        description="Whether the prompt and the seed are written into the image, too.",
    )
    provenance_certificate: SecretStr | None = Field(
        default=None,
        description="Certificates in PEM, the signer's first, with which each image gets a C2PA "
        "manifest. Requires `PROVENANCE_PRIVATE_KEY` and `pip install 'gql_server[c2pa]'`.",
    )
    provenance_private_key: SecretStr | None = Field(
        default=None,
        description="Private key of the first certificate in `PROVENANCE_CERTIFICATE`, in PEM and "
        "not encrypted.",
    )
