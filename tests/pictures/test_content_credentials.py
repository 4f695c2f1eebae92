"""Signed images, read by the library's own reader."""

import json
import socket
from io import BytesIO
from typing import Any

import c2pa
import pytest
from PIL import Image

from gql_server.pictures.formats import ImageFormat
from gql_server.pictures.provenance.content_credentials import (
    ContentCredentials,
    CredentialsError,
)
from gql_server.pictures.provenance.marker import Marker
from gql_server.pictures.provenance.marking import read_marks
from tests.pictures.test_provenance import (
    ORIGIN,
    SVG,
    TRAINED,
    XMP_END,
    XMP_HEAD,
    encoded,
    pixels,
)
from tests.support.certificates import signing_certificate


@pytest.fixture(scope="module")
def credentials() -> ContentCredentials:
    return ContentCredentials(*signing_certificate())


def manifests(data: bytes, image_format: ImageFormat) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the reader says of a file, and its active manifest."""
    with c2pa.Reader(image_format.content_type, BytesIO(data)) as reader:
        report: dict[str, Any] = json.loads(reader.json())
    # Everything holds, but for the authority, which nobody trusts.
    assert report["validation_state"] == "Valid", report
    return report, report["manifests"][report["active_manifest"]]


def actions(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    (found,) = (one for one in manifest["assertions"] if one["label"].startswith("c2pa.actions"))
    listed: list[dict[str, Any]] = found["data"]["actions"]
    return listed


@pytest.mark.parametrize("image_format", ImageFormat)
def test_an_image_of_each_format_is_signed(
    credentials: ContentCredentials, image_format: ImageFormat
) -> None:
    data = SVG if image_format is ImageFormat.SVG else encoded(image_format)
    found = Marker(credentials=credentials).marked(data, image_format, ORIGIN, title="img_1")
    report, manifest = manifests(found.data, image_format)
    assert (manifest["title"], manifest["claim_generator_info"][0]["name"]) == (
        "img_1",
        "gql_server",
    )
    (created,) = actions(manifest)
    assert created["action"] == "c2pa.created"
    assert created["digitalSourceType"] == TRAINED
    assert created["softwareAgent"]["name"] == "openai/gpt-image-2"
    assert manifest["signature_info"]["common_name"] == "Test operator"
    assert len(report["manifests"]) == 1
    assert found.marks == read_marks(found.data, image_format)
    assert (found.marks.source_type, found.marks.has_manifest) == (TRAINED, True)
    if image_format is not ImageFormat.SVG:
        assert pixels(found.data) == pixels(data)


def test_a_changed_byte_is_noticed(credentials: ContentCredentials) -> None:
    data = bytearray(
        credentials.signed(encoded(ImageFormat.PNG), ImageFormat.PNG, ORIGIN, title="")
    )
    data[-20] ^= 1
    with c2pa.Reader("image/png", BytesIO(bytes(data))) as reader:
        assert json.loads(reader.json())["validation_state"] == "Invalid"


def test_a_signed_image_is_left_as_it_is(credentials: ContentCredentials) -> None:
    for image_format in ImageFormat:
        data = SVG if image_format is ImageFormat.SVG else encoded(image_format)
        signed = credentials.signed(data, image_format, ORIGIN, title="of the provider")
        for marker in (Marker(), Marker(credentials=credentials)):
            found = marker.marked(signed, image_format, ORIGIN, title="img_1")
            assert found.data is signed
            assert (found.is_ours, found.marks.has_manifest) == (False, True)


def test_a_rendition_contains_the_manifest_of_its_image(credentials: ContentCredentials) -> None:
    marker = Marker(credentials=credentials)
    data = marker.marked(encoded(ImageFormat.PNG), ImageFormat.PNG, ORIGIN, title="img_1").data
    rendition, made = marker.render(data, width=20, format=ImageFormat.WEBP)
    report, manifest = manifests(rendition, made)
    assert [one["action"] for one in actions(manifest)] == ["c2pa.opened", "c2pa.resized"]
    (parent,) = manifest["ingredients"]
    assert parent["relationship"] == "parentOf"
    assert report["manifests"][parent["active_manifest"]]["title"] == "img_1"
    assert read_marks(rendition, made).source_type == TRAINED
    # Without a certificate it has no signature, and says all the same how the image was made.
    rendition, made = Marker().render(data, width=20, format=None)
    marks = read_marks(rendition, made)
    assert (marks.source_type, marks.has_manifest) == (TRAINED, False)


def test_what_cannot_sign_is_refused_in_words() -> None:
    certificates, key = signing_certificate()
    other = signing_certificate()[1]
    expired = signing_certificate(days=-1)
    for given, reason in (
        ((certificates, other), "signature"),
        (("no certificate", key), "certificate"),
        ((certificates, "hidden"), "not an unencrypted key in PEM"),
        (expired, "valid"),
    ):
        with pytest.raises(CredentialsError, match=reason) as refused:
            ContentCredentials(*given)
        assert "hidden" not in str(refused.value)


def test_an_image_that_cannot_be_signed_is_marked_all_the_same(
    credentials: ContentCredentials,
) -> None:
    target = BytesIO()
    Image.new("RGB", (8, 8)).save(target, "GIF")
    marker = Marker(credentials=credentials)
    found = marker.marked(target.getvalue(), ImageFormat.PNG, ORIGIN, title="img_1")
    assert found.data == target.getvalue()
    assert not found.is_ours


def test_nothing_is_fetched_from_the_address_that_a_file_names(
    credentials: ContentCredentials,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/manifest.c2pa"
        remote = b'xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="%s" '
        packet = XMP_HEAD + remote % address.encode() + XMP_END
        data = encoded(ImageFormat.JPEG, xmp=packet)
        marker = Marker(credentials=credentials)
        signed = marker.marked(data, ImageFormat.JPEG, ORIGIN, title="img_1")
        assert signed.is_ours
        segment = b"JP\0\1\0\0\0\1jumbc2pa"
        junk = b"\xff\xeb" + (len(segment) + 2).to_bytes(2) + segment
        marker.render(data[:2] + junk + data[2:], width=20, format=None)
        credentials.signed_rendition(
            encoded(ImageFormat.PNG),
            ImageFormat.PNG,
            ORIGIN,
            original=data,
            original_format=ImageFormat.JPEG,
        )
        with pytest.raises(BlockingIOError):
            server.accept()
