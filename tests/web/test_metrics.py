"""What /metrics returns, and to whom."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from gql_server.bootstrap.metrics_server import check_metrics_port
from gql_server.bootstrap.resources import StartError
from gql_server.bootstrap.services import Wiring
from gql_server.bootstrap.worker import work
from gql_server.domain.principal import Role
from gql_server.settings import load_settings
from gql_server.telemetry.operation_names import OTHER, OperationNames
from tests.support.clients import client_of
from tests.support.in_loop import listening
from tests.support.running_app import FLUX, RunningApp, running_app, workers_ai_settings
from tests.support.sqlite import make_sqlite
from tests.support.subscriber import subscriber
from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import FakeWorkersAI
from tools.reference.metrics import metrics

pytestmark = pytest.mark.anyio

BATCH = """
mutation Several($prompts: [BatchItemInput!]!) {
  generateBatch(input: {pictures: {items: $prompts}}) { batch { id } userErrors { message } }
}
"""

Values = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


class Scraped:
    """The metrics of a server at one time."""

    def __init__(self, text: str) -> None:
        self._samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        """Add up the samples with these labels, whatever their others are."""
        labelled = frozenset(labels.items())
        return sum(
            value
            for (found, having), value in self._samples.items()
            if found == f"gql_server_{name}" and labelled <= having
        )

    def names(self) -> set[str]:
        return {name for name, _ in self._samples}


async def scraped(client: httpx.AsyncClient, url: str = "/metrics") -> Scraped:
    response = await client.get(url)
    assert response.status_code == 200, response.text
    return Scraped(response.text)


async def test_requests_are_counted_by_operation_role_and_status(app_with_keys: RunningApp) -> None:
    async with (
        client_of(app_with_keys, "ann", Role.ADMIN) as admin,
        client_of(app_with_keys, "rae", Role.READER) as reader,
    ):
        before = await scraped(admin.client)
        await reader.ask("query Ping { __typename }")
        await reader.ask("query Ping { __typename }")
        await reader.client.get("/api/models")
        await app_with_keys.client.post("/graphql", json={"query": "{ __typename }"})
        await reader.client.post("/graphql", json={"query": "{ nothing }"})
        after = await scraped(admin.client)

    def change(name: str, **labels: str) -> float:
        return after(name, **labels) - before(name, **labels)

    graphql = {"api": "graphql", "operation": "Ping"}
    assert change("requests_total", **graphql, role="reader", status="200") == 2
    assert change("request_seconds_count", **graphql) == 2
    assert change("requests_total", api="rest", operation="models", role="reader") == 1
    assert change("requests_total", api="graphql", role="none", status="401") == 1
    assert change("operations_total", operation="Ping", type="query") == 2
    assert change("operation_errors_total", code="BAD_REQUEST") == 1


async def test_only_admins_read_the_metrics(app_with_keys: RunningApp) -> None:
    assert (await app_with_keys.client.get("/metrics")).status_code == 401
    async with client_of(app_with_keys, "rae", Role.CREATOR) as creator:
        response = await creator.client.get("/metrics")
    assert response.status_code == 403
    assert "admin" in response.text
    assert "gql_server_requests" not in response.text


async def test_model_calls_images_and_money_are_counted(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as app:
        before = await scraped(app.client)
        image = await app.image()
        after = await scraped(app.client)
    cost, billed = float(image["cost"]), float(image["providerCost"])

    def change(name: str, **labels: str) -> float:
        return after(name, **labels) - before(name, **labels)

    model = {"model": FLUX}
    assert change("model_call_seconds_count", **model, outcome="ok") >= 1
    assert change("model_wait_seconds_count", **model, **{"for": "request"}) >= 1
    images = change("images_total", **model, preview="false")
    assert images >= 1
    assert change("charged_dollars_total", **model) == pytest.approx(images * cost)
    assert change("billed_dollars_total", **model) == pytest.approx(images * billed)
    assert change("store_seconds_count", operation="put", outcome="ok") == images
    assert change("database_seconds_count", use="write", outcome="ok") >= images
    assert change("operation_cost_total", operation="Generate") > 0


async def test_what_all_processes_share_is_read_from_either_database(
    production: RunningApp, app: RunningApp
) -> None:
    for running in (production, app):
        prompts = [{"prompt": "A fox", "model": FLUX}, {"prompt": "A hen", "model": FLUX}]
        payload = (await running.ask(BATCH, prompts=prompts))["generateBatch"]
        assert payload["userErrors"] == []
        found = await scraped(running.client)
        assert found("shared_state_read") == 1
        assert found("batches", status="queued") == 1
        assert found("batch_items", status="queued") == 2
        assert found("jobs", queue="batch_slice", state="enqueued") == 1
        assert found("processes") == 1
        assert 0 <= found("lease_oldest_seconds") < WAIT_SECONDS
        assert found("webhooks", state="due") == 0
        assert found("database_connections_limit", pool="write") > 0


async def test_the_database_is_read_once_in_some_seconds(app: RunningApp) -> None:
    await scraped(app.client)
    payload = await app.ask(BATCH, prompts=[{"prompt": "A fox", "model": FLUX}])
    assert payload["generateBatch"]["batch"]
    cached = await asyncio.gather(*(scraped(app.client) for _ in range(3)))
    assert [one("batches", status="queued") for one in cached] == [0, 0, 0]


async def test_sockets_and_their_messages_are_counted(app: RunningApp) -> None:
    before = await scraped(app.client)
    async with subscriber(app.settings.server_url) as socket_client:
        await socket_client.subscribe("query Over { __typename }")
        assert await socket_client.next() == {"__typename": "Query"}
        during = await scraped(app.client)
    assert during("websockets") == 1
    assert during("websocket_messages_total") - before("websocket_messages_total") >= 2
    operations = [one("operations_total", operation="Over") for one in (before, during)]
    assert operations[1] - operations[0] == 1


async def test_renditions_are_counted(app: RunningApp) -> None:
    image = await app.image()
    before = await scraped(app.client)
    for _ in range(2):
        assert (await app.client.get(image["url"], params={"width": "16"})).status_code == 200
    after = await scraped(app.client)
    for result in ("hit", "miss"):
        labels = {"cache": "renditions", "result": result}
        assert after("cache_reads_total", **labels) - before("cache_reads_total", **labels) == 1
    assert after("cache_entries", cache="renditions") == 1


async def test_every_documented_metric_is_there_once_it_happened(app: RunningApp) -> None:
    await app.image()
    names = (await scraped(app.client)).names()
    labelled = {
        *("operation_errors", "batch_items_finished", "webhook_deliveries", "images_purged"),
        "retention_erased",
    }
    missing = {
        metric.name
        for metric in metrics()
        if not names.intersection(metric.series)
        and metric.name.removeprefix("gql_server_") not in labelled
    }
    assert missing == set()


async def test_openmetrics_is_understood(app: RunningApp) -> None:
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    response = await app.client.get("/metrics", headers=accept)
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    families = {family.name for family in read_openmetrics(response.text)}  # type: ignore[no-untyped-call]  # it is untyped
    assert {"gql_server_requests", "gql_server_request_seconds"} <= families


async def test_a_format_that_does_not_exist_is_not_sent(app: RunningApp) -> None:
    accept = {"Accept": "application/openmetrics-text; version=new"}
    response = await app.client.get("/metrics", headers=accept)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")


async def test_a_port_of_its_own_needs_no_key(tmp_path: Path) -> None:
    with listening() as (_, port):
        pass
    settings = {"auth": "keys", "metrics_port": port}
    async with running_app(tmp_path, settings) as app:
        monitoring = f"http://127.0.0.1:{port}"
        assert (await scraped(app.client, f"{monitoring}/metrics"))("processes") == 1
        for path, status in (("/health", 200), ("/ready", 200), ("/graphql", 404)):
            assert (await app.client.get(f"{monitoring}{path}")).status_code == status
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_worker_has_metrics_on_a_port_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql_server.bootstrap.worker._ENDS", ())  # the signals are pytest's
    make_sqlite(tmp_path / "gql_server.db")
    with listening() as (_, port):
        pass
    settings = load_settings(data_dir=tmp_path, metrics_port=port)
    working = asyncio.create_task(work(Wiring(settings), settings))
    async with httpx.AsyncClient() as client, asyncio.timeout(WAIT_SECONDS):
        while not working.done():
            try:
                found = await scraped(client, f"http://127.0.0.1:{port}/metrics")
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
            else:
                break
        assert found("jobs", queue="batch_slice") == 0
        assert found("processes") == 1
    working.cancel()
    await asyncio.wait({working})


def test_a_port_that_is_taken_is_named() -> None:
    with listening() as (listener, port):
        listener.listen()
        settings = load_settings(metrics_port=port)
        with pytest.raises(StartError, match=rf"METRICS_PORT: cannot listen on 127.0.0.1 .*{port}"):
            check_metrics_port(settings)


def test_names_beyond_the_limit_are_counted_together() -> None:
    names = OperationNames(limit=2)
    assert [names.of(name) for name in ("A", "B", "C", "A", "x" * 65)] == [
        "A",
        "B",
        OTHER,
        "A",
        OTHER,
    ]
