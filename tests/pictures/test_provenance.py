"""Marks in files of every format: read by others, with pixels as they were."""

import contextlib
import time
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import pyexiv2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from gql_server.pictures.formats import RASTER_FORMATS, ImageFormat
from gql_server.pictures.provenance import avif
from gql_server.pictures.provenance.boxes import new_box
from gql_server.pictures.provenance.marker import Marker
from gql_server.pictures.provenance.marking import format_by_bytes, read_marks, with_marks
from gql_server.pictures.provenance.marks import Marks, Origin, SourceType, Unmarkable

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
ORIGIN = Origin(
    source_type=SourceType.GENERATED.url, software="gql_server 1", model="openai/gpt-image-2"
)
XMP_HEAD = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
)
XMP_END = b'xmp:CreatorTool="A provider"/></rdf:RDF></x:xmpmeta>'
SVG = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- <svg> > -->\n'
    b'<svg xmlns="http://www.w3.org/2000/svg" id=\'a>b\' viewBox="0 0 4 4">'
    b"<title>\xc3\xa9</title></svg>\n"
)

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
FILES: dict[str, tuple[ImageFormat, dict[str, Any]]] = {
    "png": (ImageFormat.PNG, {}),
    "jpeg": (ImageFormat.JPEG, {}),
    "jpeg with exif": (ImageFormat.JPEG, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}),
    "progressive jpeg": (ImageFormat.JPEG, {"progressive": True}),
    "webp": (ImageFormat.WEBP, {}),
    "lossless webp": (ImageFormat.WEBP, {"lossless": True}),
    "webp with a profile": (ImageFormat.WEBP, {"icc_profile": SRGB}),
    "avif": (ImageFormat.AVIF, {"speed": 10}),
}


def encoded(image_format: ImageFormat, mode: str = "RGB", **options: Any) -> bytes:
    target = BytesIO()
    image = Image.radial_gradient("L").resize((61, 40)).convert(mode)
    if mode == "RGBA":
        image.putalpha(image.getchannel("R"))
    image.save(target, image_format.name, **options)
    return target.getvalue()


def pixels(data: bytes) -> bytes:
    with Image.open(BytesIO(data)) as image:
        return image.tobytes()


def read_by_exiv2(data: bytes) -> dict[str, Any]:
    with pyexiv2.ImageData(data) as image:
        found: dict[str, Any] = image.read_xmp()
        return found


@pytest.mark.parametrize("name", FILES)
def test_exiv2_reads_the_marks_and_the_pixels_are_the_same(name: str) -> None:
    image_format, options = FILES[name]
    data = encoded(image_format, **options)
    prompt = 'A "fox" & <b>, Füchse 🦊\x00\nSeed: 3'
    marked = with_marks(
        data,
        image_format,
        Origin(
            source_type=ORIGIN.source_type,
            software=ORIGIN.software,
            model=ORIGIN.model,
            prompt=prompt,
        ),
    )
    assert read_by_exiv2(marked) == {
        "Xmp.iptcExt.DigitalSourceType": TRAINED,
        "Xmp.iptcExt.AISystemUsed": "openai/gpt-image-2",
        "Xmp.iptcExt.AIPromptInformation": prompt.replace("\x00", "\ufffd"),
        "Xmp.xmp.CreatorTool": "gql_server 1",
    }
    assert pixels(marked) == pixels(data)
    assert read_marks(marked, image_format) == Marks(
        source_type=TRAINED, software="gql_server 1", model="openai/gpt-image-2", has_prompt=True
    )
    assert format_by_bytes(marked) is image_format


@pytest.mark.parametrize("image_format", [ImageFormat.PNG, ImageFormat.WEBP, ImageFormat.AVIF])
def test_transparency_stays(image_format: ImageFormat) -> None:
    for options in ({}, {"lossless": True}) if image_format is ImageFormat.WEBP else ({},):
        data = encoded(image_format, "RGBA", **options)
        marked = with_marks(data, image_format, ORIGIN)
        with Image.open(BytesIO(marked)) as image:
            assert image.mode == "RGBA"
        assert pixels(marked) == pixels(data)


def test_all_bytes_of_the_file_are_still_there() -> None:
    for image_format in (ImageFormat.PNG, ImageFormat.JPEG):
        data = encoded(image_format)
        marked = with_marks(data, image_format, ORIGIN)
        added = len(marked) - len(data)
        place = next(at for at in range(len(data)) if marked[at] != data[at])
        assert marked[:place] + marked[place + added :] == data
    marked = with_marks(SVG, ImageFormat.SVG, ORIGIN)
    before, _, after = marked.partition(b"<metadata>")
    assert before + after.partition(b"</metadata>")[2] == SVG


def test_an_svg_is_marked_where_its_root_begins() -> None:
    marked = with_marks(SVG, ImageFormat.SVG, ORIGIN)
    root = ET.fromstring(marked)
    iptc = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
    assert [child.tag.rpartition("}")[2] for child in root] == ["metadata", "title"]
    assert next(root.iter(f"{iptc}DigitalSourceType")).text == TRAINED
    assert read_marks(marked, ImageFormat.SVG).source_type == TRAINED
    prefixed = b'<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:g/></s:svg>'
    root = ET.fromstring(with_marks(prefixed, ImageFormat.SVG, ORIGIN))
    assert root[0].tag == "{http://www.w3.org/2000/svg}metadata"
    with pytest.raises(Unmarkable):
        with_marks(b'<svg xmlns="http://www.w3.org/2000/svg"/>', ImageFormat.SVG, ORIGIN)


@pytest.mark.parametrize("image_format", RASTER_FORMATS)
def test_the_providers_own_xmp_stays(image_format: ImageFormat) -> None:
    data = encoded(image_format, **with_xmp(image_format, XMP_HEAD + XMP_END))
    marked = with_marks(data, image_format, ORIGIN)
    assert read_by_exiv2(marked) == {
        "Xmp.xmp.CreatorTool": "A provider",
        "Xmp.iptcExt.DigitalSourceType": TRAINED,
        "Xmp.iptcExt.AISystemUsed": "openai/gpt-image-2",
    }
    assert pixels(marked) == pixels(data)
    for broken in (b"<x:xmpmeta>", b"\xff\xfe<\0x\0", b""):
        data = encoded(image_format, **with_xmp(image_format, broken))
        marked = with_marks(data, image_format, ORIGIN)
        assert read_by_exiv2(marked)["Xmp.iptcExt.DigitalSourceType"] == TRAINED


def with_xmp(image_format: ImageFormat, packet: bytes) -> dict[str, Any]:
    if image_format is not ImageFormat.PNG:
        return {"xmp": packet}
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415 - one format alone

    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet.decode("latin-1"), zip=True)
    return {"pnginfo": info}


@pytest.mark.parametrize("image_format", RASTER_FORMATS)
def test_what_a_provider_has_marked_is_left_as_it_is(image_format: ImageFormat) -> None:
    iptc = b'xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" i:DigitalSourceType="%s" '
    packet = XMP_HEAD + iptc % TRAINED.encode() + XMP_END
    data = encoded(image_format, **with_xmp(image_format, packet))
    found = Marker().marked(data, image_format, ORIGIN, title="img_1")
    assert found.data is data
    assert (found.marks.source_type, found.marks.software) == (TRAINED, "A provider")
    assert not found.is_ours


def test_a_long_prompt_is_cut_to_what_a_jpeg_has_room_for() -> None:
    data = encoded(ImageFormat.JPEG)
    origin = Origin(source_type=TRAINED, software="s", model="m", prompt="é&" * 50_000)
    marked = with_marks(data, ImageFormat.JPEG, origin)
    prompt = read_by_exiv2(marked)["Xmp.iptcExt.AIPromptInformation"]
    assert prompt.startswith("é&é&")
    assert prompt.endswith("…")
    assert len(marked) - len(data) < 40_000


@pytest.mark.parametrize(
    "break_it",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[:20],
        lambda data: data[:8] + b"\xff" * (len(data) - 8),
        lambda data: data[:16] + bytes(len(data) - 16),
    ],
)
@pytest.mark.parametrize("image_format", RASTER_FORMATS)
def test_a_broken_file_is_refused_or_marked_and_never_worse(
    image_format: ImageFormat, break_it: Callable[[bytes], bytes]
) -> None:
    data = break_it(encoded(image_format))
    try:
        marked = with_marks(data, image_format, ORIGIN)
    except Unmarkable:
        assert read_marks(data, image_format).source_type is None
    else:
        assert read_marks(marked, image_format).source_type == TRAINED


PLAIN = {image_format: encoded(image_format) for image_format in RASTER_FORMATS}


@given(st.sampled_from(RASTER_FORMATS), st.integers(0, 500), st.binary(min_size=1, max_size=4))
def test_any_damage_ends_in_one_kind_of_error(
    image_format: ImageFormat, place: int, damage: bytes
) -> None:
    data = bytearray(PLAIN[image_format])
    data[place : place + len(damage)] = damage
    with contextlib.suppress(Unmarkable):
        with_marks(bytes(data), image_format, ORIGIN)


def test_hostile_files_take_little_time() -> None:
    bomb = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(20 * 1024 * 1024), 1)
    chunk = len(bomb).to_bytes(4) + b"iTXt" + bomb + bytes(4)
    data = encoded(ImageFormat.PNG)
    noise = b"<RDF " * 200_000
    started = time.process_time()
    assert read_marks(data[:33] + chunk + data[33:], ImageFormat.PNG) == Marks()
    assert read_marks(b"<svg>" + noise, ImageFormat.SVG) == Marks()
    assert read_marks(b"<svg>" + noise + b"</RDF>", ImageFormat.SVG) == Marks()
    assert time.process_time() - started < 1


def test_a_rendition_says_what_its_image_says_without_the_prompt() -> None:
    origin = Origin(source_type=TRAINED, software="s", model="m", prompt="secret")
    data = with_marks(encoded(ImageFormat.PNG), ImageFormat.PNG, origin)
    for target in RASTER_FORMATS:
        rendition, made = Marker().render(data, width=20, format=target)
        assert made is target
        assert read_by_exiv2(rendition) == {
            "Xmp.iptcExt.DigitalSourceType": TRAINED,
            "Xmp.iptcExt.AISystemUsed": "m",
            "Xmp.xmp.CreatorTool": "s",
        }
    drawn, _ = Marker().render(with_marks(SVG, ImageFormat.SVG, ORIGIN), width=4, format=None)
    assert read_by_exiv2(drawn)["Xmp.iptcExt.DigitalSourceType"] == TRAINED
    plain, _ = Marker().render(encoded(ImageFormat.PNG), width=20, format=None)
    assert read_by_exiv2(plain) == {}
    off, _ = Marker(is_on=False).render(data, width=20, format=None)
    assert read_by_exiv2(off) == {}


def test_an_avif_whose_items_have_parts_without_end_is_not_read() -> None:
    """Fields of no size take no bytes, so that few bytes announce millions of parts."""
    entry = new_box(b"infe", b"\2\0\0\0\0\1\0\0mime\0application/rdf+xml\0")
    item = b"\0\1\0\0" + (60_000).to_bytes(2)
    meta = bytes(4) + new_box(b"iinf", bytes(4) + b"\0\1" + entry)
    meta += new_box(b"iloc", bytes(6) + (2).to_bytes(2) + 2 * item)
    data = new_box(b"ftyp", b"avif" + bytes(4)) + new_box(b"meta", meta)
    with pytest.raises(Unmarkable, match="too many parts"):
        avif.embedded(data)
    assert read_marks(data, ImageFormat.AVIF) == Marks()
