"""Counting the failures of models; images are counted when they are stored."""

from gql_server.database.engine.engine import Database
from gql_server.database.queries.model_rollups import Outcome
from gql_server.domain.errors import GenerationFailed, ImageFlagged, PromptRefused
from gql_server.inference.generator import (
    GeneratedPicture,
    GenerationRequest,
    Generator,
    RemoteImage,
)
from gql_server.ledger.reports.performance import count_without_image


class CountingGenerator:
    """Generates images through another generator, and counts failures.

    A failure is a call for which the model or its service returned no image in any attempt. Errors
    before the model was called and errors of the store do not count; nor does a used-up daily
    allocation, which says nothing about the model.
    """

    def __init__(self, generator: Generator, database: Database) -> None:
        self._generator = generator
        self._database = database

    @property
    def is_preview(self) -> bool:
        """Whether the images are previews."""
        return self._generator.is_preview

    async def generate(self, request: GenerationRequest) -> GeneratedPicture:
        """Generate one image, as ``Generator.generate`` promises."""
        try:
            return await self._generator.generate(request)
        except GenerationFailed as error:
            if error.reached_model:
                await self._count(request, Outcome.FAILED)
            raise
        except (PromptRefused, ImageFlagged):
            await self._count(request, Outcome.REFUSED)
            raise

    async def fetch(self, image: RemoteImage) -> GeneratedPicture:
        """Fetch an image that was generated before, as ``Generator.fetch`` promises."""
        return await self._generator.fetch(image)

    async def close(self) -> None:
        """Close connections."""
        await self._generator.close()

    async def _count(self, request: GenerationRequest, outcome: Outcome) -> None:
        await count_without_image(
            self._database, request.model.id, outcome, is_preview=self.is_preview
        )
