"""Asking the OpenAI-compatible API, as its clients do."""

import base64
import json
from io import BytesIO
from typing import Any, Final

import httpx
from PIL import Image

from tests.support.running_app import RunningApp

ALIAS: Final = "dall-e-2"
SMALL: Final = {"prompt": "A red fox in the snow", "model": ALIAS, "size": "256x256"}
GENERATIONS: Final = "/v1/images/generations"
EDITS: Final = "/v1/images/edits"
VARIATIONS: Final = "/v1/images/variations"
PREFLIGHT: Final = {"X-Requested-With": "XMLHttpRequest"}


async def ask(
    user: RunningApp, path: str = GENERATIONS, status: int = 200, **options: Any
) -> dict[str, Any]:
    """Post, and return the JSON of an answer that must have this status."""
    response = await user.client.post(path, **options)
    assert response.status_code == status, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def error(user: RunningApp, path: str, status: int, **options: Any) -> dict[str, Any]:
    """Post what is refused with this status; return the error."""
    answer = await ask(user, path, status, **options)
    assert list(answer) == ["error"]
    found: dict[str, Any] = answer["error"]
    assert list(found) == ["message", "type", "param", "code"]
    return found


async def send_form(
    user: RunningApp,
    path: str,
    fields: dict[str, Any],
    *files: tuple[str, bytes],
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    return await user.client.post(
        path,
        data=fields,
        files=[(name, ("picture.png", data, "image/png")) for name, data in files],
        headers={**PREFLIGHT, **(headers or {})},
    )


def decoded(picture: dict[str, Any]) -> Image.Image:
    return Image.open(BytesIO(base64.b64decode(picture["b64_json"])))


def data_url(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the names and the data of an event stream."""
    found = []
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            name, data = lines
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def mask(width: int, height: int) -> bytes:
    """A mask as OpenAI has it: the left half is transparent."""
    picture = Image.new("RGBA", (width, height), "black")
    picture.paste((0, 0, 0, 0), (0, 0, width // 2, height))
    target = BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()
