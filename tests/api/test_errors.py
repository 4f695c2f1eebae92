import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from tests.support.product import Product

pytestmark = pytest.mark.anyio


async def test_a_fault_of_the_server_is_masked_and_logged_with_a_reference(
    product: Product,
) -> None:
    async with product.parts.database.write() as connection:
        await connection.execute(text("ALTER TABLE images RENAME TO elsewhere"))
    with capture_logs() as logs:
        answer = await product.answer("{ images { totalCount } }")
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    reference = error["extensions"]["reference"]
    assert reference in error["message"]
    assert "images" not in error["message"]
    assert answer["data"] is None
    (logged,) = [entry for entry in logs if entry["event"] == "unexpected_error"]
    assert logged["reference"] == reference
    assert "no such table" in str(logged["exc_info"])


@pytest.mark.parametrize(
    "document",
    ["{", "{ nothing }", "{ image { id } }", "query Q($a: Int!) { models { id } }"],
)
async def test_a_document_that_is_wrong_is_the_clients_fault(
    product: Product, document: str
) -> None:
    response = await product.client.post("/graphql", json={"query": document})
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_too_many_ids_are_refused(product: Product) -> None:
    answer = await product.answer(
        "query N($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["img_none"] * 101
    )
    assert answer["errors"][0]["extensions"] == {"code": "BAD_REQUEST", "arguments": [["ids"]]}
