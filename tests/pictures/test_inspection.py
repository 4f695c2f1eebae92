"""Facts come from the bytes, and bytes that are no picture never get through."""

import json
import tracemalloc
import zlib
from base64 import b64decode
from contextlib import suppress
from functools import cache
from io import BytesIO

import pytest
from fast_thumbhash import (  # type: ignore[import-untyped] # ships no types
    thumb_hash_to_average_rgba,
)
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gql_server.pictures.decoding import Flaw, NotAPicture
from gql_server.pictures.formats import RASTER_FORMATS, ImageFormat
from gql_server.pictures.inspection import inspect_picture

ORIENTATION_TAG = 0x0112


def encoded(image: Image.Image, image_format: ImageFormat, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, image_format.name, **options)
    return out.getvalue()


def scene(width: int = 120, height: int = 80) -> Image.Image:
    shade = Image.linear_gradient("L").resize((width, height))
    glow = Image.radial_gradient("L").resize((width, height))
    return Image.merge("RGB", (shade, glow, shade.transpose(Image.Transpose.ROTATE_180)))


SCENES = {image_format: encoded(scene(), image_format) for image_format in RASTER_FORMATS}


@pytest.mark.parametrize("image_format", RASTER_FORMATS)
def test_format_and_size_come_from_the_bytes(image_format: ImageFormat) -> None:
    info = inspect_picture(SCENES[image_format])

    assert (info.format, info.width, info.height) == (image_format, 120, 80)


@pytest.mark.parametrize("image_format", RASTER_FORMATS)
@pytest.mark.parametrize("size", [(1, 1), (1, 400), (700, 3), (1023, 1025)])
def test_any_size_has_a_placeholder(image_format: ImageFormat, size: tuple[int, int]) -> None:
    info = inspect_picture(encoded(scene(*size), image_format))

    assert (info.width, info.height) == size
    assert 5 <= len(b64decode(info.placeholder, validate=True)) <= 25


@pytest.mark.parametrize("image_format", RASTER_FORMATS)
def test_placeholder_has_the_image_s_colour(image_format: ImageFormat) -> None:
    data = encoded(Image.new("RGB", (640, 480), (200, 40, 90)), image_format)

    red, green, blue, alpha = thumb_hash_to_average_rgba(
        b64decode(inspect_picture(data).placeholder)
    )

    assert (red, green, blue) == pytest.approx((200 / 255, 40 / 255, 90 / 255), abs=0.06)
    assert alpha == 1


def test_placeholder_knows_what_is_transparent() -> None:
    data = encoded(Image.new("RGBA", (64, 64), (255, 0, 0, 0)), ImageFormat.PNG)

    assert thumb_hash_to_average_rgba(b64decode(inspect_picture(data).placeholder))[3] == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_read(mode: str) -> None:
    image = Image.new(mode, (120, 80), 40_000) if mode == "I;16" else scene().convert(mode)

    assert inspect_picture(encoded(image, ImageFormat.PNG)).width == 120


def test_cmyk_jpegs_are_read() -> None:
    assert inspect_picture(encoded(scene().convert("CMYK"), ImageFormat.JPEG)).height == 80


@pytest.mark.parametrize("image_format", RASTER_FORMATS)
def test_width_and_height_are_those_displayed(image_format: ImageFormat) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6

    info = inspect_picture(encoded(scene(120, 80), image_format, exif=exif))

    assert (info.width, info.height) == (80, 120)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # which is what is shown here
def test_unreadable_exif_data_do_not_spoil_an_image() -> None:
    data = encoded(scene(), ImageFormat.JPEG, exif=b"Exif\0\0II*\0\xff\xff\xff\xff nonsense")

    assert inspect_picture(data).width == 120


def test_first_frame_of_an_animation_counts() -> None:
    red, blue = Image.new("RGB", (32, 32), "red"), Image.new("RGB", (32, 32), "blue")
    data = encoded(red, ImageFormat.WEBP, save_all=True, append_images=[blue], lossless=True)

    info = inspect_picture(data)

    average = thumb_hash_to_average_rgba(b64decode(info.placeholder))
    assert (info.format, info.width) == (ImageFormat.WEBP, 32)
    assert average[0] > 0.9
    assert average[2] < 0.1


def test_jpeg_with_a_second_image_inside_is_a_jpeg() -> None:
    out = BytesIO()
    scene().save(out, "MPO", save_all=True, append_images=[scene()])

    assert inspect_picture(out.getvalue()).format is ImageFormat.JPEG


def gif() -> bytes:
    out = BytesIO()
    scene().save(out, "GIF")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (b"", Flaw.EMPTY),
        (b"<!doctype html><title>502</title>", Flaw.UNKNOWN_FORMAT),
        (json.dumps({"success": True, "result": {}}).encode(), Flaw.UNKNOWN_FORMAT),
        (b"\0" * 1000, Flaw.UNKNOWN_FORMAT),
        (gif(), Flaw.UNKNOWN_FORMAT),
    ],
    ids=["empty", "html", "json", "zeros", "gif"],
)
def test_what_is_no_image_is_refused_with_its_reason(data: bytes, flaw: Flaw) -> None:
    with pytest.raises(NotAPicture) as caught:
        inspect_picture(data)

    assert caught.value.reason is flaw


@pytest.mark.parametrize("image_format", RASTER_FORMATS)
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_images_cut_off_are_refused(image_format: ImageFormat, kept: float) -> None:
    data = encoded(scene(600, 400), image_format)

    with pytest.raises(NotAPicture):
        inspect_picture(data[: int(len(data) * kept)])


@pytest.mark.parametrize("image_format", RASTER_FORMATS)
def test_too_many_pixels_are_refused(image_format: ImageFormat) -> None:
    data = SCENES[image_format]

    assert inspect_picture(data, max_pixels=120 * 80).width == 120
    with pytest.raises(NotAPicture) as caught:
        inspect_picture(data, max_pixels=120 * 80 - 1)
    assert caught.value.reason is Flaw.TOO_MANY_PIXELS


@pytest.mark.parametrize("width", [70_000, 100_000, 200_000])
def test_a_bomb_is_refused_before_it_is_decoded(width: int) -> None:
    bomb = bytearray(encoded(Image.new("1", (8, 8)), ImageFormat.PNG))
    bomb[16:24] = width.to_bytes(4) + (1000).to_bytes(4)
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4)

    with pytest.raises(NotAPicture) as caught:
        inspect_picture(bytes(bomb))

    assert caught.value.reason is Flaw.TOO_MANY_PIXELS


@cache
def packed_zeros() -> bytes:
    packer = zlib.compressobj()
    return b"".join(packer.compress(bytes(2**20)) for _ in range(60)) + packer.flush()


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP", b"IDAT"])
def test_what_unpacks_to_far_more_than_an_image_is_not_unpacked(kind: bytes) -> None:
    before = {b"iTXt": b"k\0\1\0\0\0", b"IDAT": b""}.get(kind, b"k\0\0") + packed_zeros()
    chunk = len(before).to_bytes(4) + kind + before + zlib.crc32(kind + before).to_bytes(4)
    small = encoded(Image.new("RGB", (8, 8)), ImageFormat.PNG)
    bomb = small[:33] + chunk + small[33:]

    tracemalloc.start()
    with suppress(NotAPicture):
        assert inspect_picture(bomb).width == 8
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 20 * 2**20


@given(
    image_format=st.sampled_from(RASTER_FORMATS),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8
    ),
    cut=st.floats(0.2, 1),
)
def test_mutated_images_are_read_or_refused_and_nothing_else(
    image_format: ImageFormat, changes: list[tuple[float, int]], cut: float
) -> None:
    data = bytearray(SCENES[image_format])
    for place, value in changes:
        data[int(place * len(data))] = value

    try:
        info = inspect_picture(bytes(data[: int(len(data) * cut)]), max_pixels=1_000_000)
    except NotAPicture:
        return
    assert info.width * info.height <= 1_000_000


@given(st.binary(max_size=200), st.sampled_from([b"", *(d[:40] for d in SCENES.values())]))
def test_any_bytes_are_read_or_refused_and_nothing_else(tail: bytes, head: bytes) -> None:
    with pytest.raises(NotAPicture):
        inspect_picture(head + tail, max_pixels=1_000_000)
