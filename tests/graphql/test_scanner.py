"""What the scanner graphql-cop looks for: its twelve checks, under its names."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from gql_server.domain.principal import Role
from tests.support.clients import client_of
from tests.support.running_app import RunningApp, running_app

pytestmark = pytest.mark.anyio

CLOSED = {"introspection": False, "suggestions": False, "playground": False, "get_queries": False}


@pytest.fixture(scope="module")
async def closed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningApp]:
    async with running_app(tmp_path_factory.mktemp("closed"), CLOSED) as app:
        yield app


@pytest.fixture(scope="module")
async def open_to_all(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningApp]:
    async with running_app(tmp_path_factory.mktemp("open")) as app:
        yield app


Check = Callable[[httpx.AsyncClient], Awaitable[bool]]
TYPENAME = "query cop { __typename }"


async def answer(client: httpx.AsyncClient, query: str) -> Any:
    body = {"query": query, "operationName": "cop"}
    return (await client.post("/graphql", json=body)).json()


def data(found: Any) -> Mapping[str, Any]:
    return (found.get("data") or {}) if isinstance(found, dict) else {}


async def field_suggestions(client: httpx.AsyncClient) -> bool:
    return "Did you mean" in str(await answer(client, "query cop { __schema { directive } }"))


async def introspection(client: httpx.AsyncClient) -> bool:
    document = "query cop { __schema { types { name fields { name } } } }"
    return bool(data(await answer(client, document)))


async def detect_graphiql(client: httpx.AsyncClient) -> bool:
    page = await client.get("/graphql", headers={"accept": "text/html"})
    words = ("graphiql", "graphql playground", "graphql-playground")
    return any(word in page.text.lower() for word in words)


async def get_method_support(client: httpx.AsyncClient) -> bool:
    return bool(data((await client.get("/graphql", params={"query": TYPENAME})).json()))


async def alias_overloading(client: httpx.AsyncClient) -> bool:
    aliases = " ".join(f"alias{number}: __typename" for number in range(101))
    return "alias100" in data(await answer(client, f"query cop {{ {aliases} }}"))


async def batch_query(client: httpx.AsyncClient) -> bool:
    return isinstance((await client.post("/graphql", json=[{"query": TYPENAME}] * 10)).json(), list)


async def trace_mode(client: httpx.AsyncClient) -> bool:
    return "tracing" in str(await answer(client, TYPENAME)).lower()


async def directive_overloading(client: httpx.AsyncClient) -> bool:
    found = await answer(client, "query cop { __typename " + "@aa" * 10 + " }")
    return len(found["errors"]) == 10


async def circular_query_introspection(client: httpx.AsyncClient) -> bool:
    nested = "fields { type { " * 4 + "name" + " } }" * 4
    document = f"query cop {{ __schema {{ types {{ {nested} }} }} }}"
    return bool(data(await answer(client, document)))


async def get_based_mutation(client: httpx.AsyncClient) -> bool:
    parameters = {"query": "mutation cop { __typename }"}
    return bool(data((await client.get("/graphql", params=parameters)).json()))


async def post_based_csrf(client: httpx.AsyncClient) -> bool:
    return bool(data((await client.post("/graphql", data={"query": TYPENAME})).json()))


async def unhandled_error_detection(client: httpx.AsyncClient) -> bool:
    return "exception" in str(await answer(client, "qwerty cop { abc }")).lower()


async def field_duplication(client: httpx.AsyncClient) -> bool:
    """It has this check too, and leaves it out."""
    return bool(data(await answer(client, "query cop { " + "__typename " * 500 + "}")))


CHECKS: Final[tuple[Check, ...]] = (
    field_suggestions,
    introspection,
    detect_graphiql,
    get_method_support,
    alias_overloading,
    batch_query,
    trace_mode,
    directive_overloading,
    circular_query_introspection,
    get_based_mutation,
    post_based_csrf,
    unhandled_error_detection,
    field_duplication,
)


async def findings(client: httpx.AsyncClient) -> set[str]:
    return {check.__name__ for check in CHECKS if await check(client)}


async def test_with_keys_the_scanner_finds_nothing_with_and_without_one(
    app_with_keys: RunningApp,
) -> None:
    assert await findings(app_with_keys.client) == set()
    for role in (Role.READER, Role.CREATOR):
        async with client_of(app_with_keys, "ann", role) as ann:
            assert await findings(ann.client) == set()


async def test_nor_does_it_where_all_that_shows_something_is_off(closed: RunningApp) -> None:
    assert await findings(closed.client) == set()
    assert (await closed.answer("{ __typename }"))["data"] == {"__typename": "Query"}


async def test_of_a_server_without_authentication_it_finds_what_is_shown_to_everyone(
    open_to_all: RunningApp,
) -> None:
    shown = {"field_suggestions", "introspection", "get_method_support"}
    # Whether the page names GraphiQL depends on the names of the files that were built.
    assert await findings(open_to_all.client) - {"detect_graphiql"} == shown


async def test_of_one_that_takes_all_it_finds_the_rest(tmp_path: Path) -> None:
    settings = {"max_query_aliases": 1000, "max_query_repeats": 1000, "max_operations": 10}
    async with running_app(tmp_path, settings) as app:
        found = await findings(app.client)
    assert {"alias_overloading", "batch_query", "field_duplication"} <= found


@pytest.mark.parametrize(
    "document",
    ["query cop { __schema { directive } }", "query cop { imagess { totalCount } }",
     "{ images(frist: 1) { totalCount } }", "{ node(id: 1) { ... on Imagee { id } } }",
     "{ images(orderBy: NEWEST_FRIST) { totalCount } }", "query ($a: Sting) { __typename }"],
)  # fmt: skip
async def test_no_name_is_suggested_in_any_place(
    closed: RunningApp, open_to_all: RunningApp, document: str
) -> None:
    assert "Did you mean" in str(await open_to_all.answer(document))
    assert "Did you mean" not in str(await closed.answer(document))


async def test_none_is_suggested_for_a_variable(closed: RunningApp) -> None:
    document = """query Q($o: ImageOrder, $f: ImageFilter) {
      images(orderBy: $o, filter: $f) { totalCount } }"""
    mistaken: tuple[dict[str, object], ...] = ({"o": "NEWEST_FRIST"}, {"f": {"tagz": []}})
    for variables in mistaken:
        assert "Did you mean" not in str(await closed.answer(document, **variables))


@pytest.mark.parametrize("path", ["/", "/graphql", "/graphiql", "/playground", "/console"])
async def test_no_playground_is_anywhere(closed: RunningApp, path: str) -> None:
    response = await closed.client.get(path, headers={"accept": "text/html"}, follow_redirects=True)
    for word in ("graphiql", "playground", "unpkg"):
        assert word not in response.text.lower()
