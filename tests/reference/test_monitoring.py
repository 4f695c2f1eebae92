"""The dashboard and the alert rules name metrics and labels that exist."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tools.reference.metrics import metrics

FOLDER: Final = Path(__file__).parents[2] / "docs" / "operating"
NAME: Final = re.compile(r"\b(?:gql_server|process)_[a-z_]+\b")
SELECTOR: Final = re.compile(r"\b((?:gql_server|process)_[a-z_]+)\{([^}]*)\}")
GROUPED: Final = re.compile(r"by \(([^)]*)\) \(*(?:rate\()?((?:gql_server|process)_[a-z_]+)")
ADDED: Final = {"job", "instance", "le"}
"""Labels that Prometheus and its histograms add."""

SERIES: Final = {name: set(metric.labels) for metric in metrics() for name in metric.series}


def expressions(value: Any) -> Iterator[str]:
    """Yield the expressions of a dashboard."""
    if isinstance(value, dict):
        if "expr" in value:
            yield value["expr"]
        for part in value.values():
            yield from expressions(part)
    elif isinstance(value, list):
        for part in value:
            yield from expressions(part)


def rules() -> list[str]:
    """Return the expressions of the alert rules, each up to the next key of its rule."""
    text = (FOLDER / "alerts.yaml").read_text("utf-8")
    return re.findall(r"^ +expr: (?:>-)?(.*?)^ +(?:for|labels):", text, re.DOTALL | re.MULTILINE)


@pytest.fixture(params=["dashboard.json", "alerts.yaml"])
def found(request: pytest.FixtureRequest) -> list[str]:
    if request.param == "alerts.yaml":
        return rules()
    return list(expressions(json.loads((FOLDER / request.param).read_text("utf-8"))))


def test_every_metric_and_label_exists(found: list[str]) -> None:
    assert len(found) > 10
    unknown = {name for one in found for name in NAME.findall(one) if name not in SERIES}
    assert unknown == set()
    for one in found:
        for name, selectors in SELECTOR.findall(one):
            labels = set(re.findall(r"(\w+) ?(?:=~|!~|!=|=)", selectors))
            assert labels <= SERIES[name] | ADDED, one
        for labels, name in GROUPED.findall(one):
            assert set(re.split(r", *", labels)) <= SERIES[name] | ADDED, one


def test_the_dashboard_shows_every_metric_of_the_server() -> None:
    text = (FOLDER / "dashboard.json").read_text("utf-8")
    shown = set(NAME.findall(text))
    missing = [
        metric.name
        for metric in metrics()
        if metric.name.startswith("gql_server_") and not shown.intersection(metric.series)
    ]
    assert missing == ["gql_server_operations"]  # its requests are shown


def test_every_alert_is_read() -> None:
    text = (FOLDER / "alerts.yaml").read_text("utf-8")
    assert len(rules()) == text.count("- alert:") == text.count("summary:")
