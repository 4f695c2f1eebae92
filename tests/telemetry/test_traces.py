"""One trace from a request to whatever it leads to."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gql_server.bootstrap.resources import StartError, check_start
from gql_server.settings import load_settings
from gql_server.telemetry.spans import MEANINGS, Span
from gql_server.telemetry.trace_context import TraceContext
from tests.support.collector import CollectedSpan, Collector, running_collector
from tests.support.receiver import Receiver
from tests.support.running_app import FLUX, RunningApp, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
HEADERS = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
PROMPT = "A secret garden behind a wall"
GENERATE = """mutation Draw($input: GenerateImageInput!) {
  generateImage(input: $input) { image { id } userErrors { message } }
}"""
BATCH = """mutation Several($input: GenerateBatchInput!) {
  generateBatch(input: $input) { batch { id } userErrors { message } }
}"""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with running_collector() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.url)
        yield running


def settings_of(fake_workers_ai: FakeWorkersAI, **more: Any) -> dict[str, Any]:
    return workers_ai_settings(fake_workers_ai) | {"webhook_allow_private": True} | more


async def run(app: RunningApp, query: str, given: dict[str, Any], field: str) -> None:
    body = {"query": query, "variables": {"input": given}}
    response = await app.client.post("/graphql", json=body, headers=HEADERS)
    assert response.json()["data"][field]["userErrors"] == []


def parents(spans: dict[str, list[CollectedSpan]], name: Span, among: Span) -> bool:
    """Return whether the parents of all spans of a name are spans of another."""
    ids = {span.span_id for span in spans[among]}
    return all(span.parent_id in ids for span in spans[name])


async def test_a_request_is_one_trace(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, collector: Collector
) -> None:
    fake_workers_ai.reply_headers = {"cf-aig-log-id": "01LOGID"}
    async with running_app(tmp_path, settings_of(fake_workers_ai)) as app:
        await run(app, GENERATE, {"prompt": PROMPT, "model": FLUX}, "generateImage")
    spans = collector.of_trace(TRACE)
    (request,) = spans[Span.REQUEST]
    assert request.parent_id == PARENT
    assert request.attributes["graphql.operation.name"] == "Draw"
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["user.id"] == "default_user"
    for name in (Span.ACCEPT_IMAGE, Span.MODEL_WAIT, Span.MODEL_CALL):
        assert parents(spans, name, Span.REQUEST)
    (call,) = spans[Span.MODEL_CALL]
    assert call.attributes["gql_server.model"] == FLUX
    assert call.attributes["gql_server.outcome"] == "ok"
    assert call.attributes["gql_server.gateway_log_id"] == "01LOGID"
    assert any(one.attributes["gql_server.operation"] == "put" for one in spans[Span.STORE])
    assert spans[Span.TRANSACTION]
    (sent,) = fake_workers_ai.requests
    assert sent.headers["traceparent"] == f"00-{TRACE}-{call.span_id}-01"
    assert collector.services == {"gql_server"}
    assert PROMPT.encode() not in collector.raw
    assert fake_workers_ai.token.encode() not in collector.raw


async def test_a_batch_continues_the_trace_up_to_its_webhook(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, collector: Collector, receiver: Receiver
) -> None:
    settings = settings_of(fake_workers_ai)
    items = [{"prompt": PROMPT, "model": FLUX}] * 2
    given = {"pictures": {"items": items}, "webhookUrl": receiver.url}
    async with running_app(tmp_path, settings) as app:  # accepts it, and runs no jobs
        await run(app, BATCH, given, "generateBatch")
    async with running_app(tmp_path, settings, runs_jobs=True):
        (delivery,) = await receiver.until(1)
    spans = collector.of_trace(TRACE)
    assert parents(spans, Span.ACCEPT_BATCH, Span.REQUEST)
    assert parents(spans, Span.BATCH_SLICE, Span.REQUEST)
    assert parents(spans, Span.BATCH_ITEM, Span.BATCH_SLICE)
    assert parents(spans, Span.MODEL_CALL, Span.BATCH_ITEM)
    assert len(spans[Span.MODEL_CALL]) == 2
    (webhook,) = spans[Span.WEBHOOK]
    assert parents(spans, Span.WEBHOOK, Span.REQUEST)
    assert delivery.headers["traceparent"] == f"00-{TRACE}-{webhook.span_id}-01"


async def test_prompts_are_recorded_if_the_setting_says_so(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, collector: Collector
) -> None:
    settings = settings_of(fake_workers_ai, trace_prompts=True)
    async with running_app(tmp_path, settings) as app:
        await run(app, GENERATE, {"prompt": PROMPT, "model": FLUX}, "generateImage")
    (call,) = collector.of_trace(TRACE)[Span.MODEL_CALL]
    assert call.attributes["gql_server.prompt"] == PROMPT


async def test_the_trace_is_passed_on_without_opentelemetry(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, receiver: Receiver
) -> None:
    items = [{"prompt": PROMPT, "model": FLUX}]
    given = {"pictures": {"items": items}, "webhookUrl": receiver.url}
    async with running_app(tmp_path, settings_of(fake_workers_ai), runs_jobs=True) as app:
        await run(app, BATCH, given, "generateBatch")
        (delivery,) = await receiver.until(1)
    (sent,) = fake_workers_ai.requests
    for header in (sent.headers["traceparent"], delivery.headers["traceparent"]):
        place = TraceContext.read(header)
        assert place is not None
        assert place.trace_id == TRACE
        assert place.span_id != PARENT


async def test_a_missing_extra_is_named(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert collector.url
    monkeypatch.setitem(sys.modules, "gql_server.telemetry.opentelemetry", None)
    with pytest.raises(StartError, match=r"pip install 'gql-server\[otel\]'"):
        await check_start(load_settings(data_dir=tmp_path))


@pytest.mark.parametrize(
    ("header", "trace_id"),
    [
        (f"00-{TRACE}-{PARENT}-01", TRACE),
        (f"cc-{TRACE}-{PARENT}-01-what-comes-later", TRACE),
        (f"00-{TRACE}-{PARENT}-01-more", None),
        (f"ff-{TRACE}-{PARENT}-01", None),
        (f"00-{'0' * 32}-{PARENT}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-{PARENT}-01", None),
        ("x" * 10_000, None),
        ("", None),
    ],
)
def test_which_headers_are_read(header: str, trace_id: str | None) -> None:
    found = TraceContext.read(header)
    assert (found.trace_id if found is not None else None) == trace_id


def test_every_span_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Span)
