"""The stand-in's ``models/search``: its models as Cloudflare lists them."""

from collections.abc import Mapping

from tests.support.workers_ai_models import MODELS, ModelRules

_TASK = "Text-to-Image"
_PER_PAGE = 20


def search(query: Mapping[str, str]) -> dict[str, object]:
    """Answer ``GET …/ai/models/search``, with its ``task``, ``search``, ``page`` and ``per_page``.

    Raises:
        ValueError: A number of the query is none.
    """
    page, per_page = int(query.get("page", 1)), int(query.get("per_page", _PER_PAGE))
    search = query.get("search", "").lower()
    found = [
        _entry(name, rules)
        for name, rules in MODELS.items()
        if query.get("task", _TASK) == _TASK and search in name
    ]
    shown = found[(page - 1) * per_page : page * per_page]
    return {
        "success": True,
        "result": shown,
        "errors": [],
        "messages": [],
        "result_info": {
            "count": len(shown),
            "page": page,
            "per_page": per_page,
            "total_count": len(found),
        },
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
        "properties": properties,
    }
