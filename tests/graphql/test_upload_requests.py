"""Multipart requests: what is taken, and what is refused without harm."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from tests.support.running_app import UPLOAD, png, running_app

pytestmark = pytest.mark.anyio

PREFLIGHT = {"GraphQL-Require-Preflight": "1"}
OPERATIONS = {"query": UPLOAD, "variables": {"file": None}}
MAP = {"0": ["variables.file"]}
FILE = {"0": ("a.png", png(8, 8))}


@pytest.fixture(scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    async with running_app(tmp_path_factory.mktemp("uploads")) as app:
        yield app.client


async def send(
    client: httpx.AsyncClient,
    operations: Any = OPERATIONS,
    places: Any = MAP,
    files: Any = FILE,
    headers: Any = PREFLIGHT,
) -> httpx.Response:
    fields = {"operations": operations, "map": places}
    data = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in fields.items()
        if value is not None
    }
    return await client.post("/graphql", data=data, files=files, headers=headers)


@pytest.mark.parametrize(
    "header", ["GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name"]
)
async def test_a_file_is_taken_with_a_header_that_no_form_sends(
    client: httpx.AsyncClient, header: str
) -> None:
    response = await send(client, headers={header: "1"})
    assert response.json()["data"]["uploadSourceImage"]["sourceImage"]["width"] == 8


async def test_a_file_is_taken_with_a_token(client: httpx.AsyncClient) -> None:
    response = await send(client, headers={"Authorization": "bearer anything"})
    assert response.json()["data"]["uploadSourceImage"]["sourceImage"]["width"] == 8


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic dTpw"}])
async def test_a_form_of_another_page_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    """A browser adds a name and password that it knows to whatever form is sent."""
    response = await send(client, headers=headers)
    assert response.status_code == 403
    assert response.json()["errors"][0]["extensions"]["code"] == "PREFLIGHT_REQUIRED"


@pytest.mark.parametrize(
    ("operations", "places"),
    [
        (None, MAP), (OPERATIONS, None), ("{", MAP), (OPERATIONS, "{"), ("3", MAP),
        (OPERATIONS, "[]"), (OPERATIONS, {"0": "variables.file"}), (OPERATIONS, {"0": [1]}),
        (OPERATIONS, {"1": ["variables.file"]}), (OPERATIONS, {"operations": ["variables.file"]}),
        (OPERATIONS, {"0": ["variables.file.deeper"]}), (OPERATIONS, {"0": ["variables.other"]}),
        (OPERATIONS, {"0": ["query"]}), (OPERATIONS, {"0": ["variables"]}),
        (OPERATIONS, {"0": ["extensions.x"]}), (OPERATIONS, {"0": [""]}),
        (OPERATIONS, {"0": ["variables.__class__"]}), (OPERATIONS, {"0": ["variables.file"] * 101}),
        (OPERATIONS | {"variables": [None]}, {"0": ["variables.-1"]}),
        (OPERATIONS | {"variables": [None]}, {"0": ["variables." + "9" * 5000]}),
        (OPERATIONS | {"variables": {"file": "a text"}}, MAP),
        ("[" * 3000, MAP), ('{"a":' * 900 + "1" + "}" * 900, MAP),
    ],
)  # fmt: skip
async def test_a_hostile_form_is_the_clients_error(
    client: httpx.AsyncClient, operations: Any, places: Any
) -> None:
    response = await send(client, operations, places)
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"--b\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: x\r\n\r\n1\r\n--b--"),
        ("multipart/form-data; boundary=b", b"\xff" * 100),
        ("multipart/form-data; boundary=\xff", b"--b--"),
        (
            "multipart/form-data; boundary=b; charset=none",
            b'--b\r\nContent-Disposition: form-data; name="map"\r\n\r\n{}\r\n--b--',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="map"\r\n\r\n\xff\r\n--b--',
        ),
    ],
)
async def test_a_malformed_form_is_the_clients_error(
    client: httpx.AsyncClient, content_type: str, body: bytes
) -> None:
    headers: Sequence[tuple[bytes, bytes]] = [
        (b"content-type", content_type.encode("latin-1")),
        (b"graphql-require-preflight", b"1"),
    ]
    response = await client.post("/graphql", content=body, headers=headers)
    assert response.status_code == 400, response.text


async def test_files_are_bounded_in_number_and_in_all(client: httpx.AsyncClient) -> None:
    many = {str(number): ("a.png", b"1") for number in range(3)}
    assert (await send(client, files=many)).status_code == 400
    large = {"0": ("a.png", bytes(28 * 1024 * 1024 + 1))}
    response = await send(client, files=large)
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "REQUEST_TOO_LARGE"


def form(*parts: tuple[str, bytes]) -> dict[str, Any]:
    """Write a form whose heads stand as they are given: the arguments of a request."""
    body = b"".join(
        b"--b\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (head.encode(), data)
        for head, data in parts
    )
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    return {"content": body + b"--b--\r\n", "headers": PREFLIGHT | kind}


OPERATIONS_PART = ('name="operations"', json.dumps(OPERATIONS).encode())
MAP_PART = ('name="map"', json.dumps(MAP).encode())
PICTURE = png(8, 8)


@pytest.mark.parametrize(
    "head",
    [
        "name=\"0\"; filename*=UTF-8''f%C3%BCchse.png",
        'name="0"; filename="fox.png"; filename*=UTF-8\'\'f%C3%BCchse.png',
        "name=\"0\"; filename*=UTF-8''%22%3B%20name%3Dmap%0D%0A",
        "name=\"0\"; filename*=no-charset''%FF",
        "name*=UTF-8''0; filename*0=fo; filename*1=x.png",
    ],
)
async def test_a_file_may_have_its_name_in_the_extended_syntax(
    client: httpx.AsyncClient, head: str
) -> None:
    request = form(OPERATIONS_PART, MAP_PART, (head, PICTURE))
    answer = (await client.post("/graphql", **request)).json()
    assert answer["data"]["uploadSourceImage"]["sourceImage"]["width"] == 8


async def test_operations_and_map_may_be_sent_as_files(client: httpx.AsyncClient) -> None:
    """A browser gives a ``Blob`` a file name; it counts as no file."""
    request = form(
        ('name="operations"; filename="blob"', OPERATIONS_PART[1]),
        ("name=\"map\"; filename*=UTF-8''blob", MAP_PART[1]),
        ('name="0"; filename="fox.png"', PICTURE),
    )
    answer = (await client.post("/graphql", **request)).json()
    assert answer["data"]["uploadSourceImage"]["sourceImage"]["width"] == 8


async def test_a_file_without_a_file_name_is_named(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/graphql", **form(OPERATIONS_PART, MAP_PART, ('name="0"', PICTURE))
    )
    assert response.status_code == 400
    assert '"0", which was sent as text' in response.json()["errors"][0]["message"]


async def test_operations_may_be_as_long_as_a_body(client: httpx.AsyncClient) -> None:
    """The default of MAX_BODY_BYTES is 8 MiB, for all that is no file."""
    long = OPERATIONS | {"extensions": {"note": "x" * (7 * 1024 * 1024)}}
    response = await send(client, long)
    assert response.json()["data"]["uploadSourceImage"]["sourceImage"]["width"] == 8
    half = {"note": "x" * (5 * 1024 * 1024)}
    response = await send(client, OPERATIONS | {"extensions": half}, json.dumps(MAP) + " " * 2**22)
    assert response.status_code == 413
    error = response.json()["errors"][0]
    assert error["extensions"]["code"] == "REQUEST_TOO_LARGE"
    assert str(8 * 1024 * 1024) in error["message"]
