"""How the stand-in answers for models of other providers: by the rules of ``/ai/run``."""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import jsonschema  # type: ignore[import-untyped] # ships no types
import orjson
from PIL import Image

from tests.support.third_party_models import THIRD_PARTY, ThirdParty
from tests.support.workers_ai_pictures import picture
from tests.support.workers_ai_rules import Refusal

_SIZE = re.compile(r"(\d+)x(\d+)")
_USUAL = (1024, 1024)


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    model: str
    rules: ThirdParty
    given: Mapping[str, Any]

    @property
    def prompt(self) -> str | None:
        return self.given.get(self.rules.prompt)


def read_run(body: bytes) -> RunRequest:
    """Read and check a call of ``/ai/run``.

    Raises:
        Refusal: It names no model, or its input is not what the model's schema allows.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refusal(5004, 400, "the body is not JSON") from None
    if not isinstance(document, dict) or document.keys() - {"model", "input", "options"}:
        raise Refusal(5004, 400, "the body must be {model, input, options}")
    rules = THIRD_PARTY.get(document.get("model", ""))
    if rules is None:
        raise Refusal(7003, 404, f"Model not found: {document.get('model')}")
    given: Any = document.get("input")
    try:
        jsonschema.validate(given, rules.schema)
    except jsonschema.ValidationError as error:
        raise Refusal(5006, 400, f"User Input Error: {error.message[:200]}") from None
    return RunRequest(model=document["model"], rules=rules, given=given)


def generated(run: RunRequest, number: int) -> tuple[bytes, str]:
    """Return the bytes of an image and their media type."""
    width, height = _size(run.given)
    if run.rules.is_vector:
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
            f'<!-- {number} --><script>alert(1)</script><rect width="{width}" height="{height}" '
            f'fill="#0a7"/><circle cx="{width // 2}" cy="{height // 2}" r="{width // 4}"/></svg>'
        )
        return svg.encode(), "image/svg+xml"
    return picture("jpeg", width, height, seed=number, mark=f"{run.model} {number}"), "image/jpeg"


def envelope(run: RunRequest, image: str) -> dict[str, Any]:
    """Wrap the image as the model's answers are wrapped."""
    result: dict[str, Any] = {run.rules.key: [image] if run.rules.key == "images" else image}
    if run.rules.is_deep:
        result = {
            "state": "Completed",
            "result": result,
            "gatewayMetadata": {"keySource": "Unified"},
        }
        if run.rules.usage is not None:
            result["usage"] = run.rules.usage
    return {"result": result, "success": True, "errors": [], "messages": []}


def inlined(run: RunRequest, data: bytes, media_type: str) -> str:
    """Return an image within the answer itself."""
    text = b64encode(data).decode()
    return text if run.rules.answer == "base64" else f"data:{media_type};base64,{text}"


def _size(given: Mapping[str, Any]) -> tuple[int, int]:
    if found := _SIZE.fullmatch(str(given.get("size", ""))):
        return int(found[1]), int(found[2])
    if "width" in given and "height" in given:
        return given["width"], given["height"]
    source = given.get("image") or given.get("person_image")
    if isinstance(source, str) and not source.startswith("http"):
        with Image.open(BytesIO(b64decode(source.rpartition(",")[2]))) as image:
            return image.size
    return _USUAL
