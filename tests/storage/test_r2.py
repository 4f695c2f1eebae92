import asyncio
import socket
import time

import httpx
import pytest
from structlog.testing import capture_logs

from gql_server.pictures.formats import ImageFormat
from gql_server.storage.r2 import R2Store
from gql_server.storage.store import StoredObject, StoreMisconfigured, StoreUnavailable
from tests.support.faulty_proxy import (
    Answer,
    CutAnswer,
    Drop,
    FaultyProxy,
    Hang,
    LoseAnswer,
    PassOn,
)
from tests.support.r2_stores import OpenR2
from tests.support.s3 import SECRET_ACCESS_KEY, S3Server

pytestmark = pytest.mark.anyio

KEY = "generated/img_1.png"
PICTURE = StoredObject(data=b"\x89PNG" * 1000, content_type="image/png", metadata={"seed": "1"})
BUSY = Answer(503, "SlowDown")


@pytest.fixture
async def store(open_r2: OpenR2, proxy: FaultyProxy) -> R2Store:
    return await open_r2(endpoint_url=proxy.url)


async def test_the_object_carries_what_browsers_and_caches_need(
    store: R2Store, s3: S3Server, bucket: str
) -> None:
    stored = StoredObject(
        data=b"abc", content_type="image/avif", metadata={"provider-cost": "0.0011", "seed": "42"}
    )
    await store.put(KEY, stored)
    head = s3.head(bucket, KEY)
    assert head["ContentType"] == "image/avif"
    assert head["CacheControl"] == "public, max-age=31536000, immutable"
    assert head["ContentLength"] == 3
    assert head["Metadata"]["provider-cost"] == "0.0011"
    assert head["Metadata"]["seed"] == "42"


async def test_a_put_sends_no_checksum_that_r2_would_refuse(
    store: R2Store, proxy: FaultyProxy
) -> None:
    await store.put(KEY, PICTURE)
    (headers,) = proxy.headers
    assert not [name for name in headers if "checksum" in name.lower()]
    assert headers["If-None-Match"] == "*"


@pytest.mark.parametrize(
    "failure",
    [
        BUSY,
        Answer(500, "InternalError"),
        Answer(429, "TooManyRequests"),
        Answer(409, "ConditionalRequestConflict"),
        Answer(400, "RequestTimeout"),
        Drop(),
        LoseAnswer(),
    ],
)
async def test_a_put_is_tried_again_and_its_object_is_its_own(
    store: R2Store, proxy: FaultyProxy, failure: Answer | Drop | LoseAnswer
) -> None:
    proxy.spoil(failure, failure)
    assert await store.put(KEY, PICTURE)
    assert await store.get(KEY) == PICTURE


async def test_a_put_whose_answer_was_lost_is_not_someone_elses(
    store: R2Store, proxy: FaultyProxy
) -> None:
    proxy.spoil(LoseAnswer())
    assert await store.put(KEY, PICTURE)
    assert proxy.seen == ["PUT", "PUT", "HEAD"]


async def test_a_put_is_its_own_though_the_http_client_sent_it_twice_in_one_attempt(
    open_r2: OpenR2, proxy: FaultyProxy
) -> None:
    store = await open_r2(endpoint_url=proxy.url, attempts=1)
    proxy.spoil(PassOn(), LoseAnswer())
    await store.get("generated/img_0.png")
    assert await store.put(KEY, PICTURE)
    assert proxy.seen == ["GET", "PUT", "PUT", "HEAD"]


async def test_a_put_that_cannot_learn_whose_the_object_is_tries_again(
    store: R2Store, proxy: FaultyProxy
) -> None:
    proxy.spoil(LoseAnswer(), PassOn(), BUSY)
    assert await store.put(KEY, PICTURE)
    assert proxy.seen == ["PUT", "PUT", "HEAD", "PUT", "HEAD"]


async def test_a_taken_key_stays_someone_elses_whatever_the_network_does(
    store: R2Store, proxy: FaultyProxy, s3: S3Server, bucket: str
) -> None:
    s3.write(bucket, KEY, b"theirs")
    proxy.spoil(LoseAnswer(), BUSY)
    assert not await store.put(KEY, PICTURE)
    found = await store.get(KEY)
    assert found is not None
    assert found.data == b"theirs"


async def test_a_get_is_tried_again_when_its_answer_is_cut_off(
    store: R2Store, proxy: FaultyProxy
) -> None:
    await store.put(KEY, PICTURE)
    proxy.spoil(CutAnswer(), BUSY, Drop())
    assert await store.get(KEY) == PICTURE


async def test_a_slow_store_is_given_up(open_r2: OpenR2, proxy: FaultyProxy) -> None:
    store = await open_r2(endpoint_url=proxy.url, attempts=2, read_timeout=0.2)
    proxy.spoil(Hang(), Hang())
    with pytest.raises(StoreUnavailable):
        await store.put(KEY, PICTURE)
    assert proxy.seen == ["PUT", "PUT"]


async def test_a_store_that_is_slow_once_is_called_again(
    open_r2: OpenR2, proxy: FaultyProxy
) -> None:
    store = await open_r2(endpoint_url=proxy.url, read_timeout=0.5)
    proxy.spoil(Hang())
    assert await store.put(KEY, PICTURE)


async def test_all_attempts_together_have_a_bound(open_r2: OpenR2, proxy: FaultyProxy) -> None:
    store = await open_r2(endpoint_url=proxy.url, total=0.3)
    proxy.spoil(Hang())
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match=r"within 0\.3 s"):
        await store.put(KEY, PICTURE)
    assert time.monotonic() - began < 9  # of the 10 that one attempt may take


async def test_a_store_that_stays_busy_is_unavailable_after_the_last_attempt(
    store: R2Store, proxy: FaultyProxy
) -> None:
    proxy.spoil(*[BUSY] * 4)
    with pytest.raises(StoreUnavailable, match="503 SlowDown"):
        await store.get(KEY)
    assert len(proxy.seen) == 4


async def test_a_refused_connection_is_unavailable(open_r2: OpenR2) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        store = await open_r2(endpoint_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(StoreUnavailable):
            await store.put(KEY, PICTURE)
        with pytest.raises(StoreUnavailable):
            await store.check()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "AccessDenied"),
        (403, "InvalidAccessKeyId"),
        (403, "SignatureDoesNotMatch"),
        (401, "Unauthorized"),
        (404, "NoSuchBucket"),
        (501, "NotImplemented"),
    ],
)
async def test_a_refusal_for_good_is_not_tried_again(
    store: R2Store, proxy: FaultyProxy, status: int, code: str
) -> None:
    proxy.spoil(Answer(status, code), Answer(status, code))
    with capture_logs() as logged, pytest.raises(StoreMisconfigured, match=code):
        await store.put(KEY, PICTURE)
    with pytest.raises(StoreMisconfigured, match=code):
        await store.get(KEY)
    assert len(proxy.seen) == 2
    assert [(entry["event"], entry["code"], entry["log_level"]) for entry in logged] == [
        ("store_refused", code, "error")
    ]
    assert SECRET_ACCESS_KEY not in str(logged)


async def test_a_bucket_that_is_not_there_is_the_operators_error(open_r2: OpenR2) -> None:
    store = await open_r2(bucket="no-such-bucket")
    for use in (store.check(), store.get(KEY), store.put(KEY, PICTURE)):
        with pytest.raises(StoreMisconfigured):
            await use


async def test_a_check_that_is_refused_names_the_operators_error(
    store: R2Store, proxy: FaultyProxy
) -> None:
    proxy.spoil(Answer(403, "AccessDenied"), BUSY)
    with pytest.raises(StoreMisconfigured):
        await store.check()
    with pytest.raises(StoreUnavailable):
        await store.check()


async def test_a_bucket_without_a_marker_refuses_until_it_can_be_written(
    store: R2Store, proxy: FaultyProxy
) -> None:
    refused = Answer(403, "AccessDenied")
    proxy.spoil(refused, PassOn(), refused)
    with pytest.raises(StoreMisconfigured):
        await store.put(KEY, PICTURE)
    with pytest.raises(StoreMisconfigured):
        await store.check()
    states = [store.is_refusing]
    await store.check()
    assert [*states, store.is_refusing] == [True, False]
    assert proxy.seen == ["PUT", "HEAD", "PUT", "HEAD", "PUT", "DELETE"]


async def test_an_endpoint_that_is_no_address_is_the_operators_error(open_r2: OpenR2) -> None:
    with pytest.raises(StoreMisconfigured, match="not an address"):
        await open_r2(endpoint_url="not an address")


async def test_a_hundred_puts_go_side_by_side(store: R2Store) -> None:
    keys = [f"generated/img_{n}.png" for n in range(100)]
    assert all(await asyncio.gather(*(store.put(key, PICTURE) for key in keys)))


async def test_an_attempt_that_failed_is_logged_for_the_operator(
    store: R2Store, proxy: FaultyProxy, bucket: str
) -> None:
    proxy.spoil(BUSY)
    with capture_logs() as logged:
        await store.put(KEY, PICTURE)
    failed = [entry for entry in logged if entry["event"] == "store_failed"]
    assert [(entry["key"], entry["bucket"], entry["status"]) for entry in failed] == [
        (KEY, bucket, 503)
    ]
    assert SECRET_ACCESS_KEY not in str(logged)


async def test_a_signed_address_downloads_the_object(open_r2: OpenR2) -> None:
    store = await open_r2()
    await store.put(KEY, PICTURE)
    assert store.public_base is None
    address = await store.url(KEY, expires_in=60)
    assert "X-Amz-Expires=60" in address
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in address
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(address)
    assert answer.content == PICTURE.data
    assert answer.headers["Content-Type"] == "image/png"


async def test_a_signed_address_delivers_the_image_as_it_is(open_r2: OpenR2) -> None:
    store = await open_r2()
    address = await store.url(KEY, width=400, format=ImageFormat.WEBP)
    assert "width=400" not in address.partition("?")[0]
    assert "/cdn-cgi/" not in address


@pytest.mark.parametrize("expires_in", [0, -1, 604_801])
async def test_a_signed_address_holds_from_a_second_to_seven_days(
    open_r2: OpenR2, expires_in: int
) -> None:
    store = await open_r2()
    with pytest.raises(ValueError, match="from 1 to 604800"):
        await store.url(KEY, expires_in=expires_in)
    assert "X-Amz-Expires=604800" in await store.url(KEY, expires_in=604_800)


async def test_a_public_address_needs_no_signature(open_r2: OpenR2) -> None:
    store = await open_r2(public_url="https://pictures.example.com/")
    assert store.public_base == "https://pictures.example.com"
    assert await store.url(KEY) == f"https://pictures.example.com/{KEY}"
    assert await store.url(KEY, width=400, format=ImageFormat.WEBP) == (
        "https://pictures.example.com/cdn-cgi/image/width=400,format=webp,fit=scale-down/"
        "generated/img_1.png"
    )
