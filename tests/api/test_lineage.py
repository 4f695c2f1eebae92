"""What images were generated from, and what was generated from them."""

from typing import Any

import pytest

from gql_server.domain.principal import Role
from tests.access.access_probes import IMG2IMG, INPAINTING
from tests.database.rows import add_image, counted_statements
from tests.support.clients import client_of
from tests.support.running_app import FLUX, RunningApp, png

pytestmark = pytest.mark.anyio

SMALL = {"width": 256, "height": 256}
LINEAGE = """
  requestKind templateVersion
  sources { __typename ... on Node { id } } mask { __typename ... on Node { id } }
"""
IMAGE = "query I($id: ID!) { image(id: $id) { id %s derived { %s } } }" % (
    LINEAGE,
    "totalCount edges { node { id } }",
)
LIST = (
    "{ images(first: 50) { edges { node { id %s derived(first: 5) { edges { node { id } } } } } } }"
    % LINEAGE
)
UPLOAD = "query U($id: ID!) { node(id: $id) { ... on SourceImage { derived { %s } } } }" % (
    "totalCount edges { node { id prompt } }"
)
DELETE_UPLOAD = "mutation D($id: ID!) { deleteSourceImage(input: {id: $id}) { deletedId } }"
DELETE_IMAGE = "mutation D($id: ID!) { deleteImage(input: {id: $id}) { image { id } } }"
TEMPLATE = (
    """mutation { createTemplate(input: {name: "T", model: "%s", defaultPrompt: "in oil"}) {
  template { id version } } }"""
    % FLUX
)
UPDATE = """mutation U($id: ID!) { updateTemplate(input: {id: $id, defaultPrompt: "in ink"}) {
  template { version } } }"""
LINEAGE_TABLES = {"image_sources", "images", "source_images"}


async def upload(app: RunningApp, size: int = 256) -> str:
    image_id: str = (await app.upload(png(size, size)))["sourceImage"]["id"]
    return image_id


async def inpainted(app: RunningApp, sources: list[str], mask: str, **more: Any) -> str:
    image = await app.image(
        model=INPAINTING, sourceImageIds=sources, maskImageId=mask, **SMALL, **more
    )
    image_id: str = image["id"]
    return image_id


async def read(app: RunningApp, image_id: str) -> dict[str, Any]:
    image: dict[str, Any] = (await app.ask(IMAGE, id=image_id))["image"]
    return image


async def test_an_image_names_its_sources_and_they_name_it(app: RunningApp) -> None:
    source, mask = (await app.image())["id"], await upload(app)
    made = await inpainted(app, [source], mask)
    again = await inpainted(app, [mask], mask)  # in two roles, and derived once
    image = await read(app, made)
    assert image["requestKind"] == "INPAINTING"
    assert image["sources"] == [{"__typename": "Image", "id": source}]
    assert image["mask"] == {"__typename": "SourceImage", "id": mask}
    first = await read(app, source)
    assert (first["requestKind"], first["sources"], first["mask"]) == ("TEXT_TO_IMAGE", [], None)
    assert first["derived"] == {"totalCount": 1, "edges": [{"node": {"id": made}}]}
    derived = (await app.ask(UPLOAD, id=mask))["node"]["derived"]
    assert [edge["node"]["id"] for edge in derived["edges"]] == [again, made]
    assert derived["totalCount"] == 2
    response = await app.client.get(f"/api/images/{made}")
    kept = response.json()
    assert (kept["source_image_ids"], kept["mask_image_id"]) == ([source], mask)


async def test_a_deleted_source_keeps_its_place(app: RunningApp) -> None:
    source, mask = (await app.image())["id"], await upload(app)
    made = await inpainted(app, [source], mask)
    await app.ask(DELETE_IMAGE, id=source)
    await app.ask(DELETE_UPLOAD, id=mask)
    image = await read(app, made)
    assert image["sources"] == [{"__typename": "Image", "id": source}]  # it can be restored
    assert (image["requestKind"], image["mask"]) == ("INPAINTING", None)
    other = await upload(app)
    edited = await app.image(model=IMG2IMG, sourceImageIds=[other], **SMALL)
    await app.ask(DELETE_UPLOAD, id=other)
    image = await read(app, edited["id"])
    assert (image["requestKind"], image["sources"]) == ("IMAGE_TO_IMAGE", [None])


async def test_no_one_sees_the_sources_or_the_derived_images_of_others(
    app_with_keys: RunningApp,
) -> None:
    async with (
        client_of(app_with_keys, "ann", Role.CREATOR) as ann,
        client_of(app_with_keys, "eve", Role.ADMIN) as eve,
    ):
        source, mask = await upload(ann), await upload(ann)
        of_eve = await inpainted(eve, [source], mask)
        of_ann = await inpainted(ann, [source], mask)
        derived = (await ann.ask(UPLOAD, id=source))["node"]["derived"]
        assert [edge["node"]["id"] for edge in derived["edges"]] == [of_ann]
        assert derived["totalCount"] == 1
        derived = (await eve.ask(UPLOAD, id=source))["node"]["derived"]
        assert [edge["node"]["id"] for edge in derived["edges"]] == [of_ann, of_eve]
    async with client_of(app_with_keys, "eve", Role.CREATOR) as eve:  # no admin any more
        image = await read(eve, of_eve)
        assert (image["requestKind"], image["sources"], image["mask"]) == (
            "INPAINTING",
            [None],
            None,
        )


async def test_older_images_say_that_it_is_unknown(app: RunningApp) -> None:
    old = await add_image(app.services.database, user_id="local")
    image = (await app.ask(LIST))["images"]["edges"][0]["node"]
    assert image == {
        "id": old.id,
        "requestKind": None,
        "templateVersion": None,
        "sources": None,
        "mask": None,
        "derived": {"edges": []},
    }
    response = await app.client.get(f"/api/images/{old.id}")
    assert response.json()["source_image_ids"] is None


async def test_an_image_keeps_the_version_of_its_template(app: RunningApp) -> None:
    template = (await app.ask(TEMPLATE))["createTemplate"]["template"]
    assert template["version"] == 1
    before = await app.image(templateId=template["id"])
    changed = (await app.ask(UPDATE, id=template["id"]))["updateTemplate"]["template"]
    assert changed["version"] == 2
    after = await app.image(templateId=template["id"])
    versions = [(await read(app, one["id"]))["templateVersion"] for one in (before, after)]
    assert versions == [1, 2]


async def test_a_page_costs_as_many_statements_as_one_image(app: RunningApp) -> None:
    source, mask = (await app.image())["id"], await upload(app)
    counts = []
    for number in (1, 4):
        for _ in range(number):
            await inpainted(app, [source], mask)
        with counted_statements(app.services.database, of=LINEAGE_TABLES) as statements:
            found = (await app.ask(LIST))["images"]["edges"]
        assert len(found) == (2 if number == 1 else 6)
        counts.append(len(statements))
    # The page, its lineage, the images and the uploads among the sources, and what derives.
    assert counts == [5, 5]


DERIVED = """query D($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
  node(id: $id) { ... on %s {
    derived(first: $first, after: $after, last: $last, before: $before) {
      totalCount pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
      edges { node { id } } } } } }"""


@pytest.mark.parametrize("kind", ["Image", "SourceImage"])
async def test_derived_images_come_in_pages_of_bounded_size(app: RunningApp, kind: str) -> None:
    source = (await app.image())["id"] if kind == "Image" else await upload(app)
    mask = await upload(app)
    made = [await inpainted(app, [source], mask) for _ in range(5)][::-1]
    found: list[str] = []
    page: dict[str, Any] = {}
    while not page or page["pageInfo"]["hasNextPage"]:
        after = page["pageInfo"]["endCursor"] if page else None
        with counted_statements(app.services.database, of=LINEAGE_TABLES) as statements:
            node = (await app.ask(DERIVED % kind, id=source, first=2, after=after))["node"]
        page = node["derived"]
        assert len(statements) <= 3  # the node, the page, and the count
        assert (len(page["edges"]) <= 2, page["totalCount"]) == (True, 5)
        found += [edge["node"]["id"] for edge in page["edges"]]
        if len(found) == 2:
            await inpainted(app, [mask], mask)  # derived from another: it moves nothing
    assert found == made
    before = page["pageInfo"]["startCursor"]
    back = (await app.ask(DERIVED % kind, id=source, last=2, before=before))["node"]["derived"]
    assert [edge["node"]["id"] for edge in back["edges"]] == made[2:4]
    assert back["pageInfo"]["hasPreviousPage"]
    answer = await app.answer(DERIVED % kind, id=source, first=101)
    assert "100" in answer["errors"][0]["message"]
    answer = await app.answer(DERIVED % kind, id=source, first=1, after="nonsense")
    assert "cursor" in answer["errors"][0]["message"].lower()


async def test_the_cost_of_an_operation_counts_the_sources(app: RunningApp) -> None:
    costs = []
    for selection in ("id", "id sources { ... on Node { id } }"):
        query = "{ images(first: 10) { edges { node { %s } } } }" % selection
        costs.append((await app.answer(query))["extensions"]["cost"]["estimated"])
    assert costs[1] - costs[0] == 10 * 16
