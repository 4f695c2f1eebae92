"""What is recorded is delivered: signed, at least once, until it is heard or a day has passed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError
from starlette.responses import Response

from gql_server.database.engine.engine import Database
from gql_server.database.records.webhooks import WebhookRecord
from gql_server.domain.clock import now
from gql_server.domain.errors import InvalidInput, WebhookNotFound
from gql_server.domain.principal import EVERYONE, Principal
from gql_server.jobs.jobs import Jobs
from gql_server.jobs.kinds import FailureHandler, Handler, Job, JobRun
from gql_server.processes.lease import ProcessLease
from gql_server.webhooks.addresses import WebhookAddresses
from gql_server.webhooks.delivery import DELIVERY_WAITS
from gql_server.webhooks.outbox import record_webhook
from gql_server.webhooks.signatures import WebhookSigner, user_secret, written_secret
from gql_server.webhooks.webhooks import Webhooks
from tests.support.receiver import Receiver
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

OLD = written_secret(b"o" * 32)
NEW = written_secret(b"n" * 32)
ANN = Principal("ann")
NO_WAIT = (0.0, 0.0, 0.0)
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class JobsByHand(Jobs):
    """Jobs that wait until the test has them done."""

    def __init__(self) -> None:
        self.waiting: dict[str, Job] = {}
        self._known: set[str] = set()
        self._handle: Handler | None = None

    def register(self, name: str, handle: Handler, **options: Any) -> None:
        del name
        self._handle = handle
        self._on_failure: FailureHandler = options["on_failure"]

    async def give_up(self, job: Job) -> None:
        """Tell that a job could not be done."""
        await self._on_failure(self._run(job), "ten processes have died of it")

    def add_sweep(self, *_sweep: object, **_options: object) -> None:
        """The test sweeps."""

    async def enqueue(self, *jobs: Job) -> None:
        for job in jobs:
            if job.id not in self._known:
                self._known.add(job.id)
                self.waiting[job.id] = job

    async def do(self, job: Job | None = None) -> None:
        """Do a job; what is due next where none is named."""
        if job is None:
            job = min(self.waiting.values(), key=lambda one: one.not_before or now())
            del self.waiting[job.id]
        assert self._handle is not None
        await self._handle(self._run(job))

    def _run(self, job: Job) -> JobRun:
        return JobRun(job.id, job.argument, 1, "process", lambda _: True)


class House:
    """A process that delivers, once its jobs are started."""

    def __init__(
        self, database: Database, jobs: Jobs, secrets: Sequence[str], waits: Sequence[float]
    ) -> None:
        self.database = database
        self.jobs = jobs
        self.webhooks = Webhooks(
            database,
            jobs,
            addresses=WebhookAddresses(allow_private=True),
            signer=WebhookSigner(secrets),
            waits=waits,
        )
        self.webhooks.register()

    async def record(self, url: str, **changes: Any) -> str:
        given: dict[str, Any] = {
            "kind": "batch.finished",
            "payload": {"batchId": "bat_1", "succeeded": 3},
            "user_id": "ann",
            "subject_id": "bat_1",
        }
        async with self.database.write() as connection:
            return await record_webhook(connection, url=url, **(given | changes))

    async def create_delivery(self, url: str) -> str:
        webhook_id = await self.record(url)
        await self.webhooks.deliver_soon(webhook_id)
        return webhook_id

    async def until(self, webhook_id: str, status: str) -> WebhookRecord:
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                webhook = (await self.webhooks.find(EVERYONE, [webhook_id]))[webhook_id]
                if webhook.status == status:
                    return webhook
                await asyncio.sleep(0.01)

    async def attempts_of(self, webhook_id: str) -> list[tuple[int | None, str | None]]:
        """Return the statuses and errors of the attempts, the first one first."""
        found = await self.webhooks.deliveries_of([webhook_id])
        attempts = sorted(found.get(webhook_id, ()), key=lambda one: one.started_at)
        assert all(one.duration_ms >= 0 for one in attempts)
        return [(one.status_code, one.error) for one in attempts]


MakeHouse = Callable[..., House]


@pytest.fixture
async def make_house(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MakeHouse]:
    monkeypatch.setattr("gql_server.jobs.jobs._POLL_SECONDS", 0.02)
    async with AsyncExitStack() as stack:
        lease = ProcessLease(database, seconds=30)
        await stack.enter_async_context(lease.held())

        def make(*, secrets: Sequence[str] = (NEW,), waits: Sequence[float] = NO_WAIT) -> House:
            jobs = Jobs(database, lease, url=database.engine.url, concurrency=4, stop_seconds=5)
            house = House(database, jobs, secrets, waits)
            stack.push_async_callback(jobs.close)
            stack.push_async_callback(house.webhooks.close)
            stack.push_async_callback(jobs.stop)
            return house

        yield make


async def test_a_webhook_is_tried_again_until_it_is_heard(
    make_house: MakeHouse, receiver: Receiver
) -> None:
    house = make_house()
    await house.jobs.start()
    receiver.next(500, 503)
    webhook_id = await house.create_delivery(receiver.url)
    await house.webhooks.sweep(overdue=timedelta(0))  # finds it in its queue
    webhook = await house.until(webhook_id, "delivered")
    assert webhook.delivered_at is not None
    assert webhook.delivered_at >= webhook.created_at
    assert webhook.next_delivery_at is None
    assert await house.attempts_of(webhook_id) == [
        (500, "The receiver returned 500."),
        (503, "The receiver returned 503."),
        (204, None),
    ]
    assert {one.headers["webhook-id"] for one in receiver.received} == {webhook_id}
    assert len({one.body for one in receiver.received}) == 1
    for one in receiver.received:
        said = one.verify(user_secret(NEW, "ann"))
        assert said["type"] == "batch.finished"
        assert said["data"] == {"batchId": "bat_1", "succeeded": 3}
        assert said["timestamp"].endswith("Z")
    # Each user sees their own.
    assert await house.webhooks.find(Principal("bob"), [webhook_id]) == {}
    with pytest.raises(WebhookNotFound):
        await house.webhooks.redeliver(Principal("bob"), webhook_id)
    # And may have it delivered again.
    await house.webhooks.redeliver(ANN, webhook_id)
    assert len(await receiver.until(4)) == 4
    assert receiver.received[3].headers["webhook-id"] == webhook_id
    await house.until(webhook_id, "delivered")
    found = await house.webhooks.latest_of(ANN, ["bat_1", "bat_2"], limit=1)
    assert [one.id for one in found["bat_1"]] == [webhook_id]
    assert len(await house.attempts_of(webhook_id)) == 4


@pytest.fixture
async def by_hand(database: Database) -> AsyncIterator[House]:
    house = House(database, JobsByHand(), (NEW, OLD), (5.0, 30.0))
    yield house
    await house.webhooks.close()


def jobs_of(house: House) -> JobsByHand:
    assert isinstance(house.jobs, JobsByHand)
    return house.jobs


async def test_what_a_crash_left_out_is_found_and_only_that(
    by_hand: House, receiver: Receiver
) -> None:
    committed = await by_hand.record(receiver.url)  # and then the process died

    async def roll_back() -> None:
        async with by_hand.database.write() as connection:
            await record_webhook(
                connection,
                url=receiver.url,
                kind="batch.finished",
                payload={},
                user_id=None,
                subject_id="bat_2",
            )
            raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        await roll_back()
    jobs = jobs_of(by_hand)
    await by_hand.webhooks.sweep()
    assert jobs.waiting == {}  # whoever recorded it may be about to enqueue it
    for _ in range(2):
        await by_hand.webhooks.sweep(overdue=timedelta(0))
    await jobs.do()
    assert jobs.waiting == {}
    await by_hand.until(committed, "delivered")
    assert [one.headers["webhook-id"] for one in receiver.received] == [committed]


async def test_a_sweep_passes_over_what_is_not_due(by_hand: House) -> None:
    jobs = jobs_of(by_hand)
    await by_hand.create_delivery("http://127.0.0.1:9/")
    await jobs.do()
    (job,) = jobs.waiting.values()
    jobs.waiting.clear()
    await by_hand.webhooks.sweep(overdue=timedelta(0))
    assert jobs.waiting == {}
    assert job.partition == "ann"


async def test_what_was_reported_long_ago_is_forgotten(
    by_hand: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered = await by_hand.create_delivery(receiver.url)
    await jobs_of(by_hand).do()
    await by_hand.until(delivered, "delivered")
    waiting = await by_hand.create_delivery(receiver.url)
    await by_hand.webhooks.prune()
    assert set(await by_hand.webhooks.find(EVERYONE, [delivered, waiting])) == {delivered, waiting}
    monkeypatch.setattr(by_hand.webhooks, "_kept", timedelta(seconds=-1))
    await by_hand.webhooks.prune()
    assert set(await by_hand.webhooks.find(EVERYONE, [delivered, waiting])) == {waiting}
    assert await by_hand.attempts_of(delivered) == []


@ON_SQLITE
async def test_what_is_never_delivered_ends_and_can_be_started_again(
    by_hand: House, receiver: Receiver
) -> None:
    jobs = jobs_of(by_hand)
    receiver.next(500, 302, 500)
    webhook_id = await by_hand.create_delivery(receiver.url)
    for wait in (0, 5, 30):
        (job,) = jobs.waiting.values()
        assert job.not_before is not None
        assert wait - 2 <= (job.not_before - now()).total_seconds() <= wait
        await jobs.do()
    assert jobs.waiting == {}
    webhook = await by_hand.until(webhook_id, "failed")
    assert (webhook.next_delivery_at, webhook.delivered_at) == (None, None)
    assert [status for status, _ in await by_hand.attempts_of(webhook_id)] == [500, 302, 500]
    await by_hand.webhooks.redeliver(ANN, webhook_id)
    await jobs.do()
    await by_hand.until(webhook_id, "delivered")
    assert [status for status, _ in await by_hand.attempts_of(webhook_id)] == [500, 302, 500, 204]


@ON_SQLITE
async def test_a_receiver_that_is_gone_for_good_is_left_alone(
    by_hand: House, receiver: Receiver
) -> None:
    receiver.next(410)
    webhook_id = await by_hand.create_delivery(receiver.url)
    await jobs_of(by_hand).do()
    await by_hand.until(webhook_id, "failed")
    assert jobs_of(by_hand).waiting == {}
    assert await by_hand.attempts_of(webhook_id) == [
        (410, "The receiver returned 410: no more deliveries are attempted.")
    ]


@ON_SQLITE
async def test_what_the_server_itself_cannot_do_is_reported_and_can_be_started_again(
    by_hand: House, receiver: Receiver
) -> None:
    jobs = jobs_of(by_hand)
    webhook_id = await by_hand.create_delivery(receiver.url)
    (job,) = jobs.waiting.values()
    jobs.waiting.clear()
    for _ in range(2):  # told until it was heard
        await jobs.give_up(job)
    await by_hand.until(webhook_id, "failed")
    assert await by_hand.attempts_of(webhook_id) == [(None, "The delivery failed in the server.")]
    await by_hand.webhooks.redeliver(ANN, webhook_id)
    await jobs.do()
    await by_hand.until(webhook_id, "delivered")


@ON_SQLITE
async def test_a_redelivery_does_not_wait_for_the_next_attempt(
    by_hand: House, receiver: Receiver
) -> None:
    jobs = jobs_of(by_hand)
    receiver.next(500)
    webhook_id = await by_hand.create_delivery(receiver.url)
    await jobs.do()
    (later,) = jobs.waiting.values()
    await by_hand.webhooks.redeliver(ANN, webhook_id)
    assert len(jobs.waiting) == 2
    await jobs.do()
    await by_hand.until(webhook_id, "delivered")
    await jobs.do(later)  # of a round that is over
    assert len(receiver.received) == 2


@ON_SQLITE
async def test_both_secrets_sign_while_they_are_changed(by_hand: House, receiver: Receiver) -> None:
    await by_hand.create_delivery(receiver.url)
    await jobs_of(by_hand).do()
    (received,) = receiver.received
    assert received.verify(user_secret(OLD, "ann")) == received.verify(user_secret(NEW, "ann"))
    with pytest.raises(WebhookVerificationError):
        received.verify(written_secret(b"x" * 32))


@ON_SQLITE
async def test_a_process_that_dies_between_two_attempts_loses_neither(
    by_hand: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = jobs_of(by_hand)
    receiver.next(500)
    webhook_id = await by_hand.create_delivery(receiver.url)
    (job,) = jobs.waiting.values()
    with monkeypatch.context() as killed:
        killed.setattr(jobs, "enqueue", killed_process)
        with pytest.raises(ConnectionError):
            await jobs.do()
    assert jobs.waiting == {}
    # Its job is run again elsewhere: the attempt is not made twice, and the next one follows.
    await jobs.do(job)
    assert len(receiver.received) == 1
    await jobs.do()
    await by_hand.until(webhook_id, "delivered")
    assert [status for status, _ in await by_hand.attempts_of(webhook_id)] == [500, 204]


async def killed_process(*_jobs: object) -> None:
    raise ConnectionError("killed")


@ON_SQLITE
async def test_a_receiver_is_left_alone_for_as_long_as_it_asks(
    by_hand: House, receiver: Receiver
) -> None:
    jobs = jobs_of(by_hand)
    for retry_after, least, most in (
        ("1", 3, 5),
        ("600", 590, 600),
        ("9999999999", 35_990, 36_000),
    ):
        receiver.next(partial(Response, status_code=429, headers={"retry-after": retry_after}))
        await by_hand.create_delivery(receiver.url)
        await jobs.do()
        (job,) = jobs.waiting.values()
        assert job.not_before is not None
        assert least <= (job.not_before - now()).total_seconds() <= most
        jobs.waiting.clear()


@ON_SQLITE
async def test_without_a_secret_no_address_is_taken(database: Database, receiver: Receiver) -> None:
    house = House(database, JobsByHand(), (), ())
    with pytest.raises(InvalidInput, match="WEBHOOK_SECRET") as caught:
        await house.webhooks.check_address(receiver.url)
    assert caught.value.path == ("webhook_url",)
    webhook_id = await house.create_delivery(receiver.url)
    await jobs_of(house).do()
    assert await house.attempts_of(webhook_id) == [
        (None, "The server has no WEBHOOK_SECRET to sign with.")
    ]
    assert receiver.received == []
    await house.webhooks.close()


def test_a_round_lasts_for_a_day() -> None:
    assert timedelta(days=1) < timedelta(seconds=sum(DELIVERY_WAITS)) < timedelta(hours=26)
    assert DELIVERY_WAITS[:3] == (5, 30, 120)
