"""Images of a batch keep what they were generated from."""

import pytest

from tests.access.access_probes import IMG2IMG
from tests.batches.conftest import BatchHarness
from tests.support.running_app import png

pytestmark = pytest.mark.anyio

READ = """query D($id: ID!) { node(id: $id) { ... on SourceImage { derived { edges { node {
  requestKind sources { ... on Node { id } } batch { id } } } } } } }"""


async def test_images_of_a_batch_keep_their_sources(harness: BatchHarness) -> None:
    source = (await harness.app.upload(png(64, 64)))["sourceImage"]["id"]
    batch_id = await harness.batch(3, model=IMG2IMG, sourceImageIds=[source], width=256, height=256)
    await harness.work_on(batch_id)
    derived = (await harness.app.ask(READ, id=source))["node"]["derived"]["edges"]
    assert [edge["node"] for edge in derived] == 3 * [
        {
            "requestKind": "IMAGE_TO_IMAGE",
            "sources": [{"id": source}],
            "batch": {"id": batch_id},
        }
    ]
