"""Counting the generations that a model failed at; pictures are counted where they are kept."""

from gql_server.database.engine.engine import Database
from gql_server.database.queries.model_rollups import Outcome
from gql_server.domain.errors import GenerationFailed, PictureFlagged, PromptRefused
from gql_server.inference.generator import GeneratedPicture, GenerationRequest, Generator
from gql_server.ledger.reports.performance import count_without_picture


class CountingGenerator:
    """Makes pictures through another generator, and counts what it fails at.

    A failure is a call that the model or its service left without a picture, once its attempts
    were over. What no model was asked for, or what the store could not keep, is none; nor is a
    day's allocation that was used up, which says nothing of the model.
    """

    def __init__(self, generator: Generator, database: Database) -> None:
        self._generator = generator
        self._database = database

    @property
    def is_preview(self) -> bool:
        """Whether the pictures only stand in for a model's."""
        return self._generator.is_preview

    async def generate(self, request: GenerationRequest) -> GeneratedPicture:
        """Make one picture, as ``Generator.generate`` promises."""
        try:
            return await self._generator.generate(request)
        except GenerationFailed as error:
            if error.reached_model:
                await self._count(request, Outcome.FAILED)
            raise
        except (PromptRefused, PictureFlagged):
            await self._count(request, Outcome.REFUSED)
            raise

    async def close(self) -> None:
        """Give back connections."""
        await self._generator.close()

    async def _count(self, request: GenerationRequest, outcome: Outcome) -> None:
        await count_without_picture(
            self._database, request.model.id, outcome, is_preview=self.is_preview
        )
