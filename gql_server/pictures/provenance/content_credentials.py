"""C2PA manifests, signed with the operator's certificate (C2PA specification 2.2).

The library is an extra, `gql_server[c2pa]`.
"""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from PIL import Image

from gql_server.pictures.formats import ImageFormat
from gql_server.pictures.provenance.marks import Origin, SourceType, Unmarkable

_SETTINGS: Final = {
    # A thumbnail can be as large as the image itself. Signing must not connect to any server.
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}
_CURVES: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_PARENT: Final = "parent"


class CredentialsError(Exception):
    """Images cannot be signed with a certificate and key; the message says why."""


class ContentCredentials:
    """Signs images."""

    def __init__(self, certificates: str, private_key: str) -> None:
        """Take the certificates, the signer's first, and its key, all as PEM, and try them.

        Raises:
            CredentialsError: They cannot be used, or the library is not installed.
        """
        try:
            import c2pa  # noqa: PLC0415 - an extra, which takes half a second to load
        except ImportError as error:
            raise CredentialsError(
                "signing images needs the extra c2pa: pip install 'gql_server[c2pa]'"
            ) from error
        self._c2pa: Final[Any] = c2pa
        algorithm, key = _read_key(private_key)
        self._info: Final = (algorithm, certificates.strip() + "\n", key)
        self._context: Final = c2pa.Context.from_dict(_SETTINGS)
        try:
            self.signed(_tiny_image(), ImageFormat.PNG, _TRIAL, title="trial")
        except Unmarkable as error:
            raise CredentialsError(f"images cannot be signed with it: {error}") from error

    def signed(
        self, data: bytes, image_format: ImageFormat, origin: Origin, *, title: str
    ) -> bytes:
        """Return an image with a manifest that says how it was made.

        Takes some 50 milliseconds: call it in a thread.

        Raises:
            Unmarkable: It cannot be signed; the message says why.
        """
        action: dict[str, Any] = {
            "action": "c2pa.created",
            "digitalSourceType": origin.source_type,
        }
        if origin.model is not None:
            action["softwareAgent"] = {"name": origin.model}
        return self._sign(data, image_format, _manifest(title, origin, [action]))

    def signed_rendition(
        self,
        data: bytes,
        image_format: ImageFormat,
        origin: Origin,
        *,
        original: bytes,
        original_format: ImageFormat,
    ) -> bytes:
        """Return a rendition with a manifest that contains the one of its original.

        Raises:
            Unmarkable: It cannot be signed; the message says why.
        """
        actions: list[dict[str, Any]] = [
            {"action": "c2pa.opened", "parameters": {"ingredientIds": [_PARENT]}},
            {"action": "c2pa.resized"},
        ]
        manifest = _manifest("rendition", origin, actions)
        return self._sign(data, image_format, manifest, parent=(original, original_format))

    def _sign(
        self,
        data: bytes,
        image_format: ImageFormat,
        manifest: Mapping[str, Any],
        *,
        parent: tuple[bytes, ImageFormat] | None = None,
    ) -> bytes:
        algorithm, certificates, key = self._info
        signed = BytesIO()
        try:
            info = self._c2pa.C2paSignerInfo(
                alg=algorithm,
                sign_cert=certificates.encode(),
                private_key=key.encode(),
                ta_url=None,
            )
            with (
                self._c2pa.Signer.from_info(info) as signer,
                self._c2pa.Builder(json.dumps(manifest), context=self._context) as builder,
            ):
                if parent is not None:
                    described = {"relationship": "parentOf", "title": "original", "label": _PARENT}
                    content, content_format = parent
                    builder.add_ingredient(described, content_format.content_type, BytesIO(content))
                builder.sign(signer, image_format.content_type, BytesIO(data), signed)
        except self._c2pa.C2paError as error:
            raise Unmarkable(str(error)) from error
        return signed.getvalue()


def _manifest(title: str, origin: Origin, actions: list[dict[str, Any]]) -> dict[str, Any]:
    name, _, version = (origin.software or "").partition(" ")
    return {
        "claim_generator_info": [{"name": name, "version": version}],
        "title": title,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
    }


def _read_key(pem: str) -> tuple[str, str]:
    """Return the algorithm of a key, and the key in the form that the library reads."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it is encrypted
        # The library's own message could contain some of it.
        raise CredentialsError("the private key is not an unencrypted key in PEM") from None
    algorithm = None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm = _CURVES.get(key.curve.name)
    elif isinstance(key, rsa.RSAPrivateKey):
        algorithm = "ps256"
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        algorithm = "ed25519"
    if algorithm is None:
        raise CredentialsError(
            "the private key is of a kind that C2PA does not accept; use an ECDSA key (P-256)"
        )
    written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return algorithm, written.decode()


def _tiny_image() -> bytes:
    target = BytesIO()
    Image.new("RGB", (1, 1)).save(target, "PNG")
    return target.getvalue()


_TRIAL: Final = Origin(source_type=SourceType.DRAWN.url, software="gql_server trial", model=None)
