import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from gql_server.domain.errors import GenerationFailed
from gql_server.domain.parameters import Parameters
from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.generator import GenerationRequest
from gql_server.inference.preview import PreviewGenerator
from gql_server.inference.preview import generator as drawing
from gql_server.inference.preview.caption import write_caption
from gql_server.inference.preview.lettering import font_of, legible, wrapped

pytestmark = pytest.mark.anyio

ART = drawing._art  # read before a fixture replaces it

MODELS = {model.id: model for model in load_catalogue().models}
SDXL = MODELS["@cf/stabilityai/stable-diffusion-xl-base-1.0"]
PHOENIX = MODELS["@cf/leonardo/phoenix-1.0"]
REQUEST = GenerationRequest(
    model=SDXL,
    prompt="A quiet harbour at dawn",
    parameters=Parameters(width=256, height=192, seed=7),
)


def request_with(**changes: Any) -> GenerationRequest:
    parameters = {
        name: changes.pop(name) for name in ("width", "height", "seed") if name in changes
    }
    return replace(REQUEST, parameters=replace(REQUEST.parameters, **parameters), **changes)


def encoded(colour: str, size: tuple[int, int] = (256, 192), mode: str = "RGB") -> bytes:
    target = BytesIO()
    Image.new(mode, size, colour).save(target, "PNG")
    return target.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data)).convert("RGB")


@pytest.fixture(autouse=True, scope="module")
def scenes() -> Iterator[None]:
    """Draw scenes, as servers do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gql_server.inference.preview.generator._art", ART)
        yield


@pytest.fixture
async def generator() -> AsyncIterator[PreviewGenerator]:
    preview = PreviewGenerator()
    yield preview
    await preview.close()


async def test_the_same_request_gives_the_same_bytes(generator: PreviewGenerator) -> None:
    first, again = [await generator.generate(REQUEST) for _ in range(2)]
    assert first.data == again.data
    assert generator.is_preview


@pytest.mark.parametrize(
    "change",
    [
        {"model": PHOENIX},
        {"prompt": "A quiet harbour at dusk"},
        {"seed": 8},
        {"width": 264},
        {"source_images": (encoded("red"),)},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_another_request_gives_another_image(
    generator: PreviewGenerator, change: dict[str, Any]
) -> None:
    first = await generator.generate(REQUEST)
    other = await generator.generate(request_with(**change))
    assert first.data != other.data


@pytest.mark.parametrize("size", [(256, 256), (1024, 768), (1920, 1080), (256, 2048), (1001, 333)])
async def test_an_image_has_the_requested_size_and_is_drawn_quickly(
    generator: PreviewGenerator, size: tuple[int, int]
) -> None:
    began = time.process_time()
    picture = await generator.generate(request_with(width=size[0], height=size[1]))
    assert time.process_time() - began < 3  # a second, on a machine that others use too
    assert (picture.info.width, picture.info.height) == size
    assert opened(picture.data).size == size
    assert picture.info.format == "png"
    assert picture.seconds > 0


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (3, 700), (700, 3)])
@pytest.mark.parametrize("prompt", ["forest", "city", "ocean", "marble", "poster", "cherry"])
async def test_every_scene_can_be_drawn_at_any_size(
    generator: PreviewGenerator, prompt: str, size: tuple[int, int]
) -> None:
    picture = await generator.generate(request_with(prompt=prompt, width=size[0], height=size[1]))
    assert (picture.info.width, picture.info.height) == size


async def test_a_size_is_not_needed(generator: PreviewGenerator) -> None:
    picture = await generator.generate(replace(REQUEST, parameters=Parameters(seed=1)))
    assert (picture.info.width, picture.info.height) == (1024, 1024)


async def test_a_source_shows_through_by_its_strength(generator: PreviewGenerator) -> None:
    means = []
    for strength in (0.1, 0.9):
        parameters = replace(REQUEST.parameters, strength=strength)
        request = replace(REQUEST, parameters=parameters, source_images=(encoded("red"),))
        picture = opened((await generator.generate(request)).data)
        upper = picture.crop((0, 0, 256, 96))
        red, green, _ = ImageStat.Stat(upper).mean
        means.append(red - green)
    assert means[0] > means[1]


async def test_only_what_the_mask_marks_is_painted(generator: PreviewGenerator) -> None:
    mask = Image.new("L", (256, 192), 0)
    mask.paste(255, (128, 0, 256, 192))
    target = BytesIO()
    mask.save(target, "PNG")
    request = replace(REQUEST, source_images=(encoded("red"),), mask=target.getvalue())
    picture = opened((await generator.generate(request)).data)
    kept, painted = picture.crop((0, 0, 100, 60)), picture.crop((150, 0, 256, 60))
    red = Image.new("RGB", kept.size, "red")
    assert max(ImageStat.Stat(ImageChops.difference(kept, red)).mean) < 8
    assert max(ImageStat.Stat(ImageChops.difference(painted, red.resize(painted.size))).mean) > 8


async def test_a_broken_source_is_a_failed_generation(generator: PreviewGenerator) -> None:
    with pytest.raises(GenerationFailed) as caught:
        await generator.generate(replace(REQUEST, source_images=(b"no picture",)))
    assert not caught.value.retryable


def captioned(
    prompt: str,
    model_name: str = "SDXL Base",
    accent: tuple[int, int, int] = (255, 200, 100),
) -> Image.Image:
    image = Image.new("RGB", (512, 512), "teal")
    write_caption(image, prompt=prompt, model_name=model_name, accent=accent)
    return image


def test_the_prompt_and_the_models_name_are_written_on_it() -> None:
    plain = captioned("A fox")
    for other in (captioned("A hen"), captioned("A fox", model_name="Phoenix 1.0")):
        box = ImageChops.difference(plain, other).getbbox()
        assert box is not None
        assert box[1] > 256  # in the band at the foot


def test_the_word_preview_is_written_on_it() -> None:
    # The head of the band is PREVIEW in the accent's colour and the model's name in another.
    accented = ImageChops.difference(
        captioned("A fox"), captioned("A fox", accent=(90, 200, 255))
    ).convert("L")
    box = accented.point(lambda level: 255 * (level > 60)).getbbox()
    assert box is not None
    rows = accented.crop((0, box[1] + 4, 512, box[3])).getbbox()
    assert rows is not None
    written = rows[2] - rows[0]
    assert written >= font_of(10).getlength("PREVIEW")


@given(st.text(max_size=80) | st.text("山水شجرة🌅é\x00\n\ud800", max_size=40))
def test_any_text_can_be_written(prompt: str) -> None:
    assert captioned(prompt).size == (512, 512)
    assert "\n" not in legible(prompt)


@settings(deadline=None)
@given(st.text("ab ", max_size=300), st.integers(20, 300), st.integers(1, 4))
def test_lines_stay_within_their_width(text: str, width: int, lines: int) -> None:
    font = font_of(16)
    broken = wrapped(legible(text), font, width=width, lines=lines)
    assert len(broken) <= lines
    assert all(font.getlength(line) <= width for line in broken)


def test_a_long_prompt_ends_in_an_ellipsis() -> None:
    assert wrapped("word " * 100, font_of(16), width=100, lines=2)[-1].endswith("…")
