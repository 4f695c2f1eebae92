"""What a server left when it ended in the middle is finished once, under the same key."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gql_server.database.engine.engine import Database
from gql_server.database.queries.image_inserts import ImageInserts, NewImage
from gql_server.database.tables.idempotency_keys import IdempotencyKeyRow
from gql_server.database.tables.ledger import ChargeRow
from gql_server.domain.errors import GenerationFailed
from gql_server.generation.persist import save_row
from gql_server.ledger.audit.audit import audit
from gql_server.storage.store import StoredObject
from tests.database.rows import charge_row, image_row
from tests.support.running_app import CREATE_TEMPLATE, FLUX, RunningApp, png, running_app
from tests.support.running_app import workers_ai_settings as workers_ai
from tests.support.s3 import ACCESS_KEY_ID, SECRET_ACCESS_KEY, S3Server
from tests.support.waiting import until
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

PRICES = '[prices."%s"]\npicture = "0.50"\n' % FLUX


async def claimed_id(app: RunningApp) -> str:
    """Return the id that the only key's result will have."""
    async with app.services.database.read() as connection:
        return (await connection.execute(select(IdempotencyKeyRow.result_id))).scalar_one()  # type: ignore[call-overload,no-any-return]  # a column


async def charges(database: Database) -> list[str | None]:
    async with database.read() as connection:
        return list((await connection.execute(select(ChargeRow.image_id))).scalars())  # type: ignore[call-overload]  # a column


@asynccontextmanager
async def ends_in_the_middle(
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    data_dir: Path,
    settings: dict[str, Any],
    deadline: float = 1.0,
) -> AsyncIterator[tuple[RunningApp, asyncio.Event]]:
    """A server whose generations come to a certain function and no further, and are given up."""
    reached = asyncio.Event()

    async def never(*_: object, **__: object) -> None:
        reached.set()
        await asyncio.get_running_loop().create_future()

    hasty = {"shutdown_timeout": 0, "request_deadline": deadline}
    with monkeypatch.context() as patch:
        patch.setattr(where, never)
        async with running_app(data_dir, settings | hasty) as app:
            yield app, reached


@pytest.fixture(params=["folder", "r2"])
def settings(
    request: pytest.FixtureRequest, fake_workers_ai: FakeWorkersAI, s3: S3Server
) -> dict[str, Any]:
    if request.param == "folder":
        return workers_ai(fake_workers_ai)
    return workers_ai(fake_workers_ai) | {
        "r2_bucket": s3.make_bucket(),
        "r2_access_key_id": ACCESS_KEY_ID,
        "r2_secret_access_key": SECRET_ACCESS_KEY,
        "r2_endpoint_url": s3.endpoint_url,
    }


async def test_bytes_without_metadata_are_finished_as_they_were_accepted_without_a_call(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    fake_workers_ai: FakeWorkersAI,
    settings: dict[str, Any],
) -> None:
    async with ends_in_the_middle(
        monkeypatch, "gql_server.generation.produce.save_row", tmp_path, settings
    ) as (app, reached):
        template = (await app.ask(CREATE_TEMPLATE))["createTemplate"]["template"]["id"]
        fields = {
            "idempotencyKey": "k",
            "templateId": template,
            "tags": ["x"],
            "metadata": {"a": 1},
        }
        assert (await app.generate(**fields))["userErrors"][0]["code"] == "GENERATION_PENDING"
        await reached.wait()
        image_id = await claimed_id(app)
        stored = await app.services.store.get(f"generated/{image_id}.jpg")
        assert stored is not None
        await app.ask(
            "mutation D($id: ID!) { deleteTemplate(input: {id: $id}) { userErrors { code } } }",
            id=template,
        )
    (tmp_path / "prices.toml").write_text(PRICES)
    changed = settings | {"price_book": tmp_path / "prices.toml"}
    async with running_app(tmp_path, changed) as app:
        image = await app.image(**fields)
        assert len(fake_workers_ai.requests) == 1
        assert image["id"] == image_id
        assert image["cost"] == 0.01
        assert image["parameters"]["seed"] == int(stored.metadata["seed"])
        assert image["seconds"] == float(stored.metadata["seconds"])
        assert image["sizeBytes"] == len(stored.data)
        assert (image["tags"], image["metadata"]) == (["x"], {"a": 1})
        assert unsigned(await app.image(**fields)) == unsigned(image)
        assert await charges(app.services.database) == [image_id]


SET_BUDGET = """mutation {
  setBudget(input: {limit: 0.01, period: MONTHLY}) { userErrors { code } } }"""


@pytest.mark.parametrize("where", ["produce_image", "save_bytes", "save_row"])
async def test_a_budget_holds_what_a_dead_server_may_yet_charge(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    fake_workers_ai: FakeWorkersAI,
    where: str,
) -> None:
    monkeypatch.setattr("gql_server.database.queries.reservations.GRACE", timedelta(0))
    room = "fallback" if where == "produce_image" else "produce"
    async with ends_in_the_middle(
        monkeypatch, f"gql_server.generation.{room}.{where}", tmp_path, workers_ai(fake_workers_ai)
    ) as (app, reached):
        await app.ask(SET_BUDGET)
        await app.generate(idempotencyKey="k")
        await reached.wait()
    async with running_app(tmp_path, workers_ai(fake_workers_ai)) as app:
        await app.services.reservations.sweep()
        (error,) = (await app.generate())["userErrors"]
        assert error["code"] == "BUDGET_EXCEEDED"
        assert (await app.image(idempotencyKey="k"))["cost"] == 0.01
        (state,) = await app.services.budgets.every()
        assert (state.spent, state.reserved) == (state.limit, 0)
        assert (await app.generate())["userErrors"][0]["code"] == "BUDGET_EXCEEDED"


async def test_a_call_that_brought_nothing_is_made_again_as_it_was_accepted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai(fake_workers_ai)
    async with ends_in_the_middle(
        monkeypatch, "gql_server.generation.produce.save_bytes", tmp_path, settings
    ) as (app, reached):
        await app.generate(idempotencyKey="k")
        await reached.wait()
        image_id = await claimed_id(app)
    (tmp_path / "prices.toml").write_text(PRICES)
    changed = settings | {"price_book": tmp_path / "prices.toml"}
    async with running_app(tmp_path, changed) as app:
        image = await app.image(idempotencyKey="k")
        first, second = fake_workers_ai.requests
        assert first.parameters == second.parameters
        assert (image["id"], image["cost"]) == (image_id, 0.01)
        assert await charges(app.services.database) == [image_id]


async def test_an_upload_whose_server_ended_is_kept_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with ends_in_the_middle(
        monkeypatch,
        "gql_server.generation.create_upload.insert_source_image_once",
        tmp_path,
        {},
    ) as (app, reached):
        (error,) = (await app.upload(png(40, 30), key="k"))["userErrors"]
        assert error["code"] == "IDEMPOTENCY_IN_PROGRESS"
        await reached.wait()
        image_id = await claimed_id(app)
    async with running_app(tmp_path) as app:
        payload = await app.upload(png(40, 30), key="k")
        assert payload["sourceImage"]["id"] == image_id
        assert len(list((app.settings.images_dir / "sources").glob("src_*.png"))) == 1


async def test_an_image_that_could_not_be_recorded_is_not_made_again(
    monkeypatch: pytest.MonkeyPatch, app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise GenerationFailed("The database does not answer.", retryable=True)

    with monkeypatch.context() as patch:
        patch.setattr("gql_server.generation.produce.save_row", fails)
        (error,) = (await app.generate(idempotencyKey="k"))["userErrors"]
        assert error["retryable"]
    image_id = await claimed_id(app)
    assert (await app.image(idempotencyKey="k"))["id"] == image_id
    assert len(fake_workers_ai.requests) == 1


async def test_the_metadata_is_that_of_the_bytes_that_were_there_first(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    other = png(48, 32)
    metadata = {"seed": "7", "seconds": "1.25", "cost": "123000000", "provider-cost": "5000000"}
    stored = StoredObject(data=other, content_type="image/png", metadata=metadata)
    with fake_workers_ai.held():
        request = asyncio.create_task(app.image(idempotencyKey="k"))
        await until(lambda: bool(fake_workers_ai.requests))
        image_id = await claimed_id(app)
        # The model answers with a JPEG; what lies under that key is somebody else's object.
        assert await app.services.store.put(f"generated/{image_id}.jpg", stored)
    image = await request
    assert (image["width"], image["height"], image["sizeBytes"]) == (48, 32, len(other))
    assert (image["parameters"]["seed"], image["seconds"]) == (7, 1.25)
    assert (image["cost"], image["providerCost"]) == (0.123, 0.005)
    assert image["neurons"] > 0


async def test_of_those_who_write_the_same_image_the_first_wins(database: Database) -> None:
    image_id = image_row().id
    rivals = [image_row(id=image_id, size_bytes=size, tags=["x"]) for size in range(1, 9)]
    processes = [ImageInserts(database), ImageInserts(database)]
    kept = await asyncio.gather(
        *(
            save_row(processes[number % 2], NewImage(image, charge_row(image)))
            for number, image in enumerate(rivals)
        )
    )
    assert len({row["size_bytes"] for row in kept}) == 1
    assert await charges(database) == [image_id]
    assert (await audit(database)).is_clean


def unsigned(image: dict[str, Any]) -> dict[str, Any]:
    """Give an image whose addresses have no signature, which is another one each second."""
    addresses = {name: image[name].partition("?")[0] for name in ("url", "r2Url")}
    return image | addresses
