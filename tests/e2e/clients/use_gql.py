"""gql: a query, a mutation and an upload, checked against the schema that it fetches."""

import asyncio
import sys
from io import BytesIO

from gql import Client, FileVar, gql
from gql.transport.httpx import HTTPXAsyncTransport
from graphql import GraphQLError

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6364f8cf500f00038601805a347d6b0000000049454e44ae426082"
)


async def main(url: str) -> None:
    transport = HTTPXAsyncTransport(url=url, headers={"GraphQL-Require-Preflight": "1"})
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        models = await session.execute(gql("{ models { id name } }"))
        assert len(models["models"]) > 11
        generate = gql(
            "mutation M($input: GenerateImageInput!) {"
            " generateImage(input: $input) { image { id } userErrors { message } } }"
        )
        generate.variable_values = {
            "input": {"prompt": "A heron", "model": models["models"][0]["id"]}
        }
        made = await session.execute(generate)
        assert made["generateImage"]["userErrors"] == []
        try:
            await session.execute(gql("{ nothing }"))
        except GraphQLError:
            pass
        else:
            raise AssertionError("the schema that was fetched knows no such field")
        upload = gql(
            "mutation U($file: Upload!) {"
            " uploadSourceImage(input: {file: $file}) { sourceImage { width } } }"
        )
        upload.variable_values = {"file": FileVar(BytesIO(PIXEL), filename="pixel.png")}
        uploaded = await session.execute(upload, upload_files=True)
        assert uploaded["uploadSourceImage"]["sourceImage"]["width"] == 1


asyncio.run(main(sys.argv[1]))
