"""Whatever is asked of generateImage: an image or userErrors, never a masked error."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio.from_thread
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gql_server.inference.catalogue import load_catalogue
from tests.support.running_app import GENERATE, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI

INTS = st.integers(-(2**31), 2**31 - 1)
SIZES = st.sampled_from([256, 512, 768, 1024, 1001, 2048]) | INTS
TEXT = st.text(max_size=60) | st.sampled_from(["A red fox", "\x00\x00\x00", "x" * 3000, "é" * 2048])
IDS = st.text(max_size=30) | st.sampled_from(
    ["img_none", "src_\x00", "tpl_" + "0" * 26, "img_" + "z" * 26, "@cf/no/model"]
)
JSON = st.recursive(
    st.none() | st.booleans() | INTS | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


SEEDS = st.integers(-(2**53) + 1, 2**53 - 1)
IMAGE_INPUTS = st.fixed_dictionaries(
    {"prompt": TEXT},
    optional={
        "model": maybe(st.sampled_from([model.id for model in load_catalogue().models]) | IDS),
        "templateId": maybe(IDS),
        "negativePrompt": maybe(TEXT),
        "width": maybe(SIZES),
        "height": maybe(SIZES),
        "steps": maybe(st.integers(-1, 60) | INTS),
        "guidance": maybe(st.floats(allow_nan=False, allow_infinity=False)),
        "seed": maybe(SEEDS | SEEDS.map(str)),
        "strength": maybe(st.floats(0, 1)),
        "sourceImageIds": maybe(st.lists(IDS, max_size=6)),
        "maskImageId": maybe(IDS),
        "maxCost": maybe(st.floats(allow_nan=False, allow_infinity=False)),
        "tags": maybe(st.lists(TEXT, max_size=25)),
        "metadata": maybe(JSON),
    },
)


@pytest.fixture(scope="module")
def ask(
    tmp_path_factory: pytest.TempPathFactory, session_workers_ai: FakeWorkersAI
) -> Iterator[Any]:
    """Run generateImage from outside the loop, as hypothesis needs it."""
    folder: Path = tmp_path_factory.mktemp("any_input")
    session_workers_ai.reset()
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(
            running_app(folder, workers_ai_settings(session_workers_ai))
        ) as app,
    ):

        def generate(image_input: dict[str, Any]) -> dict[str, Any]:
            async def run() -> dict[str, Any]:
                response = await app.client.post(
                    "/graphql",
                    json={"query": GENERATE, "variables": {"input": image_input}},
                )
                answer: dict[str, Any] = response.json()
                return answer

            return portal.call(run)

        yield generate


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(image_input=IMAGE_INPUTS)
def test_any_input_gives_an_image_or_user_errors(ask: Any, image_input: dict[str, Any]) -> None:
    answer = ask(image_input)
    assert "errors" not in answer, answer["errors"]
    payload = answer["data"]["generateImage"]
    assert (payload["image"] is None) == bool(payload["userErrors"])
    for error in payload["userErrors"]:
        assert error["__typename"] in {
            "InvalidInput",
            "MaxCostExceeded",
            "ModelNotFound",
            "TemplateNotFound",
            "ImageNotFound",
        }
        assert error["path"][0] == "input"
