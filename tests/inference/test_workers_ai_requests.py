from base64 import b64decode, b64encode

import httpx
import pytest

from gql_server.domain.errors import GenerationFailed
from gql_server.domain.parameters import Parameters
from gql_server.inference.workers_ai import WorkersAI
from gql_server.pictures.formats import ImageFormat
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import out_of_capacity
from tests.support.workers_ai_client import (
    FLUX,
    FLUX_2,
    INPAINTING,
    KLEIN,
    PHOENIX,
    SDXL,
    catalogue,
    jpeg,
    model,
    png,
    request_for,
    workers_ai_client,
)

pytestmark = pytest.mark.anyio

EVERYTHING = Parameters(
    negative_prompt="blurry",
    width=512,
    height=768,
    steps=3,
    guidance=7.5,
    seed=42,
    strength=0.5,
)

SENT_OF_EVERYTHING: dict[str, dict[str, object]] = {
    FLUX: {"steps": 3, "seed": 42},
    FLUX_2: {"width": "512", "height": "768", "steps": "3", "guidance": "7.5", "seed": "42"},
    KLEIN: {"width": "512", "height": "768", "guidance": "7.5", "seed": "42"},
    "@cf/black-forest-labs/flux-2-klein-9b": {
        "width": "512",
        "height": "768",
        "guidance": "7.5",
        "seed": "42",
    },
    "@cf/leonardo/lucid-origin": {
        "width": 512,
        "height": 768,
        "num_steps": 3,
        "guidance": 7.5,
        "seed": 42,
    },
    PHOENIX: {
        "width": 512,
        "height": 768,
        "num_steps": 3,
        "guidance": 7.5,
        "seed": 42,
        "negative_prompt": "blurry",
    },
}

HOSTED = [model.id for model in catalogue().models if model.id.startswith("@cf/")]

STABLE_DIFFUSION = {
    "width": 512,
    "height": 768,
    "num_steps": 3,
    "guidance": 7.5,
    "seed": 42,
    "negative_prompt": "blurry",
    "strength": 0.5,
}


@pytest.mark.parametrize("model_id", HOSTED)
async def test_every_model_makes_an_image_with_all_its_parameters_under_its_own_names(
    fake_workers_ai: FakeWorkersAI, model_id: str
) -> None:
    chosen = model(model_id)
    inputs = chosen.image_inputs
    pictures = (png(512, 512),) * (inputs.maximum if inputs else 0)
    masked = inputs is not None and inputs.mask != "none"
    request = request_for(
        model_id,
        parameters=EVERYTHING,
        source_images=pictures,
        mask=png() if masked else None,
    )
    async with workers_ai_client(fake_workers_ai) as client:
        picture = await client.generate(request)

    sent = fake_workers_ai.requests[0]
    numbers = {k: v for k, v in sent.parameters.items() if k != "mask" and "image" not in k}
    assert sent.prompt == request.prompt
    assert numbers == SENT_OF_EVERYTHING.get(model_id, STABLE_DIFFUSION)
    size = (1024, 1024) if chosen.fixed_size else (512, 768)
    assert (picture.info.width, picture.info.height) == size
    assert picture.seconds > 0


@pytest.mark.parametrize("model_id", HOSTED)
async def test_what_is_not_given_is_not_sent(fake_workers_ai: FakeWorkersAI, model_id: str) -> None:
    chosen = model(model_id)
    needed = chosen.image_inputs is not None and chosen.image_inputs.minimum > 0
    request = request_for(
        model_id,
        source_images=(png(),) if needed else (),
        mask=png() if model_id == INPAINTING else None,
    )
    async with workers_ai_client(fake_workers_ai) as client:
        await client.generate(request)
    assert fake_workers_ai.requests[0].parameters.keys() <= {"image_b64", "mask"}


async def test_a_multipart_model_gets_a_form_with_a_boundary_even_for_a_prompt_alone(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    async with workers_ai_client(fake_workers_ai) as client:
        await client.generate(request_for(KLEIN))
    sent = fake_workers_ai.requests[0]
    assert sent.form == "multipart"
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert sent.parameters == {}


async def test_a_form_is_sent_again_whole_after_a_failure(fake_workers_ai: FakeWorkersAI) -> None:
    fake_workers_ai.next(out_of_capacity())
    async with workers_ai_client(fake_workers_ai) as client:
        await client.generate(request_for(FLUX_2, source_images=(png(), jpeg())))
    first, second = fake_workers_ai.requests
    assert first.parameters == second.parameters
    assert second.refusal is None


async def test_reference_images_go_as_numbered_files(fake_workers_ai: FakeWorkersAI) -> None:
    pictures = (png(colour="red"), jpeg(colour="blue"), png(512, 512), jpeg(1, 1))
    async with workers_ai_client(fake_workers_ai) as client:
        await client.generate(request_for(FLUX_2, source_images=pictures))
    assert fake_workers_ai.requests[0].parameters == {
        f"input_image_{number}": picture for number, picture in enumerate(pictures)
    }


async def test_a_source_image_goes_as_base64_and_a_mask_as_integers(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    source, mask = png(colour="red"), png(colour="white")
    async with workers_ai_client(fake_workers_ai) as client:
        await client.generate(request_for(INPAINTING, source_images=(source,), mask=mask))
    sent = fake_workers_ai.requests[0].parameters
    assert sent == {"image_b64": b64encode(source).decode(), "mask": list(mask)}
    assert b64decode(str(sent["image_b64"])) == source


async def test_a_prompt_in_any_script_arrives_as_it_is(fake_workers_ai: FakeWorkersAI) -> None:
    prompt = 'Ein „Fuchs" 🦊\n狐狸 \\ "quoted" --boundary'
    async with workers_ai_client(fake_workers_ai) as client:
        await client.generate(request_for(FLUX, prompt))
        await client.generate(request_for(KLEIN, prompt))
    assert [request.prompt for request in fake_workers_ai.requests] == [prompt, prompt]


async def test_cloudflares_address_has_the_account_and_the_model(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    async with workers_ai_client(
        fake_workers_ai, base_url=f"{fake_workers_ai.base_url}/"
    ) as client:
        await client.generate(request_for(FLUX))
    path = f"/client/v4/accounts/{fake_workers_ai.account_id}/ai/run/{FLUX}"
    assert fake_workers_ai.requests[0].path == path


async def test_an_ai_gateways_address_takes_the_model_right_after_it(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    async with workers_ai_client(
        fake_workers_ai, base_url=fake_workers_ai.gateway_base_url
    ) as client:
        picture = await client.generate(request_for(SDXL))
    assert fake_workers_ai.requests[0].path.endswith(f"/a-gateway/workers-ai/{SDXL}")
    assert picture.info.format is ImageFormat.PNG


async def test_an_ai_gateway_gets_its_own_token_beside_the_accounts(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    fake_workers_ai.gateway_token = "a-gateways-token"
    base_url = fake_workers_ai.gateway_base_url
    async with workers_ai_client(
        fake_workers_ai, base_url=base_url, gateway_token="a-gateways-token"
    ) as client:
        await client.generate(request_for(FLUX))
        assert "a-gateways-token" not in repr(vars(client))


@pytest.mark.parametrize("token", [None, "another-token"])
async def test_an_ai_gateway_that_rejects_its_token_is_an_operators_error(
    fake_workers_ai: FakeWorkersAI, token: str | None
) -> None:
    fake_workers_ai.gateway_token = "a-gateways-token"
    base_url = fake_workers_ai.gateway_base_url
    async with workers_ai_client(fake_workers_ai, base_url=base_url, gateway_token=token) as client:
        with pytest.raises(GenerationFailed) as caught:
            await client.generate(request_for(FLUX))
    assert caught.value.needs_operator
    assert caught.value.provider_code == 2009
    assert len(fake_workers_ai.requests) == 1


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak"])
def test_a_gateways_token_that_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        WorkersAI(
            account_id="an-account",
            api_token="a-token",
            gateway_token=token,
            base_url="https://api.test",
        )


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "schlüssel"])
def test_a_token_that_no_header_can_carry_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(ValueError, match="a token is") as caught:
        WorkersAI(account_id="an-account", api_token=token, base_url="https://api.test")
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["", "api.cloudflare.com", "ftp://host/path", "http://", "https://host/?a=b"]
)
def test_a_base_url_that_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        WorkersAI(account_id="an-account", api_token="a-token", base_url=address)


async def test_the_token_goes_into_the_authorization_header_alone(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    async with workers_ai_client(fake_workers_ai) as client:
        await client.generate(request_for(FLUX))
        assert fake_workers_ai.token not in repr(vars(client))
    sent = fake_workers_ai.requests[0]
    assert fake_workers_ai.token not in repr(sent)
    assert httpx.URL(fake_workers_ai.base_url).host in sent.headers["host"]
