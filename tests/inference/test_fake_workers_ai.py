"""The stand-in refuses what the service would refuse."""

import json
import subprocess
import sys
from base64 import b64encode

import httpx
import pytest

from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_client import FLUX, FLUX_2, INPAINTING, KLEIN, PHOENIX, SDXL, png

IMG2IMG = "@cf/runwayml/stable-diffusion-v1-5-img2img"
LUCID = "@cf/leonardo/lucid-origin"


def address(fake_workers_ai: FakeWorkersAI, model: str) -> str:
    return f"{fake_workers_ai.base_url}/accounts/{fake_workers_ai.account_id}/ai/run/{model}"


def authorization(fake_workers_ai: FakeWorkersAI) -> dict[str, str]:
    return {"Authorization": f"Bearer {fake_workers_ai.token}"}


def code_of(response: httpx.Response) -> int:
    envelope = response.json()
    assert envelope["success"] is False
    assert envelope["result"] is None
    return int(envelope["errors"][0]["code"])


BASE64_PNG = b64encode(png()).decode()


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (FLUX, {}),
        (FLUX, {"prompt": ""}),
        (FLUX, {"prompt": 7}),
        (FLUX, {"prompt": "a" * 2049}),
        (FLUX, {"prompt": "a", "steps": 0}),
        (FLUX, {"prompt": "a", "steps": 9}),
        (FLUX, {"prompt": "a", "steps": 4.5}),
        (FLUX, {"prompt": "a", "steps": "4"}),
        (FLUX, {"prompt": "a", "steps": True}),
        (FLUX, {"prompt": "a", "steps": None}),
        (FLUX, {"prompt": "a", "num_steps": 4}),
        (FLUX, {"prompt": "a", "width": 512}),
        (FLUX, {"prompt": "a", "negative_prompt": "b"}),
        (FLUX, {"prompt": "a", "options": {"rejectIfBusy": 1}}),
        (LUCID, {"prompt": "a", "num_steps": 41}),
        (LUCID, {"prompt": "a", "guidance": 10.5}),
        (LUCID, {"prompt": "a", "width": 2501}),
        (LUCID, {"prompt": "a", "seed": -1}),
        (PHOENIX, {"prompt": "a", "guidance": 1.9}),
        (PHOENIX, {"prompt": "a", "num_steps": 51}),
        (PHOENIX, {"prompt": "a", "height": 2049}),
        (SDXL, {"prompt": "a", "width": 255}),
        (SDXL, {"prompt": "a", "num_steps": 21}),
        (SDXL, {"prompt": "a", "strength": 1.1}),
        (SDXL, {"prompt": "a", "image_b64": "no base64!"}),
        (SDXL, {"prompt": "a", "image_b64": b64encode(b"no picture").decode()}),
        (SDXL, {"prompt": "a", "image": [256]}),
        (SDXL, {"prompt": "a", "image": list(b"no picture")}),
        (IMG2IMG, {"prompt": "a"}),
        (INPAINTING, {"prompt": "a", "image_b64": BASE64_PNG}),
        (INPAINTING, {"prompt": "a", "mask": list(png())}),
    ],
)
def test_json_that_breaks_a_rule_is_refused(
    fake_workers_ai: FakeWorkersAI, model: str, body: dict[str, object]
) -> None:
    response = httpx.post(
        address(fake_workers_ai, model), json=body, headers=authorization(fake_workers_ai)
    )
    assert response.status_code == 400
    assert code_of(response) in {5004, 3003}
    assert fake_workers_ai.requests[0].refusal is not None


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        (KLEIN, {"steps": "4"}),
        (KLEIN, {"width": "255"}),
        (FLUX_2, {"width": "1921"}),
        (FLUX_2, {"width": "wide"}),
        (FLUX_2, {"steps": "2.5"}),
        (FLUX_2, {"negative_prompt": "b"}),
        (FLUX_2, {"input_image_4": png()}),
        (FLUX_2, {"input_image_0": png(513, 8)}),
        (FLUX_2, {"input_image_0": b"no picture"}),
        (FLUX_2, {"input_image_0": "text"}),
    ],
)
def test_a_form_that_breaks_a_rule_is_refused(
    fake_workers_ai: FakeWorkersAI, model: str, parts: dict[str, str | bytes]
) -> None:
    files: dict[str, tuple[str | None, str | bytes]] = {"prompt": (None, "a fox")}
    for name, value in parts.items():
        files[name] = (name if isinstance(value, bytes) else None, value)
    response = httpx.post(
        address(fake_workers_ai, model), files=files, headers=authorization(fake_workers_ai)
    )
    assert (response.status_code, code_of(response)) == (400, 5004)


def test_the_wrong_form_is_refused(fake_workers_ai: FakeWorkersAI) -> None:
    headers = authorization(fake_workers_ai)
    as_json = httpx.post(address(fake_workers_ai, KLEIN), json={"prompt": "a"}, headers=headers)
    as_form = httpx.post(
        address(fake_workers_ai, FLUX), files={"prompt": (None, "a")}, headers=headers
    )
    without_boundary = httpx.post(
        address(fake_workers_ai, KLEIN),
        content=b"--x\r\n",
        headers=headers | {"Content-Type": "multipart/form-data"},
    )
    without_type = httpx.post(address(fake_workers_ai, FLUX), content=b"{}", headers=headers)
    not_json = httpx.post(
        address(fake_workers_ai, FLUX),
        content=b"{",
        headers=headers | {"Content-Type": "application/json"},
    )
    answers = (as_json, as_form, without_boundary, without_type, not_json)
    assert [code_of(answer) for answer in answers] == [5004, 5004, 3003, 3003, 5004]


def test_tokens_accounts_and_models_that_are_not_there_are_refused(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    url, body = address(fake_workers_ai, FLUX), {"prompt": "a fox"}
    other_account = f"{fake_workers_ai.base_url}/accounts/other/ai/run/{FLUX}"
    missing = httpx.post(url, json=body)
    wrong = httpx.post(url, json=body, headers={"Authorization": "Bearer wrong"})
    elsewhere = httpx.post(other_account, json=body, headers=authorization(fake_workers_ai))
    unknown = httpx.post(
        address(fake_workers_ai, "@cf/no/model"), json=body, headers=authorization(fake_workers_ai)
    )
    assert [(answer.status_code, code_of(answer)) for answer in (missing, wrong, elsewhere)] == [
        (401, 10000),
        (403, 10000),
        (403, 10000),
    ]
    assert (unknown.status_code, code_of(unknown)) == (400, 5007)


def test_what_the_service_takes_is_taken(fake_workers_ai: FakeWorkersAI) -> None:
    body = {"prompt": "a", "image": list(png()), "options": {"rejectIfBusy": True}, "seed": 7}
    response = httpx.post(
        address(fake_workers_ai, IMG2IMG), json=body, headers=authorization(fake_workers_ai)
    )
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/png"
    assert fake_workers_ai.requests[0].refusal is None


def test_it_runs_as_a_process_of_its_own_and_takes_orders_there() -> None:
    command = [sys.executable, "-m", "tests.support.workers_ai", "--latency", "0.01"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            started = json.loads(process.stdout.readline())
            origin = str(httpx.URL(started["base_url"]).join("/"))
            url = f"{started['base_url']}/accounts/{started['account_id']}/ai/run/{FLUX}"
            headers = {"Authorization": f"Bearer {started['token']}"}
            httpx.post(f"{origin}_next", json=["out_of_capacity"])
            statuses = [
                httpx.post(url, json={"prompt": prompt}, headers=headers).status_code
                for prompt in ("a fox", "a fox", "a fox [stand-in: token_rejected]")
            ]
            recorded = httpx.get(f"{origin}_requests").json()
        finally:
            process.kill()
    assert statuses == [429, 200, 401]
    assert [request["prompt"] for request in recorded][:2] == ["a fox", "a fox"]
