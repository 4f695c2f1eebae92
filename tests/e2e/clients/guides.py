"""The code of docs/clients for Python: it uploads, reads pages, repeats a request, and watches a
batch while the server is stopped and started again."""

import asyncio
import importlib
import sys
from pathlib import Path
from typing import Any

import httpx

COUNT = 60
BATCH = """mutation ($prompts: [String!]!) { generateBatch(input: {
  model: "@cf/lykon/dreamshaper-8-lcm", width: 256, height: 256
  pictures: { prompts: $prompts } }) { batch { id } } }"""


def field(value: Any, name: str) -> Any:
    """Read a field of a dictionary, or of a typed object."""
    snake = "".join(f"_{one.lower()}" if one.isupper() else one for one in name)
    return value[name] if isinstance(value, dict) else getattr(value, snake)


async def main(names: list[str]) -> None:
    modules = {name: importlib.import_module(name) for name in names}
    for generated, (name, module) in enumerate(modules.items(), 1):
        uploaded = await module.upload(Path("pixel.png"))
        assert field(uploaded, "userErrors") == [], name
        assert field(field(uploaded, "sourceImage"), "id").startswith("src_")
        first = field(await module.generate("A red fox", f"{name}-1"), "image")
        again = field(await module.generate("A red fox", f"{name}-1"), "image")
        assert field(again, "id") == field(first, "id"), name
        read = {field(image, "id") async for image in module.read_all(1)}
        assert len(read) == generated, name
    server = next(iter(modules.values())).SERVER
    prompts = [f"A red fox, {number}" for number in range(COUNT)]
    async with httpx.AsyncClient() as client:
        body = {"query": BATCH, "variables": {"prompts": prompts}}
        answer = (await client.post(f"{server}/graphql", json=body)).json()
    batch_id = answer["data"]["generateBatch"]["batch"]["id"]
    seen: dict[str, list[int]] = {name: [] for name in modules}

    async def watch(name: str) -> None:
        async for item in modules[name].watch(batch_id):
            seen[name].append(field(item, "sequence"))

    async with asyncio.TaskGroup() as group:
        for name in modules:
            group.create_task(watch(name))
        while not all(len(sequences) >= 3 for sequences in seen.values()):
            await asyncio.sleep(0.02)
        print("stop", flush=True)  # noqa: T201 - the test restarts the server then
        for module in modules.values():
            group.create_task(module.generate("A hare"))
    for name, sequences in seen.items():
        assert sequences == list(range(1, COUNT + 1)), (name, sequences)


asyncio.run(main(sys.argv[1:]))
