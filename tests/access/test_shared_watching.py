"""Callers who watch the same thing: what one may see reaches nobody else, and keys end alone."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from gql_server.access.keys import KeyDraft, create_key, revoke_key
from gql_server.domain.principal import Role
from tests.support.running_app import FLUX, GENERATE, RunningApp
from tests.support.streams import EVENTS, Stream, streamed
from tests.support.subscriber import Subscriber, subscriber

pytestmark = pytest.mark.anyio

CREATED = """subscription($user: ID) {
  imageCreated(filter: {userId: $user}) { id userId model { id } } }"""
_DRAFTS = {
    "ann": ("ann", Role.CREATOR),
    "ann again": ("ann", Role.CREATOR),
    "ann reads": ("ann", Role.READER),
    "bob": ("bob", Role.CREATOR),
    "root": ("root", Role.ADMIN),
}
_WATCHED_BY = {"ann": "ann", "ann again": "ann", "ann reads": "ann", "root": "ann", "bob": "bob"}


class Team:
    """Keys of several users and roles, by a name for each."""

    def __init__(self, app: RunningApp) -> None:
        self.app = app
        self.ids: dict[str, str] = {}
        self.headers: dict[str, dict[str, str]] = {}

    async def hire(self) -> None:
        """Make all keys."""
        for name, (user_id, role) in _DRAFTS.items():
            draft = KeyDraft(user_id=user_id, role=role)
            created = await create_key(self.app.services.database, draft)
            self.ids[name] = created.key.id
            self.headers[name] = {"authorization": f"Bearer {created.secret}"}

    async def image(self, name: str) -> str:
        """Have an image made; return its id."""
        variables = {"input": {"prompt": "A red fox", "model": FLUX}}
        response = await self.app.client.post(
            "/graphql",
            json={"query": GENERATE, "variables": variables},
            headers=self.headers[name],
        )
        image_id: str = response.json()["data"]["generateImage"]["image"]["id"]
        return image_id


async def test_those_who_share_see_their_own_alone_and_a_revoked_key_ends_alone(
    app_with_keys: RunningApp,
) -> None:
    team, url = Team(app_with_keys), app_with_keys.settings.server_url
    await team.hire()
    async with AsyncExitStack() as stack:
        clients: list[tuple[str, Subscriber | Stream]] = []
        for name, user in _WATCHED_BY.items():
            headers = team.headers[name]
            for _ in range(2):
                socket = await stack.enter_async_context(
                    subscriber(url, additional_headers=headers)
                )
                await socket.subscribe(CREATED, user=user)
                clients.append((name, socket))
            stream = streamed(url, EVENTS, CREATED, headers=headers, user=user)
            clients.append((name, await stack.enter_async_context(stream)))
        spy = await stack.enter_async_context(
            subscriber(url, additional_headers=team.headers["bob"])
        )
        await spy.subscribe(CREATED, user="ann")  # whose images do not exist for bob
        await _watched_by(app_with_keys, len(clients) + 1)

        await _all_see(team, clients)
        await revoke_key(app_with_keys.services.database, team.ids["ann again"])
        for name, client in clients:
            if name != "ann again":
                continue
            if isinstance(client, Subscriber):
                assert await client.closed() == 4403
            else:
                ended = await client.receive()
                assert ended is not None
                assert ended["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
        clients = [(name, client) for name, client in clients if name != "ann again"]
        await _watched_by(app_with_keys, len(clients) + 1)
        await _all_see(team, clients)
        await spy.settled()


async def _all_see(team: Team, clients: list[tuple[str, Subscriber | Stream]]) -> None:
    made = {user: await team.image(user) for user in ("ann", "bob")}
    for name, client in clients:
        user = _WATCHED_BY[name]
        expected = {"id": made[user], "userId": user, "model": {"id": FLUX}}
        assert (await client.next())["imageCreated"] == expected


async def _watched_by(app: RunningApp, watchers: int) -> None:
    async with asyncio.timeout(15):
        while app.services.progress.watchers != watchers:
            await asyncio.sleep(0.005)
