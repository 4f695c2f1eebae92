"""Attacks by requests: bodies, renditions, and what models do for others."""

import asyncio
import gzip
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

import httpx

from tests.attacks.operations import FLUX, send


async def attack_compressed_bodies(url: str, keys: Mapping[str, str]) -> None:
    """Send bodies that would become a thousand times as long."""
    body = gzip.compress(b" " * 50_000_000, 9)
    headers = {
        "Authorization": f"Bearer {keys['reader']}",
        "Content-Encoding": "gzip",
        "Content-Type": "application/json",
    }
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        answers = await asyncio.gather(*(client.post("/graphql", content=body) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {415}


async def attack_many_parts(url: str, keys: Mapping[str, str]) -> None:
    """Send multipart bodies of very many parts, and of parts with long names."""
    edge = "x" * 60
    parts = "".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="{number}"\r\n\r\n\r\n'
        for number in range(60_000)
    )
    long = f'--{edge}\r\nContent-Disposition: form-data; name="{"n" * 3_000_000}"\r\n\r\n\r\n'
    headers = {
        "Authorization": f"Bearer {keys['creator']}",
        "GraphQL-Require-Preflight": "1",
        "Content-Type": f"multipart/form-data; boundary={edge}",
    }
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        for body in (parts, long):
            with suppress(httpx.HTTPError):
                answer = await client.post("/graphql", content=f"{body}--{edge}--\r\n".encode())
                assert 400 <= answer.status_code < 500


async def attack_slow_bodies(url: str, keys: Mapping[str, str]) -> None:  # noqa: ARG001 - anybody
    """Open many requests whose bodies never come."""
    parts = urlsplit(url)
    head = f"POST /graphql HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 100000\r\n\r\n"

    async def once() -> None:
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        with suppress(ConnectionError):
            writer.write(head.encode())
            await writer.drain()
            await asyncio.sleep(3)
        writer.transport.abort()

    await asyncio.gather(*(once() for _ in range(200)))


async def attack_renditions(url: str, keys: Mapping[str, str]) -> None:
    """Ask for a picture in every width."""
    make = (
        "mutation M($input: GenerateImageInput!) { generateImage(input: $input) { image { url } } }"
    )
    variables = {"input": {"prompt": "A red fox", "model": FLUX}}
    answer = await send(url, keys["creator"], make, variables)
    address = answer["data"]["generateImage"]["image"]["url"]
    joint = "&" if "?" in address else "?"
    async with httpx.AsyncClient(timeout=60) as client:
        answers = await asyncio.gather(
            *(client.get(f"{address}{joint}width={width}") for width in range(100, 600))
        )
    assert {answer.status_code for answer in answers} <= {200, 403, 429, 503}


async def attack_performance(url: str, keys: Mapping[str, str]) -> None:
    """Ask what everybody together makes, hour by hour."""
    query = (
        "query P($since: DateTime) { models { performance(since: $since) { images failures } } }"
    )
    for hour in range(10):
        answer = await send(url, keys["reader"], query, {"since": f"2026-11-27T{hour:02}:00:00Z"})
        counts = {
            value for model in answer["data"]["models"] for value in model["performance"].values()
        }
        assert counts == {None}
