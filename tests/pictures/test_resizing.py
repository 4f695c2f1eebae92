"""Pictures made to measure keep their ratio, their colours and the size asked for."""

from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gql_server.pictures.decoding import NotAPicture
from gql_server.pictures.formats import RASTER_FORMATS, ImageFormat
from gql_server.pictures.inspection import inspect_picture
from gql_server.pictures.resizing import fit_mask, fit_source, fit_within, render

ORIENTATION_TAG = 0x0112
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, image_format: ImageFormat, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, image_format.name, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def pixel(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    value = image.getpixel((x, y))
    assert isinstance(value, tuple)
    return value


def thirds(width: int, height: int) -> Image.Image:
    """Red, green and blue from left to right."""
    image = Image.new("RGB", (width, height), GREEN)
    image.paste(RED, (0, 0, width // 3, height))
    image.paste(BLUE, (width - width // 3, 0, width, height))
    return image


def phone_picture(width: int, height: int) -> bytes:
    """Displayed red, green and blue from left to right, stored on its side."""
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    stored = thirds(width, height).transpose(Image.Transpose.ROTATE_90)
    return encoded(stored, ImageFormat.JPEG, exif=exif, quality=95)


@pytest.mark.parametrize("source", RASTER_FORMATS)
@pytest.mark.parametrize("target", RASTER_FORMATS)
def test_a_rendition_has_the_width_and_format_requested(
    source: ImageFormat, target: ImageFormat
) -> None:
    data, image_format = render(encoded(thirds(600, 400), source), width=300, format=target)

    info = inspect_picture(data)
    assert info.format is image_format is target
    assert (info.width, info.height) == (300, 200)
    assert pixel(opened(data).convert("RGB"), 20, 100) == pytest.approx(RED, abs=12)
    assert pixel(opened(data).convert("RGB"), 280, 100) == pytest.approx(BLUE, abs=12)


@pytest.mark.parametrize("width", [None, 600, 601, 5000])
def test_a_rendition_is_never_enlarged(width: int | None) -> None:
    data, _ = render(
        encoded(thirds(600, 400), ImageFormat.PNG), width=width, format=ImageFormat.WEBP
    )

    assert opened(data).size == (600, 400)


@pytest.mark.parametrize("image_format", [None, ImageFormat.JPEG])
def test_what_needs_no_change_is_returned_as_it_is(image_format: ImageFormat | None) -> None:
    data = encoded(thirds(60, 40), ImageFormat.JPEG)

    assert render(data, width=60, format=image_format) == (data, ImageFormat.JPEG)


def test_a_jpeg_is_white_where_the_image_was_transparent() -> None:
    clear = encoded(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), ImageFormat.PNG)

    data, _ = render(clear, width=None, format=ImageFormat.JPEG)

    assert pixel(opened(data), 20, 20) == WHITE


@pytest.mark.parametrize(
    "target", [ImageFormat.PNG, ImageFormat.WEBP, ImageFormat.AVIF], ids=lambda f: f.value
)
def test_other_formats_keep_what_is_transparent(target: ImageFormat) -> None:
    clear = encoded(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), ImageFormat.PNG)

    data, _ = render(clear, width=20, format=target)

    assert pixel(opened(data).convert("RGBA"), 10, 10)[3] == 0


def test_a_rendition_is_upright_and_carries_no_metadata() -> None:
    data, _ = render(phone_picture(600, 400), width=150, format=ImageFormat.WEBP)

    image = opened(data)
    assert image.size == (150, 100)
    assert pixel(image, 5, 50) == pytest.approx(RED, abs=12)
    assert not image.getexif()


def test_a_side_too_long_for_the_format_is_scaled_down() -> None:
    long = encoded(Image.new("L", (16_384, 200), 128), ImageFormat.PNG)

    data, _ = render(long, width=None, format=ImageFormat.WEBP)

    assert opened(data).size == (16_383, 200)


def test_sixteen_bit_greys_keep_their_shade() -> None:
    grey = encoded(Image.new("I;16", (40, 40), 32_768), ImageFormat.PNG)

    data, _ = render(grey, width=20, format=ImageFormat.PNG)

    assert pixel(opened(data), 10, 10) == pytest.approx((128, 128, 128), abs=1)


@given(
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
    st.integers(1, 400),
    st.sampled_from([None, ImageFormat.JPEG]),
)
def test_any_size_can_be_rendered_at_any_width(
    size: tuple[int, int], width: int, target: ImageFormat | None
) -> None:
    data, _ = render(
        encoded(Image.new("RGB", size, RED), ImageFormat.PNG), width=width, format=target
    )

    got = opened(data).size
    assert got[0] == min(width, size[0])
    assert abs(got[1] - max(1, size[1] * got[0] / size[0])) <= 0.5


@pytest.mark.parametrize("size", [(512, 512), (640, 256), (256, 640), (1, 1)])
@pytest.mark.parametrize("source", [(600, 400), (31, 1000), (2000, 20), (1, 1)])
def test_a_source_is_made_exactly_the_size(size: tuple[int, int], source: tuple[int, int]) -> None:
    data = fit_source(
        encoded(Image.new("RGB", source, RED), ImageFormat.JPEG), width=size[0], height=size[1]
    )

    image = opened(data)
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", size)


def test_a_source_is_cut_about_its_centre() -> None:
    image = opened(fit_source(encoded(thirds(900, 300), ImageFormat.PNG), width=100, height=100))

    for x in (2, 50, 97):
        assert pixel(image, x, 50) == pytest.approx(GREEN, abs=2)


def test_a_phone_s_image_is_turned_upright() -> None:
    source = opened(fit_source(phone_picture(600, 400), width=300, height=200))
    reference = opened(fit_within(phone_picture(600, 400), max_width=300, max_height=300))
    mask = opened(fit_mask(phone_picture(600, 400), width=300, height=200))

    assert source.size == reference.size == mask.size == (300, 200)
    assert pixel(source, 10, 100) == pytest.approx(RED, abs=12)
    assert pixel(reference, 290, 100) == pytest.approx(BLUE, abs=12)
    assert mask.getpixel((150, 100)) == pytest.approx(150, abs=12)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ((600, 400), (512, 341)),
        ((400, 600), (341, 512)),
        ((100, 50), (100, 50)),
        ((4000, 1), (512, 1)),
    ],
)
def test_a_reference_lies_within_the_box_and_keeps_its_ratio(
    source: tuple[int, int], expected: tuple[int, int]
) -> None:
    data = fit_within(
        encoded(Image.new("RGB", source, RED), ImageFormat.WEBP), max_width=512, max_height=512
    )

    image = opened(data)
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", expected)


def test_a_mask_is_grey_and_black_where_it_was_transparent() -> None:
    drawn = Image.new("RGBA", (90, 30), (255, 255, 255, 0))
    drawn.paste((255, 255, 255, 255), (30, 0, 60, 15))

    mask = opened(fit_mask(encoded(drawn, ImageFormat.PNG), width=30, height=30))

    assert (mask.format, mask.mode, mask.size) == ("PNG", "L", (30, 30))
    assert mask.getpixel((15, 5)) == 255
    assert mask.getpixel((15, 25)) == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda data: render(data, width=10, format=ImageFormat.PNG),
        lambda data: fit_source(data, width=10, height=10),
        lambda data: fit_within(data, max_width=10, max_height=10),
        lambda data: fit_mask(data, width=10, height=10),
    ],
    ids=["render", "fit_source", "fit_within", "fit_mask"],
)
@pytest.mark.parametrize("image_format", RASTER_FORMATS)
def test_broken_images_are_refused(
    make: Callable[[bytes], object], image_format: ImageFormat
) -> None:
    data = encoded(thirds(600, 400), image_format)

    make(data)
    for broken in (b"", b"<html>", data[:20], data[: len(data) // 2]):
        with pytest.raises(NotAPicture):
            make(broken)
