"""The stand-in's lists: its models, and the schemas of their inputs, as Cloudflare has them.

Models that Cloudflare hosts are in ``models/search``, those of other providers in
``catalog/models``.
"""

from collections.abc import Mapping
from typing import Any

from tests.support.third_party_models import THIRD_PARTY
from tests.support.workers_ai_models import MODELS, ModelRules, Number
from tests.support.workers_ai_rules import Refusal

_TASK = "Text-to-Image"
_PER_PAGE = 20
_SCHEMA = "https://json-schema.org/draft/2020-12/schema"

LISTED: dict[str, Mapping[str, Any]] = {}
"""What a test changes in the entries of the lists, by model."""


def search(query: Mapping[str, str]) -> dict[str, object]:
    """Answer ``GET …/ai/models/search``, with its ``task``, ``search``, ``page`` and ``per_page``.

    Raises:
        ValueError: A number of the query is none.
    """
    page, per_page = int(query.get("page", 1)), int(query.get("per_page", _PER_PAGE))
    search = query.get("search", "").lower()
    found = [_entry(name, rules) for name, rules in MODELS.items() if search in name]
    if "task" not in query:
        text = {"id": "model-of-text", "name": "@cf/meta/llama-4", "properties": []}
        found.append({**text, "task": {"id": "task-text", "name": "Text Generation"}})
    elif query["task"] != _TASK:
        found = []
    return _listed(found, page, per_page)


def catalog(query: Mapping[str, str]) -> dict[str, object]:
    """Answer ``GET …/ai/catalog/models``, with its ``page`` and ``per_page``."""
    page, per_page = int(query.get("page", 1)), int(query.get("per_page", _PER_PAGE))
    text: dict[str, object] = {
        "model_id": "openai/gpt-5.5",
        "task": "Text Generation",
        "pricing": {},
        "tags": [],
    }
    return _listed([text, *(_catalog_entry(name) for name in THIRD_PARTY)], page, per_page)


def schema(name: str) -> dict[str, object]:
    """Answer ``GET …/ai/models/schema?model=…`` and ``GET …/ai/catalog/models/…/schema``.

    Raises:
        Refusal: There is no such model.
    """
    if name in MODELS:
        return _success({"input": _hosted_schema(MODELS[name]), "output": {"type": "object"}})
    if name in THIRD_PARTY:
        return _success({"schema": {"input": _input_schema(name), "output": {"type": "object"}}})
    raise Refusal(7003, 404, f"Model not found: {name}")


def _listed(found: list[dict[str, object]], page: int, per_page: int) -> dict[str, object]:
    shown = found[(page - 1) * per_page : page * per_page]
    return {
        **_success(shown),
        "result_info": {
            "count": len(shown),
            "page": page,
            "per_page": per_page,
            "total_count": len(found),
        },
    }


def _success(result: object) -> dict[str, object]:
    return {"success": True, "result": result, "errors": [], "messages": []}


def _input_schema(name: str) -> dict[str, Any]:
    return {"$schema": _SCHEMA, **THIRD_PARTY[name].schema}


def _catalog_entry(name: str) -> dict[str, object]:
    is_tool = "prompt" not in THIRD_PARTY[name].schema["required"]
    entry: dict[str, object] = {
        "model_id": name,
        "provider_id": name.partition("/")[0],
        "name": name.rpartition("/")[2],
        "description": "Makes pictures.",
        "task": "Image-to-Image" if is_tool else _TASK,
        "tags": [],
        "pricing": {"Per image": 0.04},
        "metadata": {},
        "supports_async": False,
    }
    if not name.startswith("openai/"):  # their schemas are at addresses of their own alone
        entry["schema"] = {"input": _input_schema(name), "output": {"type": "object"}}
    return {**entry, **LISTED.get(name, {})}


def _hosted_schema(rules: ModelRules) -> dict[str, Any]:
    if rules.form == "multipart":
        part = {"type": "object", "properties": {"body": {}, "contentType": {"type": "string"}}}
        return {"type": "object", "properties": {"multipart": part}, "required": ["multipart"]}
    prompt: dict[str, Any] = {"type": "string", "minLength": 1}
    if rules.max_prompt_length is not None:
        prompt["maxLength"] = rules.max_prompt_length
    properties: dict[str, Any] = {"prompt": prompt}
    properties |= {name: _number(number) for name, number in rules.numbers.items()}
    properties |= {name: {"type": "string"} for name in rules.texts}
    if rules.takes_source:
        integers = {"type": "array", "items": {"type": "number"}}
        properties |= {"image": integers, "image_b64": {"type": "string"}, "mask": integers}
    return {"type": "object", "properties": properties, "required": ["prompt"]}


def _number(number: Number) -> dict[str, Any]:
    bounds = {"minimum": number.minimum, "maximum": number.maximum}
    return {
        "type": "integer" if number.whole else "number",
        **{name: bound for name, bound in bounds.items() if bound is not None},
    }


def _entry(name: str, rules: ModelRules) -> dict[str, object]:
    properties: list[dict[str, object]] = [
        {"property_id": "terms", "value": f"https://models.test/{name}/terms"}
    ]
    if rules.price:
        prices = [{"unit": unit, "price": price, "currency": "USD"} for unit, price in rules.price]
        properties.append({"property_id": "price", "value": prices})
    else:
        properties.append({"property_id": "beta", "value": "true"})
    if "/leonardo/" in name:
        properties.append({"property_id": "partner", "value": "true"})
    return {
        "id": f"model-{list(MODELS).index(name)}",
        "source": 1,
        "name": name,
        "description": f"Makes pictures: {name.rpartition('/')[2]}.",
        "task": {"id": "task-text-to-image", "name": _TASK, "description": "Pictures of text."},
        "tags": [],
        "properties": [*properties, *LISTED.get(name, {}).get("properties", ())],
    }
