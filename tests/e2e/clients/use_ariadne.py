"""The typed client that ariadne-codegen made of the schema: its types hold for real answers."""

import asyncio
import sys

from images_client import Client, GenerateImageInput, ModelFilter


async def main(url: str) -> None:
    async with Client(url=url) as client:
        found = await client.find_models(filter_=ModelFilter(is_recommended=True))
        model = found.models[0]
        assert model.cost_per_image > 0
        source = GenerateImageInput(prompt="A heron", model=model.id)
        made = (await client.generate(input=source)).generate_image
        assert made.image is not None
        assert made.image.is_preview
        source = GenerateImageInput(prompt="A heron", model="none")
        (error,) = (await client.generate(input=source)).generate_image.user_errors
        assert error.typename__ == "ModelNotFound"
        assert error.model_id == "none"


asyncio.run(main(sys.argv[1]))
