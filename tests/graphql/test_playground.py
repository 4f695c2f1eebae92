import asyncio
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, OperationType, parse

from tests.support.running_app import RunningApp
from tests.support.subscriber import subscriber
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
EXAMPLES = (ROOT / "studio/src/playground/welcome.graphql").read_text("utf-8")


async def test_every_example_of_the_playground_can_be_run(app: RunningApp) -> None:
    names = operations(OperationType.QUERY, OperationType.MUTATION)
    assert names[0] == "MakeAPicture"
    for name in names:
        response = await app.client.post(
            "/graphql", json={"query": EXAMPLES, "operationName": name}
        )
        answer = response.json()
        assert "errors" not in answer, answer
        for payload in answer["data"].values():
            if isinstance(payload, dict):
                assert payload.get("userErrors", []) == []


async def test_every_subscription_of_the_playground_can_be_run(app: RunningApp) -> None:
    async with subscriber(app.settings.server_url) as client:
        names = operations(OperationType.SUBSCRIPTION)
        for name in names:
            payload = {"query": EXAMPLES, "operationName": name}
            await client.send(type="subscribe", id=name, payload=payload)
        async with asyncio.timeout(WAIT_SECONDS):
            while app.services.progress.watchers < len(names):
                await asyncio.sleep(0.005)
        await app.image()
        assert {(await client.receive())["id"] for _ in names} == set(names)


def operations(*kinds: OperationType) -> list[str]:
    return [
        definition.name.value
        for definition in parse(EXAMPLES).definitions
        if isinstance(definition, OperationDefinitionNode)
        and definition.name is not None
        and definition.operation in kinds
    ]
