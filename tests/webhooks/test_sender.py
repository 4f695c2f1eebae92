"""One request to a receiver: to the very address that was checked, bounded in every way."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.responses import RedirectResponse, Response, StreamingResponse

from gql_server.domain.clock import now
from gql_server.webhooks import sender as sending
from gql_server.webhooks.addresses import REFUSAL, WebhookAddresses
from gql_server.webhooks.sender import Answer, WebhookSender
from tests.support.receiver import Receiver, running_receiver
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio


class Names:
    """A name server whose answers change."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.requests = 0

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        del host, port
        self.requests += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def send(
    url: str,
    names: Names | None = None,
    *,
    allow_private: bool = True,
    timeout_seconds: float = 5.0,
    verify: ssl.SSLContext | None = None,
) -> Answer:
    addresses = WebhookAddresses(
        allow_private=allow_private, resolve=(names or Names(["127.0.0.1"])).resolve
    )
    sender = WebhookSender(addresses, timeout_seconds=timeout_seconds, verify=verify)
    try:
        return await sender.send(url, {"webhook-id": "whk_1"}, '{"a":1}')
    finally:
        await sender.close()


async def test_a_name_that_leads_inside_by_now_is_not_dialled(receiver: Receiver) -> None:
    names = Names(["93.184.216.34"], ["127.0.0.1"])
    url = f"https://rebinding.example:{receiver.port}/hook"
    addresses = WebhookAddresses(allow_private=False, resolve=names.resolve)
    await addresses.check(url, path=())
    answer = await send(url, names, allow_private=False)
    assert answer == Answer(error=REFUSAL)
    assert receiver.received == []


async def test_the_address_that_was_looked_at_is_the_one_that_is_dialled(
    receiver: Receiver,
) -> None:
    # Asked a second time it would be an address where nobody is.
    names = Names(["127.0.0.1"], ["127.255.255.254"])
    answer = await send(f"http://hooks.example:{receiver.port}/hook", names)
    assert (answer.status_code, names.requests) == (204, 1)
    (received,) = receiver.received
    assert received.headers["host"] == f"hooks.example:{receiver.port}"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["user-agent"].startswith("gql_server/")
    assert received.body == b'{"a":1}'


async def test_another_address_of_the_host_is_tried(receiver: Receiver) -> None:
    names = Names(["127.255.255.254", "127.0.0.1"])
    answer = await send(f"http://hooks.example:{receiver.port}/hook", names)
    assert answer.status_code == 204


async def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.next(lambda: RedirectResponse(f"{receiver.url}/inside", status_code=307))
    answer = await send(receiver.url)
    assert answer.status_code == 307
    assert answer.error == "The receiver returned 307; redirects are not followed."
    assert len(receiver.received) == 1


async def test_an_endless_body_is_not_read_to_its_end(receiver: Receiver) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100_000_000:
            sent += 65_536
            yield b"x" * 65_536

    receiver.next(lambda: StreamingResponse(endless()))
    assert await send(receiver.url) == Answer(200)
    assert sent < 50_000_000


async def test_a_body_that_does_not_end_is_not_waited_for(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_BODY_SECONDS", 0.1)

    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(600)

    receiver.next(lambda: StreamingResponse(slow(), status_code=202))
    async with asyncio.timeout(WAIT_SECONDS):
        assert await send(receiver.url) == Answer(202)


async def test_an_answer_that_does_not_come_is_given_up() -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        answer = await send(f"http://127.0.0.1:{port}/", timeout_seconds=0.1)
    assert answer == Answer(error="No response within 0.1 seconds.")


async def test_an_unreachable_receiver_is_reported_in_few_words() -> None:
    answer = await send("http://127.0.0.1:9/")
    assert answer == Answer(error="The connection failed.")


async def test_an_answer_that_is_no_http_is_reported_in_few_words() -> None:
    async def mumble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(7)
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(mumble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        answer = await send(f"http://127.0.0.1:{port}/")
    assert answer == Answer(error="The response was not HTTP.")


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [("120", 120, 120), ("date", 3500, 3600), ("soon", None, None), ("-5", None, None)],
)
async def test_a_receiver_says_when_to_come_again(
    receiver: Receiver, header: str, least: float | None, most: float | None
) -> None:
    if header == "date":
        header = f"{now() + timedelta(hours=1):%a, %d %b %Y %H:%M:%S} GMT"
    receiver.next(lambda: Response(status_code=503, headers={"retry-after": header}))
    answer = await send(receiver.url)
    assert answer.error == "The receiver returned 503."
    if least is None or most is None:
        assert answer.retry_after is None
    else:
        assert answer.retry_after is not None
        assert least <= answer.retry_after <= most


async def test_the_certificate_must_be_the_named_hosts(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "hooks.example")
    trust = ssl.create_default_context(cafile=str(certificate))
    async with running_receiver(str(certificate), str(key)) as receiver:
        answer = await send(f"https://hooks.example:{receiver.port}/", verify=trust)
        assert answer == Answer(204)
        for host in ("other.example", "127.0.0.1"):
            answer = await send(f"https://{host}:{receiver.port}/", verify=trust)
            assert answer == Answer(error="The receiver's certificate was not accepted.")
        answer = await send(f"https://hooks.example:{receiver.port}/")
        assert answer == Answer(error="The receiver's certificate was not accepted.")
        assert len(receiver.received) == 1


def make_certificate(folder: Path, host: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files
