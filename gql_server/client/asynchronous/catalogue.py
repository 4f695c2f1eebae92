"""What can be used, and what it costs: models, templates, costs, the caller."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime

from gql_server.client.asynchronous.part import AsyncPart
from gql_server.client.documents import (
    LIST_MODELS,
    LIST_TEMPLATES,
    READ_COSTS,
    READ_MODEL,
    READ_TEMPLATE,
    READ_VIEWER,
)
from gql_server.client.inputs import Interval, filter_input, timestamp
from gql_server.client.responses import read
from gql_server.client.results.costs import Costs, Viewer
from gql_server.client.results.models import Model, Template


class AsyncCatalogue(AsyncPart):
    """The part of the client that reads models, templates, costs and the caller."""

    async def models(self) -> list[Model]:
        """Return all models, recommended ones first."""
        data = await self._connection.run(LIST_MODELS)
        return [read(Model, model) for model in data["models"]]

    async def model(self, name: str) -> Model:
        """Return a model by its full name, such as ``@cf/black-forest-labs/flux-1-schnell``.

        Raises:
            NotFound: There is none with this name.
        """
        return await self._connection.look_up(Model, READ_MODEL, name, noun="Model")

    def templates(self) -> AsyncGenerator[Template]:
        """Iterate over the caller's templates, newest first."""
        order = {"orderBy": "NEWEST_FIRST"}
        return self._connection.pages(Template, LIST_TEMPLATES, order)

    async def template(self, template_id: str) -> Template:
        """Return a template by its ID.

        Raises:
            NotFound: The caller has none with this ID.
        """
        return await self._connection.look_up(Template, READ_TEMPLATE, template_id, noun="Template")

    async def costs(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        models: Sequence[str] | None = None,
        templates: Sequence[str] | None = None,
        user_ids: Sequence[str] | None = None,
        interval: Interval = "DAY",
        time_zone: str = "UTC",
    ) -> Costs:
        """Return the costs of the caller's images, or of everyone's for admins.

        Args:
            since: Start of the time range, which is widened to whole quarter hours.
            until: End of the time range.
            models: Only images of these models.
            templates: Only images of these templates.
            user_ids: Only images of these users.
            interval: Length of the timeline's periods.
            time_zone: IANA time zone whose midnights start the periods.

        Raises:
            ValueError: A moment has no time zone.
            BadRequest: The timeline would have too many periods.
        """
        variables = {
            "since": timestamp(since),
            "until": timestamp(until),
            "filter": filter_input(models=models, templates=templates, user_ids=user_ids),
            "interval": interval,
            "timeZone": time_zone,
        }
        return read(Costs, (await self._connection.run(READ_COSTS, variables))["costs"])

    async def viewer(self) -> Viewer:
        """Return the caller, with role, budgets and rate limit."""
        return read(Viewer, (await self._connection.run(READ_VIEWER))["viewer"])
