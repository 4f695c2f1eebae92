"""Fields of the schema's roots about generations: read, canceled, watched."""

from collections.abc import AsyncIterable, Sequence
from typing import Annotated

import strawberry

from gql_server.api.context import Context, Info
from gql_server.api.described import described
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.generations.types import Generation, find_generations, generation_from
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.batches.generations import cancel_generation, watch_generation
from gql_server.batches.progress import BatchUpdate
from gql_server.graphql.broadcasts.events import SharedEvents

_Id = Annotated[strawberry.ID, strawberry.argument(description="ID of the generation, `gen_…`.")]


@described
@strawberry.input
class CancelGenerationInput:
    """The generation to cancel."""

    id: strawberry.ID = strawberry.field(description="ID of the generation, `gen_…`.")


@described
@strawberry.type
class CancelGenerationPayload:
    """The generation, or the errors that prevented its cancellation."""

    generation: Generation | None = strawberry.field(
        description="The generation. Null when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Every error in the request. Empty when the request succeeded.",
        metadata=ERROR_LIST,
    )


@strawberry.type
class GenerationQueries:
    """Query fields that return generations."""

    @strawberry.field(
        description="A generation of the caller. Null when there is none with this ID. Admins can "
        "query any generation."
    )
    async def generation(self, info: Info, id: _Id) -> Generation | None:
        """Return a generation."""
        return (await find_generations(info, [id])).get(id)


@strawberry.type
class GenerationMutations:
    """What is done to generations."""

    @strawberry.mutation(
        description="Cancels a generation that has not started. A running one is finished, stored "
        "and charged."
    )
    async def cancel_generation(
        self,
        info: Info,
        input: Annotated[
            CancelGenerationInput, strawberry.argument(description="The generation to cancel.")
        ],
    ) -> CancelGenerationPayload:
        """Cancel a generation."""
        context = info.context
        try:
            batch = await cancel_generation(context.services, context.principal, input.id)
        except REPORTABLE as error:
            return CancelGenerationPayload(generation=None, user_errors=user_errors(error))
        return CancelGenerationPayload(generation=generation_from(batch), user_errors=[])


@strawberry.type
class GenerationSubscriptions:
    """What of generations can be watched."""

    @strawberry.subscription(
        description="Reports a generation: its current state, and then each change until it has "
        "finished."
    )
    async def generation_progress(self, info: Info, id: _Id) -> AsyncIterable[Generation]:
        """Watch a generation."""
        context = info.context
        watch = await watch_generation(context.services, context.principal, id)
        return SharedEvents(watch, _shaped, context, position_argument="after")


async def _shaped(context: Context, update: BatchUpdate) -> Sequence[tuple[int, Generation]]:
    for item, image in update.items:
        if image is not None:
            context.loaders.images.prime(item.image_id, image)
        context.loaders.generation_items.prime(item.batch_id, item)
    return [(update.position, generation_from(update.state))]
