"""Where webhooks may go: no address by which a client could reach our own network."""

import re
import socket
from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gql_server.domain.errors import ErrorCode, InvalidInput
from gql_server.outbound.addresses import AddressRefused, is_global, resolve_host
from gql_server.webhooks.addresses import (
    REFUSAL,
    WebhookAddresses,
)

pytestmark = pytest.mark.anyio

PUBLIC = "93.184.216.34"
NAMES = {
    "example.com": [PUBLIC],
    "example.com.": [PUBLIC],
    "xn--mnchen-3ya.example": [PUBLIC, "2606:4700::1111"],
    "both.example": [PUBLIC, "10.0.0.8"],
    "inside.example": ["192.168.1.1"],
    "mapped.example": ["::ffff:10.0.0.8"],
    "nothing.example": [],
}


async def resolve(host: str, port: int) -> Sequence[str]:
    """Know some names, and let the system read what looks like a number."""
    if host in NAMES:
        return NAMES[host]
    if ".." in host or host.startswith("a" * 64):
        return await resolve_host(host, port)
    if host[:1].isdigit() or ":" in host or host.startswith("localhost"):
        return await resolve_host(host, port)
    if host == "away.example":
        raise socket.gaierror(socket.EAI_AGAIN, "try again")
    raise socket.gaierror(socket.EAI_NONAME, "unknown")


ADDRESSES = WebhookAddresses(allow_private=False, resolve=resolve)
PRIVATE = WebhookAddresses(allow_private=True, resolve=resolve)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/hook?token=abc",
        "https://example.com:8443/hook",
        "https://example.com:443/",
        "https://example.com./",
        "https://EXAMPLE.com/",
        "https://münchen.example/",
        f"https://{PUBLIC}/",
        "https://[2606:4700::1111]/",
    ],
)
async def test_public_addresses_are_taken_and_dialled(url: str) -> None:
    await ADDRESSES.check(url, path=("webhook_url",))
    _, found = await ADDRESSES.dial(url)
    assert found


@pytest.mark.parametrize(
    "url",
    [
        # loopback, private, link-local, metadata, this network
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.0.1:8443/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.100.100.200/",
        "https://168.63.129.16/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        # the same as other numbers
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://1.1/",
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://127。0。0。1/",
        # IPv6, and IPv4 within it
        "https://[::1]/",
        "https://[::]/",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[2002:7f00:1::]/",
        "https://[64:ff9b::10.0.0.1]/",
        "https://[64:ff9b:1::a00:1]/",
        "https://[2001:0:1::1]/",
        # names
        "https://localhost/",
        "https://localhost./",
        "https://api.localhost/",
        "https://metadata.google.internal/",
        "https://printer.local/",
        "https://inside.example/",
        "https://both.example/",
        "https://mapped.example/",
    ],
)
async def test_private_addresses_are_refused_when_given_and_when_dialled(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await ADDRESSES.check(url, path=("webhook_url",))
    assert (caught.value.code, caught.value.path) == (ErrorCode.INVALID, ("webhook_url",))
    with pytest.raises(AddressRefused):
        await ADDRESSES.dial(url)


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://example.com/", REFUSAL),
        ("ftp://example.com/", REFUSAL),
        ("example.com/hook", REFUSAL),
        ("", REFUSAL),
        ("https://", REFUSAL),
        ("https:///hook", REFUSAL),
        ("https://user:secret@example.com/", REFUSAL),
        ("https://user@example.com/", REFUSAL),
        ("https://example.com/#part", REFUSAL),
        ("https://example.com#", REFUSAL),
        ("https://example.com:22/", REFUSAL),
        ("https://example.com:0/", REFUSAL),
        ("https://example.com:70000/", REFUSAL),
        ("https://example.com/a b", REFUSAL),
        ("https://example.com/\r\nx: y", REFUSAL),
        ("https://example.com/\x00", REFUSAL),
        ("https://[::1/", REFUSAL),
        ("https://unknown.example/", REFUSAL),
        ("https://nothing.example/", REFUSAL),
        (f"https://{'a' * 70}.example/", REFUSAL),
        ("https://a..example/", REFUSAL),
        ("https://example.com/" + "a" * 2048, "2048"),
    ],
)
async def test_an_invalid_address_for_webhooks_is_refused_with_the_reason(
    url: str, word: str
) -> None:
    with pytest.raises(InvalidInput, match=re.escape(word)):
        await ADDRESSES.check(url, path=("webhook_url",))


@given(st.text(max_size=60) | st.text(max_size=40).map("https://{}".format))
async def test_any_text_is_an_address_or_refused_in_the_same_words(text: str) -> None:
    for url in (text, f"https://{text}.example/", "https://xn--a/", f"https://xn--{text}/"):
        try:
            await ADDRESSES.check(url, path=())
        except InvalidInput as refused:
            assert str(refused) == REFUSAL  # noqa: PT017 - many texts are addresses


async def test_a_host_that_cannot_be_looked_up_now_is_taken_and_looked_up_later() -> None:
    await ADDRESSES.check("https://away.example/", path=())
    with pytest.raises(AddressRefused):
        await ADDRESSES.dial("https://away.example/")


async def test_development_may_go_anywhere() -> None:
    for url in ("http://127.0.0.1:8001/hook", "https://localhost/", "http://[::1]:81/"):
        await PRIVATE.check(url, path=())
        await PRIVATE.dial(url)
    with pytest.raises(InvalidInput, match="password"):
        await PRIVATE.check("http://me:secret@127.0.0.1/", path=())


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("64:ff9b::8.8.8.8", True),
        ("2002:808:808::1", True),
        ("192.0.0.192", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("5f00::1", False),
    ],
)
def test_what_counts_as_the_public_internet(address: str, *, expected: bool) -> None:
    assert is_global(ip_address(address)) is expected
