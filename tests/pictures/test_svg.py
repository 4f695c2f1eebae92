"""SVG: its size, its pixels, and nothing else of it."""

import time
from io import BytesIO

import pytest
from PIL import Image

from gql_server.pictures import svg
from gql_server.pictures.decoding import NotAPicture
from gql_server.pictures.formats import ImageFormat
from gql_server.pictures.inspection import inspect_picture
from gql_server.pictures.resizing import fit_within, render
from gql_server.pictures.svg import drawn, is_svg

RED = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 200">'
    b'<rect width="400" height="200" fill="#f00"/></svg>'
)


def test_size_format_and_placeholder() -> None:
    info = inspect_picture(RED, allow_svg=True)
    assert (info.format, info.width, info.height) == (ImageFormat.SVG, 400, 200)
    assert info.format.content_type == "image/svg+xml"
    assert info.placeholder


def test_an_upload_may_not_be_one() -> None:
    with pytest.raises(NotAPicture):
        inspect_picture(RED)


@pytest.mark.parametrize("target", [None, ImageFormat.PNG, ImageFormat.JPEG, ImageFormat.WEBP])
def test_a_rendition_is_drawn(target: ImageFormat | None) -> None:
    data, image_format = render(RED, width=100, format=target)
    assert image_format is (target or ImageFormat.PNG)
    with Image.open(BytesIO(data)) as image:
        assert image.size == (100, 50)
        red, green, _ = image.convert("RGB").getpixel((50, 25))  # type: ignore[misc] # RGB has three
    assert (red > 240, green < 16) == (True, True)


def test_the_original_is_as_it_came() -> None:
    assert render(RED, width=None) == (RED, ImageFormat.SVG)


def test_it_can_be_a_source_image() -> None:
    with Image.open(BytesIO(fit_within(RED, max_width=50, max_height=50))) as image:
        assert image.size == (50, 25)


def test_nothing_is_fetched_and_nothing_is_read(tmp_path: object) -> None:
    secret = f"{tmp_path}/secret.png"
    Image.new("RGB", (8, 8), "blue").save(secret)
    for target in (secret, f"file://{secret}"):
        inside = f'<image href="{target}" width="400" height="200"/>'.encode()
        image = drawn(RED.replace(b"</svg>", inside + b"</svg>"))
        assert image.getpixel((200, 100)) == (255, 0, 0, 255)


@pytest.mark.parametrize(
    "data",
    [
        b"<svg",
        b"<svg xmlns='http://www.w3.org/2000/svg'><rect></svg>",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="20000" height="10"/>',
        b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
    ],
)
def test_what_is_broken_or_too_large_is_refused(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        drawn(data)


def test_what_would_draw_for_ever_is_refused_at_once() -> None:
    levels = "".join(
        f'<g id="l{level + 1}">' + f'<use href="#l{level}"/>' * 10 + "</g>" for level in range(12)
    )
    bomb = f'<svg xmlns="http://www.w3.org/2000/svg"><g id="l0"><rect/></g>{levels}</svg>'
    started = time.monotonic()
    with pytest.raises(NotAPicture):
        drawn(bomb.encode())
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (RED, True),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a -->\n<svg>", True),
        (b"<html><svg></svg></html>", False),
        (b"\x89PNG\r\n", False),
        (b"", False),
    ],
)
def test_an_svg_is_known_by_its_beginning(data: bytes, *, expected: bool) -> None:
    assert is_svg(data) is expected


def test_comments_before_an_svg_take_no_time() -> None:
    started = time.monotonic()
    assert not is_svg(b"<!---->" * 1000 + b"x")
    assert is_svg(b"<!---->" * 1000 + b"<svg>")
    assert time.monotonic() - started < 1


def nested_masks(depth: int) -> bytes:
    def mask(level: int) -> str:
        inner = "" if level == depth - 1 else f'mask="url(#m{level + 1})"'
        return f'<mask id="m{level}">' + f'<rect width="8" height="8" {inner}/>' * 8 + "</mask>"

    masks = "".join(map(mask, range(depth)))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="1024" height="1024">'
        f'<defs>{masks}</defs><rect width="9" height="9" mask="url(#m0)"/></svg>'
    ).encode()


def test_an_svg_that_takes_too_long_keeps_its_size_and_gets_a_grey_placeholder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(svg, "_DRAW_SECONDS", 0.5)
    info = inspect_picture(nested_masks(8), allow_svg=True)
    assert (info.format, info.width, info.height) == (ImageFormat.SVG, 1024, 1024)
    assert info.placeholder


def test_images_and_filters_are_left_out_and_the_rest_is_drawn() -> None:
    blurred = RED.replace(
        b"<rect",
        b'<filter id="f"><feGaussianBlur stdDeviation="9"/></filter><rect filter="url(#f)"',
    )
    styled = RED.replace(b"<rect", b'<rect style="filter: url(#f); fill: #f00"')
    for data in (blurred, styled):
        assert drawn(data).getpixel((200, 100)) == (255, 0, 0, 255)
