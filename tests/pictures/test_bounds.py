"""Sides, ratios, colours and transparency of pictures that come in."""

from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from gql_server.pictures.decoding import Flaw, NotAPicture, to_rgb
from gql_server.pictures.inspection import inspect_picture
from gql_server.pictures.resizing import fit_mask, fit_source, fit_upload, render
from tests.attacks.pictures import attack_long_pictures, flat_png, many_scans_jpeg
from tests.support.probe import probed
from tests.support.process import create_key, server_process

SIZE = 64


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    target = BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


@pytest.mark.parametrize(
    ("width", "height", "flaw"),
    [
        (1, 25_000_000, Flaw.TOO_LONG),
        (16_385, 200, Flaw.TOO_LONG),
        (50, 5_001, Flaw.TOO_NARROW),
        (16_384, 16_384, Flaw.TOO_MANY_PIXELS),
    ],
)
def test_sides_and_ratios_are_bounded_before_anything_is_decoded(
    width: int, height: int, flaw: Flaw
) -> None:
    with pytest.raises(NotAPicture) as refused:
        inspect_picture(flat_png(width, height))
    assert refused.value.reason is flaw


def test_a_heic_is_named_and_how_to_convert_it() -> None:
    with pytest.raises(NotAPicture, match="export it as JPEG"):
        inspect_picture(b"\0\0\0\x18ftypheic" + b"\0" * 200)


@pytest.mark.anyio
async def test_a_long_image_takes_little_of_the_server(tmp_path: Path) -> None:
    key = await create_key(tmp_path, "creator")
    async with server_process(tmp_path, {"AUTH": "keys"}) as server:
        async with probed(server) as probe:
            await attack_long_pictures(server.url, {"creator": key})
        assert probe.growth < 400
        assert probe.worst < 0.5


def masks() -> dict[str, Image.Image]:
    """A white square that is transparent on the right, in each mode that can say so."""
    alpha = Image.new("L", (SIZE, SIZE), 0)
    alpha.paste(255, (0, 0, SIZE // 2, SIZE))
    rgba = Image.new("RGBA", (SIZE, SIZE), "white")
    rgba.putalpha(alpha)
    la = Image.new("LA", (SIZE, SIZE), (255, 255))
    la.putalpha(alpha)
    palette = Image.new("P", (SIZE, SIZE), 1)
    palette.putpalette([255, 255, 255, 255, 255, 255] + [0] * 762)
    palette.paste(0, (0, 0, SIZE // 2, SIZE))
    palette.info["transparency"] = 1
    grey = Image.new("L", (SIZE, SIZE), 254)
    grey.paste(255, (0, 0, SIZE // 2, SIZE))
    grey.info["transparency"] = 254
    colour = Image.new("RGB", (SIZE, SIZE), (254, 254, 254))
    colour.paste((255, 255, 255), (0, 0, SIZE // 2, SIZE))
    colour.info["transparency"] = (254, 254, 254)
    deep = Image.new("I;16", (SIZE, SIZE), 65_534)
    deep.paste(65_535, (0, 0, SIZE // 2, SIZE))
    deep.info["transparency"] = 65_534
    return {
        "RGBA": rgba,
        "LA": la,
        "P": palette,
        "L with tRNS": grey,
        "RGB with tRNS": colour,
        "I;16 with tRNS": deep,
    }


@pytest.mark.parametrize("profile", [None, "sRGB"])
@pytest.mark.parametrize("mode", masks())
def test_what_is_transparent_in_a_mask_is_kept(mode: str, profile: str | None) -> None:
    image = masks()[mode]
    options: dict[str, object] = {}
    if "transparency" in image.info:
        options["transparency"] = image.info["transparency"]
    if profile is not None:
        options["icc_profile"] = srgb_profile()
    data = encoded(image, "PNG", **options)
    # As over every door: an upload first, then the mask that the model is given.
    uploaded = fit_upload(data, max_side=2048)
    mask = Image.open(BytesIO(fit_mask(uploaded, width=SIZE, height=SIZE)))
    assert mask.mode == "L"
    assert mask.getpixel((4, 4)) == 255
    assert mask.getpixel((SIZE - 4, 4)) == 0


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def wide_profile() -> bytes:
    """A profile whose red is far beyond that of sRGB: XYZ-like primaries by swapped channels."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


@cache  # each is dated
def swapped_profile() -> bytes:
    """SRGB with its red and green primaries swapped, so that red shows as green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_colours_are_those_that_the_profile_means(kind: str) -> None:
    red = Image.new("RGB", (SIZE, SIZE), (250, 10, 10))
    data = encoded(
        red, kind, icc_profile=swapped_profile(), **({"lossless": True} if kind == "WEBP" else {})
    )
    for made in (fit_source(data, width=SIZE, height=SIZE), fit_upload(data, max_side=SIZE)):
        pixel = Image.open(BytesIO(made)).convert("RGB").getpixel((8, 8))
        assert isinstance(pixel, tuple)
        assert (pixel[1] > 200, pixel[0] < 60) == (True, True), pixel
    # What is delivered keeps its numbers and its profile together.
    small, _ = render(data, width=SIZE // 2)
    delivered = Image.open(BytesIO(small))
    assert delivered.info["icc_profile"] == swapped_profile()
    pixel = delivered.convert("RGB").getpixel((8, 8))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "P", "RGB", "RGBA"])
def test_every_mode_of_png_keeps_white_white(mode: str) -> None:
    base = Image.new("L", (SIZE, SIZE), 255)
    if mode == "I;16":
        image = Image.new("I;16", (SIZE, SIZE), 65535)
    else:
        image = base.convert("RGB").convert(mode) if mode != "LA" else base.convert("LA")
    made = Image.open(BytesIO(fit_source(encoded(image), width=SIZE, height=SIZE)))
    assert made.mode == "RGB"
    assert made.getpixel((8, 8)) == (255, 255, 255)


def test_cmyk_is_converted_and_a_broken_profile_does_no_harm() -> None:
    cmyk = Image.new("CMYK", (SIZE, SIZE), (0, 255, 255, 0))
    for options in ({}, {"icc_profile": b"nonsense"}, {"icc_profile": wide_profile()}):
        made = fit_source(encoded(cmyk, "JPEG", **options), width=SIZE, height=SIZE)
        pixel = Image.open(BytesIO(made)).getpixel((8, 8))
        assert isinstance(pixel, tuple)
        assert (pixel[0] > 200, pixel[1] < 80) == (True, True), options
    assert to_rgb(cmyk).mode == "RGB"


def test_sixteen_bit_greys_with_a_transparent_shade_keep_the_others() -> None:
    data = encoded(Image.new("I;16", (SIZE, SIZE), 32_768), transparency=1)
    made = Image.open(BytesIO(fit_source(data, width=SIZE, height=SIZE)))
    assert made.getpixel((8, 8)) == (128, 128, 128)


def test_scans_of_a_jpeg_are_bounded_before_anything_is_decoded() -> None:
    assert inspect_picture(many_scans_jpeg(5_000, 5_000, 50)).width == 5_000
    with pytest.raises(NotAPicture) as refused:
        inspect_picture(many_scans_jpeg(5_000, 5_000, 101))
    assert refused.value.reason is Flaw.TOO_MANY_SCANS


def test_a_progressive_jpeg_with_a_thumbnail_is_taken() -> None:
    thumbnail = encoded(Image.new("RGB", (SIZE, SIZE)), "JPEG", progressive=True)
    data = encoded(Image.new("RGB", (SIZE, SIZE)), "JPEG", progressive=True)
    marked = data[:2] + b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2) + thumbnail + data[2:]
    assert inspect_picture(marked + b"\xff\xda" * 1000).width == SIZE
