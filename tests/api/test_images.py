from datetime import UTC, datetime

import httpx
import pytest

from tests.database.rows import counted_statements
from tests.support.running_app import CREATE_TEMPLATE, FLUX, SDXL, RunningApp

pytestmark = pytest.mark.anyio

LIST = """
query List($first: Int, $after: String, $last: Int, $before: String, $filter: ImageFilter,
           $orderBy: ImageOrder! = NEWEST_FIRST) {
  images(first: $first, after: $after, last: $last, before: $before, filter: $filter,
         orderBy: $orderBy) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id prompt tags model { name } template { name } } }
  }
}
"""


def ids(data: dict[str, object]) -> list[str]:
    return [edge["node"]["id"] for edge in data["images"]["edges"]]  # type: ignore[index]  # JSON


async def test_an_image_is_made_stored_and_returned_in_full(app: RunningApp) -> None:
    image = await app.image(
        prompt=" A red fox ", seed=7, tags=["fox", " fox ", "snow"], metadata={"order": [1, "é"]}
    )
    assert image["id"].startswith("img_")
    assert image["prompt"] == " A red fox "
    assert image["renderedPrompt"] == "A red fox"
    assert image["r2Key"] == f"generated/{image['id']}.png"
    assert image["r2Url"] == image["url"] == f"{app.settings.server_url}/images/{image['r2Key']}"
    assert (image["width"], image["height"]) == (1024, 1024)
    assert image["contentType"] == "image/png"
    assert image["tags"] == ["fox", "snow"]
    assert image["metadata"] == {"order": [1, "é"]}
    assert (image["cost"], image["providerCost"], image["neurons"]) == (0.01, 0, 0)
    assert image["isPreview"]
    assert image["userId"] == "default_user"
    assert not image["isDeleted"]
    assert image["model"] == {"id": FLUX, "name": "Flux 1 Schnell"}
    assert image["parameters"]["seed"] == 7
    assert image["parameters"]["steps"] == 4
    assert datetime.fromisoformat(image["createdAt"]) <= datetime.now(UTC)
    assert image["createdAt"].endswith("Z")
    assert len(image["createdAt"]) == len("2026-01-15T10:30:00.000Z")
    picture = await app.client.get(image["url"])
    assert picture.status_code == 200
    assert picture.headers["content-type"] == "image/png"
    assert len(picture.content) == image["sizeBytes"]


async def test_a_seed_is_chosen_and_reported_and_makes_the_same_image(app: RunningApp) -> None:
    first = await app.image()
    seed = first["parameters"]["seed"]
    again = await app.image(seed=seed)
    other = await app.image(seed=seed + 1 if seed < 2**31 - 1 else 0)
    bodies = [(await app.client.get(image["url"])).content for image in (first, again, other)]
    assert bodies[0] == bodies[1]
    assert bodies[0] != bodies[2]


async def test_an_image_is_found_by_id_and_as_a_node(app: RunningApp) -> None:
    image = await app.image()
    data = await app.ask(
        """query Find($id: ID!) {
          image(id: $id) { id prompt url cost isDeleted }
          node(id: $id) { __typename id ... on Image { prompt } }
          nodes(ids: ["img_none", $id, "@cf/leonardo/phoenix-1.0", "nothing"]) { __typename id }
          none: image(id: "img_none") { id }
        }""",
        id=image["id"],
    )
    assert data["image"]["prompt"] == image["prompt"]
    assert data["node"] == {"__typename": "Image", "id": image["id"], "prompt": image["prompt"]}
    assert data["nodes"] == [
        None,
        {"__typename": "Image", "id": image["id"]},
        {"__typename": "Model", "id": "@cf/leonardo/phoenix-1.0"},
        None,
    ]
    assert data["none"] is None


async def test_a_list_is_walked_by_its_cursors_both_ways(app: RunningApp) -> None:
    made = [(await app.image(prompt=f"Fox number {number}"))["id"] for number in range(5)]
    newest_first = made[::-1]
    first = await app.ask(LIST, first=2)
    assert ids(first) == newest_first[:2]
    assert first["images"]["totalCount"] == 5
    info = first["images"]["pageInfo"]
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (True, False)
    rest = await app.ask(LIST, first=5, after=info["endCursor"])
    assert ids(rest) == newest_first[2:]
    assert not rest["images"]["pageInfo"]["hasNextPage"]
    back = await app.ask(LIST, last=2, before=rest["images"]["pageInfo"]["startCursor"])
    assert ids(back) == newest_first[:2]
    assert ids(await app.ask(LIST, last=1)) == newest_first[-1:]
    assert ids(await app.ask(LIST, orderBy="OLDEST_FIRST")) == made


async def test_a_list_is_narrowed_by_every_filter(app: RunningApp) -> None:
    template = (await app.ask(CREATE_TEMPLATE))["createTemplate"]["template"]["id"]
    fox = await app.image(prompt="A Red FOX", tags=["animal", "red"], templateId=template)
    owl = await app.image(prompt="A grey owl", tags=["animal"], model=SDXL)
    for narrowing, expected in (
        ({"models": [SDXL]}, [owl["id"]]),
        ({"templates": [template]}, [fox["id"]]),
        ({"tags": ["animal"]}, [owl["id"], fox["id"]]),
        ({"tags": ["animal", "red"]}, [fox["id"]]),
        ({"search": "fox red"}, [fox["id"]]),
        ({"search": "fox owl"}, []),
        ({"createdSince": owl["createdAt"]}, [owl["id"]]),
        ({"createdBefore": fox["createdAt"]}, []),
        ({"isPreview": True}, [owl["id"], fox["id"]]),
        ({"isPreview": False}, []),
        ({"deleted": "ONLY"}, []),
    ):
        assert ids(await app.ask(LIST, filter=narrowing)) == expected, narrowing


async def test_a_deleted_image_leaves_lists_keeps_its_charge_and_can_come_back(
    app: RunningApp,
) -> None:
    image = await app.image()
    change = """mutation C($id: ID!) {
      %s(input: {id: $id}) { image { isDeleted deletedAt } userErrors { code } }
    }"""
    delete, restore = change % "deleteImage", change % "restoreImage"
    gone = (await app.ask(delete, id=image["id"]))["deleteImage"]["image"]
    assert gone["isDeleted"]
    again = (await app.ask(delete, id=image["id"]))["deleteImage"]["image"]
    assert again == gone
    assert ids(await app.ask(LIST)) == []
    assert ids(await app.ask(LIST, filter={"deleted": "ONLY"})) == [image["id"]]
    costs = await app.ask("{ costAnalytics { totalCost totalImages } }")
    assert costs["costAnalytics"] == {"totalCost": 0.01, "totalImages": 1}
    back = (await app.ask(restore, id=image["id"]))["restoreImage"]["image"]
    assert back == {"isDeleted": False, "deletedAt": None}
    assert ids(await app.ask(LIST)) == [image["id"]]


async def test_tags_and_metadata_change_where_they_are_given(app: RunningApp) -> None:
    image = await app.image(tags=["a"], metadata={"x": 1})
    update = """mutation U($input: UpdateImageInput!) {
      updateImage(input: $input) { image { tags metadata } userErrors { __typename code path } }
    }"""
    for change, expected in (
        ({}, {"tags": ["a"], "metadata": {"x": 1}}),
        ({"tags": ["b", "b", "c"]}, {"tags": ["b", "c"], "metadata": {"x": 1}}),
        ({"metadata": {"y": 2}}, {"tags": ["b", "c"], "metadata": {"y": 2}}),
        ({"metadata": None}, {"tags": ["b", "c"], "metadata": None}),
        ({"tags": []}, {"tags": [], "metadata": None}),
    ):
        answer = await app.ask(update, input={"id": image["id"], **change})
        assert answer["updateImage"] == {"image": expected, "userErrors": []}
    refused = await app.ask(
        update, input={"id": image["id"], "tags": [""], "metadata": {"z": "z" * 20000}}
    )
    assert [error["path"] for error in refused["updateImage"]["userErrors"]] == [
        ["input", "tags", "0"],
        ["input", "metadata"],
    ]
    found = await app.ask("query F($id: ID!) { image(id: $id) { tags metadata } }", id=image["id"])
    assert found["image"] == {"tags": [], "metadata": None}


@pytest.mark.parametrize("mutation", ["updateImage", "deleteImage", "restoreImage"])
async def test_an_image_that_is_not_there_is_a_user_error(app: RunningApp, mutation: str) -> None:
    for image_id in ("img_none", "img_\u0000", "tpl_x"):
        answer = await app.ask(
            "mutation M($id: ID!) { %s(input: {id: $id}) { image { id } userErrors "
            "{ __typename code path ... on ImageNotFound { imageId } } } }" % mutation,
            id=image_id,
        )
        assert answer[mutation] == {
            "image": None,
            "userErrors": [
                {
                    "__typename": "ImageNotFound",
                    "code": "IMAGE_NOT_FOUND",
                    "path": ["input", "id"],
                    "imageId": image_id,
                }
            ],
        }


async def test_an_address_resizes_and_converts(app: RunningApp) -> None:
    image = await app.image()
    data = await app.ask(
        "query U($id: ID!) { image(id: $id) { small: url(width: 64, format: WEBP) } }",
        id=image["id"],
    )
    response = await app.client.get(data["image"]["small"])
    assert response.headers["content-type"] == "image/webp"
    assert len(response.content) < image["sizeBytes"]


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ("first: 0", "first"),
        ("first: 101", "first"),
        ("last: -1", "last"),
        ("first: 1, last: 1", "last"),
        ('after: "nonsense"', "after"),
        ('before: "ööö"', "before"),
        ('after: "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk6eA=="', "after"),
        ('filter: {search: "\\u0000"}', "filter.search"),
        ('filter: {tags: ["\\u0000"]}', "filter.tags"),
        ('after: "MToA"', "after"),
        ('after: "MToA", first: 3', "after"),
        ('before: "IDUgOng="', "before"),
        ("filter: {tags: [%s]}" % ('"t", ' * 21), "filter.tags"),
        ("filter: {models: [%s]}" % ('"m", ' * 101), "filter.models"),
        ("filter: {templates: [%s]}" % ('"t", ' * 101), "filter.templates"),
        ('filter: {search: "%s"}' % ("w " * 21), "filter.search"),
        ('filter: {search: "%s"}' % ("w" * 257), "filter.search"),
        ('filter: {search: "%s"}' % ("\u3300" * 200), "filter.search"),
    ],
)
async def test_a_wrong_argument_of_a_list_is_reported(
    app: RunningApp, arguments: str, argument: str
) -> None:
    answer = await app.answer("{ images(%s) { totalCount } }" % arguments)
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "BAD_REQUEST", "arguments": [argument.split(".")]}
    assert error["path"] == ["images"]


async def test_a_wrong_argument_of_an_address_is_reported(app: RunningApp) -> None:
    image = await app.image()
    for argument in ("width: 0", "width: 5000", "expiresIn: 0", "expiresIn: 9999999"):
        answer = await app.answer('{ image(id: "%s") { url(%s) } }' % (image["id"], argument))
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_a_page_costs_the_same_statements_whatever_its_size(app: RunningApp) -> None:
    template = (await app.ask(CREATE_TEMPLATE))["createTemplate"]["template"]["id"]
    for number in range(6):
        await app.image(prompt=f"Fox {number}", templateId=template, tags=["x"])
    for first in (1, 6):
        with counted_statements(app.services.database, of={"images", "templates"}) as statements:
            data = await app.ask(LIST, first=first, filter={"tags": ["x"]})
        assert len(data["images"]["edges"]) == first
        assert len(statements) == 3  # the page, the count, the templates


async def test_the_playground_is_for_browsers_only(app: RunningApp) -> None:
    page = await app.client.get("/graphql", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "<title>gql_server" in page.text
    front = await app.client.get("/")
    assert isinstance(front, httpx.Response)
    assert front.headers["location"] == "/graphql"
