"""What an AI Gateway is told of each call, and which calls go around it."""

import json
from dataclasses import replace

import pytest

from gql_server.domain.parameters import Parameters
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_client import FLUX, KLEIN, request_for, workers_ai_client

pytestmark = pytest.mark.anyio

WAN = "alibaba/wan-2.6-image"
LABELS = {"user": "zoë", "image": "img_1"}


async def test_calls_through_a_gateway_say_whose_they_are(fake_workers_ai: FakeWorkersAI) -> None:
    async with workers_ai_client(
        fake_workers_ai, gateway_id="mine", gateway_logs_payloads=False
    ) as client:
        for model in (FLUX, WAN):
            await client.generate(replace(request_for(model), labels=LABELS))
    for call in fake_workers_ai.requests:
        assert call.headers["cf-aig-gateway-id"] == "mine"
        assert call.headers["cf-aig-skip-cache"] == "true"
        assert call.headers["cf-aig-collect-log-payload"] == "false"
        assert json.loads(call.headers["cf-aig-metadata"]) == LABELS


async def test_an_image_that_can_be_made_again_may_come_from_the_cache(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    async with workers_ai_client(fake_workers_ai, gateway_id="mine") as client:
        await client.generate(request_for(FLUX, parameters=Parameters(seed=7)))
    (call,) = fake_workers_ai.requests
    assert "cf-aig-skip-cache" not in call.headers
    assert "cf-aig-collect-log-payload" not in call.headers


async def test_flux_2_goes_around_the_gateway(fake_workers_ai: FakeWorkersAI) -> None:
    async with workers_ai_client(fake_workers_ai, gateway_id="mine") as client:
        await client.generate(replace(request_for(KLEIN), labels=LABELS))
    async with workers_ai_client(
        fake_workers_ai, base_url=fake_workers_ai.gateway_base_url
    ) as client:
        await client.generate(request_for(KLEIN))
    for call in fake_workers_ai.requests:
        assert not any(name.startswith("cf-aig-") for name in call.headers)
        assert call.path.endswith(f"/ai/run/{KLEIN}")


async def test_models_of_others_are_called_beside_a_gateways_own_address(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    async with workers_ai_client(
        fake_workers_ai, base_url=fake_workers_ai.gateway_base_url
    ) as client:
        await client.generate(request_for(WAN))
    (call,) = fake_workers_ai.requests
    assert call.path.endswith("/ai/run")
    assert call.headers["cf-aig-gateway-id"] == "a-gateway"


async def test_the_id_of_the_log_is_kept(fake_workers_ai: FakeWorkersAI) -> None:
    async with workers_ai_client(fake_workers_ai, gateway_id="mine") as client:
        picture = await client.generate(request_for(FLUX))
        assert picture.log_id is None
        fake_workers_ai.reply_headers = {"cf-aig-log-id": "0199-abc"}
        picture = await client.generate(request_for(FLUX))
    assert picture.log_id == "0199-abc"
