"""The list of tags, with how many images have each."""

import pytest

from gql_server.domain.clock import now
from tests.database.rows import add_image, counted_statements
from tests.support.running_app import RunningApp

pytestmark = pytest.mark.anyio

TAGS = """query ($limit: Int! = 100, $after: String! = "", $user: ID) {
  tags(limit: $limit, after: $after, userId: $user) { tag count } }"""


async def test_tags_are_counted_in_pages_without_deleted_images(app: RunningApp) -> None:
    database, user_id = app.services.database, "default_user"
    for tags in (["fox", "snow"], ["Fox"], ["snow", "über"]):
        await add_image(database, user_id=user_id, tags=tags)
    await add_image(database, user_id=user_id, tags=["fox", "gone"], deleted_at=now())
    await add_image(database, user_id="bob", tags=["fox", "of bob"])
    with counted_statements(database) as statements:
        first = (await app.ask(TAGS, limit=2, user=user_id))["tags"]
    assert first == [{"tag": "Fox", "count": 1}, {"tag": "fox", "count": 1}]
    assert len([one for one in statements if "image_tags" in one]) == 1
    rest = (await app.ask(TAGS, after="fox", user=user_id))["tags"]
    assert rest == [{"tag": "snow", "count": 2}, {"tag": "über", "count": 1}]
    of_bob = (await app.ask(TAGS, user="bob"))["tags"]
    assert of_bob == [{"tag": "fox", "count": 1}, {"tag": "of bob", "count": 1}]
    for wrong in ({"limit": 0}, {"limit": 1001}, {"after": "a" * 10_000}):
        assert "errors" in await app.answer(TAGS, **wrong)
