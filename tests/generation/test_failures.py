"""When the model, the store or the database fails: what is told, and that no money is lost."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.image_inserts import ImageInserts, NewImage
from gql_server.domain.errors import GenerationPending
from gql_server.generation.persist import save_row
from tests.database.rows import charge_row, image_row
from tests.support.faulty_proxy import Answer, running_proxy
from tests.support.running_app import RunningApp, running_app, workers_ai_settings
from tests.support.s3 import ACCESS_KEY_ID, SECRET_ACCESS_KEY, S3Server
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import (
    Behaviour,
    daily_allocation_used,
    error,
    html_page,
    image_flagged,
    out_of_capacity,
    prompt_refused,
)

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def impatient(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, **settings: Any
) -> AsyncIterator[RunningApp]:
    """A product that tries a model once."""
    chosen = workers_ai_settings(fake_workers_ai) | {"workers_ai_max_attempts": 1} | settings
    async with running_app(tmp_path, chosen) as app:
        yield app


async def nothing_was_kept(app: RunningApp) -> bool:
    data = await app.ask("{ images { totalCount } costAnalytics { totalImages totalCost } }")
    return data == {
        "images": {"totalCount": 0},
        "costAnalytics": {"totalImages": 0, "totalCost": 0.0},
    }


@pytest.mark.parametrize(
    ("behaviour", "kind", "retryable"),
    [
        (out_of_capacity(), "GenerationFailed", True),
        (html_page(), "GenerationFailed", True),
        (error(5004, 400), "GenerationFailed", False),
        (error(3023, 403), "GenerationFailed", False),
        (error(10000, 401, "Authentication error"), "GenerationFailed", False),
        (prompt_refused(), "PromptRefused", None),
        (image_flagged(), "ImageFlagged", None),
        (daily_allocation_used(), "DailyAllocationUsed", None),
    ],
)
async def test_a_failed_generation_is_reported_and_costs_nothing(
    tmp_path: Path,
    fake_workers_ai: FakeWorkersAI,
    behaviour: Behaviour,
    kind: str,
    retryable: bool | None,  # noqa: FBT001 - a column of the table
) -> None:
    async with impatient(tmp_path, fake_workers_ai) as app:
        fake_workers_ai.next(behaviour)
        payload = await app.generate()
        (user_error,) = payload["userErrors"]
        assert payload["image"] is None
        assert user_error["__typename"] == kind
        assert user_error.get("retryable") is retryable
        assert fake_workers_ai.token not in user_error["message"]
        assert fake_workers_ai.account_id not in user_error["message"]
        assert await nothing_was_kept(app)


async def test_a_used_up_day_says_when_it_ends(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    async with impatient(tmp_path, fake_workers_ai) as app:
        fake_workers_ai.next(daily_allocation_used())
        before = datetime.now(UTC)
        (error,) = (await app.generate())["userErrors"]
        resets_at = datetime.fromisoformat(error["resetsAt"])
        assert resets_at.time().isoformat() == "00:00:00"
        assert before < resets_at <= before + timedelta(days=1, minutes=1)
        assert len(fake_workers_ai.requests) == 1


async def test_a_store_that_falters_costs_no_second_call(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, s3: S3Server
) -> None:
    async with (
        running_proxy(s3.endpoint_url) as proxy,
        impatient(
            tmp_path,
            fake_workers_ai,
            r2_bucket=s3.make_bucket(),
            r2_access_key_id=ACCESS_KEY_ID,
            r2_secret_access_key=SECRET_ACCESS_KEY,
            r2_endpoint_url=proxy.url,
        ) as app,
    ):
        proxy.spoil(Answer(503, "SlowDown"), Answer(503, "SlowDown"))
        image = await app.image()
        assert image["cost"] == 0.01
        assert len(fake_workers_ai.requests) == 1


async def test_a_store_that_refuses_is_reported_and_nothing_is_charged(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, s3: S3Server
) -> None:
    async with impatient(
        tmp_path,
        fake_workers_ai,
        r2_bucket="no-such-bucket",
        r2_access_key_id=ACCESS_KEY_ID,
        r2_secret_access_key=SECRET_ACCESS_KEY,
        r2_endpoint_url=s3.endpoint_url,
    ) as app:
        with capture_logs() as logs:
            (error,) = (await app.generate())["userErrors"]
        assert (error["__typename"], error["retryable"]) == ("GenerationFailed", False)
        assert "no-such-bucket" not in error["message"]
        assert "image_not_stored" in {entry["event"] for entry in logs}
        assert await nothing_was_kept(app)


class LosesAnswers:
    """A database whose commits succeed, but whose answers are lost so many times."""

    def __init__(self, database: Database, losses: int) -> None:
        self._database = database
        self.start = database.start
        self.losses = losses

    async def write_in_thread(self, work: Callable[[AsyncConnection], Any]) -> Any:
        done = await self._database.write_in_thread(work)
        if self.losses:
            self.losses -= 1
            raise DatabaseUnavailable("the answer to the commit was lost")
        return done


async def test_a_commit_whose_answer_was_lost_is_not_made_twice(app: RunningApp) -> None:
    database = LosesAnswers(app.services.database, losses=2)
    image = image_row(user_id="default_user")
    inserts = ImageInserts(database)  # type: ignore[arg-type]  # stands in
    row = await save_row(inserts, NewImage(image, charge_row(image)))
    assert row["id"] == image.id
    assert database.losses == 0
    data = await app.ask("{ images { totalCount } costAnalytics { totalImages } }")
    assert data == {"images": {"totalCount": 1}, "costAnalytics": {"totalImages": 1}}


async def test_a_commit_that_no_one_knows_of_is_not_reported_as_uncharged(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql_server.generation.persist._DATABASE_ATTEMPTS", 1)
    database = LosesAnswers(app.services.database, losses=9)
    image = image_row(user_id="default_user")
    inserts = ImageInserts(database)  # type: ignore[arg-type]  # stands in
    with pytest.raises(GenerationPending) as caught:
        await save_row(inserts, NewImage(image, charge_row(image)))
    assert caught.value.image_id == image.id
