"""Comparing the catalogue with the models that Cloudflare lists for an account."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, Final

from gql_server.inference.catalogue import Catalogue
from gql_server.inference.model import Model, ModelStatus, RequestForm
from gql_server.inference.parameter_rules import ParameterRule
from gql_server.inference.workers_ai.account_models import (
    HOSTED,
    AccountModel,
    AccountModels,
    Schema,
)
from gql_server.inference.workers_ai.listing_calls import plain

_MAX_LISTED: Final = 200
_HOSTED_IMAGES: Final = frozenset({"image", "image_b64", "mask"})


class ChangeKind(StrEnum):
    """What happened to a model."""

    NEW = "new"
    CHANGED = "changed"
    DEPRECATED = "deprecated"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChange:
    """A difference between the catalogue and Cloudflare's list.

    Attributes:
        kind: What happened.
        model_id: The model.
        what: A setting, or what else differs.
        here: What the catalogue has.
        listed: What Cloudflare lists.
        override: Keys of the model's override that adopt it; empty where a person must decide.
    """

    kind: ChangeKind
    model_id: str
    what: str
    here: str
    listed: str
    override: Mapping[str, Any] = field(default_factory=dict)


def compare_models(catalogue: Catalogue, listed: AccountModels, *, on: date) -> list[ModelChange]:
    """Return what differs, in the order of the catalogue; new models come last.

    Models of other providers are compared only if the list has any: without one, an account's list
    says nothing about them.
    """
    changes: list[ModelChange] = []
    for model in catalogue.models:
        if not (model.id.startswith(HOSTED) or listed.has_other_providers):
            continue
        found = listed.models.get(model.id)
        if found is not None:
            changes += _model_changes(model, found)
            changes += _deprecation(catalogue, listed, model, found)
        elif model.status is not ModelStatus.DOUBTFUL:
            changes.append(_gone(catalogue, listed, model, on))
    known = {model.id for model in catalogue.models} | catalogue.withdrawn.keys()
    for found in listed.models.values():
        if found.id not in known:
            price = "; ".join(found.prices) or "no price"
            changes.append(_change(ChangeKind.NEW, found.id, "model", "not known", price))
    return changes


def _change(
    kind: ChangeKind,
    model_id: str,
    what: str,
    here: str,
    listed: str,
    override: Mapping[str, Any] | None = None,
) -> ModelChange:
    return ModelChange(
        kind=kind,
        model_id=model_id,
        what=plain(what),
        here=here,
        listed=plain(listed, length=_MAX_LISTED),
        override=override or {},
    )


def _gone(catalogue: Catalogue, listed: AccountModels, model: Model, on: date) -> ModelChange:
    other = _replacement(catalogue, listed, model)
    use = f" Use {other}." if other is not None else ""
    return _change(
        ChangeKind.GONE,
        model.id,
        "model",
        "offered",
        f"not listed; use {other}" if other is not None else "not listed",
        {"withdrawn": f"Cloudflare no longer listed it on {on.isoformat()}.{use}"},
    )


def _deprecation(
    catalogue: Catalogue, listed: AccountModels, model: Model, found: AccountModel
) -> Iterator[ModelChange]:
    if not (found.is_deprecated or found.ends_on) or model.status is ModelStatus.DEPRECATED:
        return
    other = _replacement(catalogue, listed, model)
    ends = f"ends on {found.ends_on.isoformat()}" if found.ends_on else "deprecated"
    note = (
        f"Cloudflare stops this model on {found.ends_on.isoformat()}."
        if found.ends_on
        else "Cloudflare calls this model deprecated."
    )
    override = {"status": "deprecated", "status_note": note}
    if other is not None:
        override["replaced_by"] = other
    yield _change(
        ChangeKind.DEPRECATED,
        model.id,
        "model",
        model.status.value,
        f"{ends}; use {other}" if other is not None else ends,
        override,
    )


def _replacement(catalogue: Catalogue, listed: AccountModels, model: Model) -> str | None:
    """Return what to use instead: what the catalogue says, or the nearest that can do as much."""
    usable = [
        other
        for other in catalogue.models
        if other.id != model.id
        and other.status is ModelStatus.CURRENT
        and (found := listed.models.get(other.id)) is not None
        and not (found.is_deprecated or found.ends_on)
    ]
    if model.replaced_by in {other.id for other in usable}:
        return model.replaced_by
    able = [
        other
        for other in usable
        if set(model.capabilities) <= set(other.capabilities) and other.prompt is model.prompt
    ]
    return max(able, key=lambda other: _nearness(model, other)).id if able else None


def _nearness(model: Model, other: Model) -> tuple[bool, bool, float]:
    ratio = SequenceMatcher(None, model.id, other.id).ratio()
    return model.provider == other.provider, model.speed is other.speed, ratio


def _model_changes(model: Model, found: AccountModel) -> Iterator[ModelChange]:
    properties = _properties(found.schema)
    if not properties or model.request is RequestForm.MULTIPART:  # a form has no schema of fields
        return
    joined = {"width", "height"} if model.has_joined_size else set()
    for name, rule in model.parameters.items():
        rules = properties.get(model.wire_name(name))
        if rules is None:
            override = {"removed_parameters": [name]}
            yield _change(ChangeKind.CHANGED, model.id, name, "a setting", "not listed", override)
        elif name not in joined:
            yield from _rule_changes(model, name, rule, rules)
    if joined:
        yield from _size_changes(model, properties[model.wire_name("width")])
    for name in sorted(properties.keys() - _wire_names(model)):
        yield _change(ChangeKind.CHANGED, model.id, name, "not known", "a setting")


def _rule_changes(
    model: Model, name: str, rule: ParameterRule, rules: Schema
) -> Iterator[ModelChange]:
    allowed = rules.get("enum")
    if rule.choices and isinstance(allowed, list):
        sent_otherwise = model.custom_size.get(model.wire_name(name))
        refused = [choice for choice in rule.choices if choice not in allowed]
        further = [
            choice
            for choice in allowed
            if choice not in rule.choices
            and choice != sent_otherwise
            and f"{name}.{choice}" not in model.not_offered
        ]
        if refused or further:
            kept = [choice for choice in rule.choices if choice in allowed]
            override = {"parameters": {name: {"choices": kept}}} if refused and kept else None
            yield _change(
                ChangeKind.CHANGED, model.id, name, _words(rule.choices), _words(allowed), override
            )
    low, high = rules.get("minimum"), rules.get("maximum")
    bounds: dict[str, Any] = {}
    if isinstance(low, int | float) and rule.minimum is not None and rule.minimum < low:
        bounds["minimum"] = low
    if isinstance(high, int | float) and rule.maximum is not None and rule.maximum > high:
        bounds["maximum"] = high
    if bounds:
        yield _change(
            ChangeKind.CHANGED,
            model.id,
            name,
            f"{rule.minimum} to {rule.maximum}",
            f"{low} to {high}",
            {"parameters": {name: bounds}},
        )


def _size_changes(model: Model, rules: Schema) -> Iterator[ModelChange]:
    allowed = rules.get("enum")
    if not model.sizes or not isinstance(allowed, list):
        return
    refused = [size for size in model.sizes if size not in allowed]
    further = [
        size
        for size in allowed
        if size not in model.sizes and f"size.{size}" not in model.not_offered
    ]
    if refused or further:
        kept = [size for size in model.sizes if size in allowed]
        override = {"sizes": kept} if refused and kept else None
        yield _change(
            ChangeKind.CHANGED, model.id, "size", _words(model.sizes), _words(allowed), override
        )


def _wire_names(model: Model) -> set[str]:
    """Return the fields that the server sends, or leaves out on purpose."""
    names = {model.wire_name(name) for name in model.parameters}
    names |= {model.prompt_wire_name, *model.constants, *model.custom_size, *model.not_offered}
    inputs = model.image_inputs
    if inputs is not None:
        sent = {inputs.wire_name, inputs.first_wire_name, "mask"} - {None}
        names |= {str(name) for name in sent} if inputs.wire_name is not None else _HOSTED_IMAGES
    return names


def _properties(schema: Schema | None) -> Mapping[str, Schema]:
    """Return the properties of an input, those of all its forms together."""
    if schema is None:
        return {}
    found: dict[str, Schema] = {}
    for form in (schema, *schema.get("oneOf", ()), *schema.get("anyOf", ())):
        if isinstance(form, Mapping) and isinstance(form.get("properties"), Mapping):
            found |= {
                name: rules
                for name, rules in form["properties"].items()
                if isinstance(rules, Mapping)
            }
    return found


def _words(values: Sequence[object]) -> str:
    return ", ".join(str(value) for value in values)
