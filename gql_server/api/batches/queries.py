"""Queries of batches."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, cast

import strawberry

from gql_server.api.batches.types import Batch, BatchStatus, batch_from, find_batches
from gql_server.api.connections import Connection, connection
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.enums import domain_member
from gql_server.api.images.filters import validate_user
from gql_server.api.pages import PageArguments, Paginated
from gql_server.batches import queries as use_cases
from gql_server.database.engine.json_contains import PlainValue
from gql_server.database.queries import batches as rows
from gql_server.database.queries.batch_labels import LabelFilter
from gql_server.domain import batches as domain
from gql_server.domain.errors import MAX_ID_LENGTH, ErrorCode, InvalidInput, Rejected
from gql_server.domain.search import MAX_WORDS, search_errors
from gql_server.domain.text import list_errors
from gql_server.generation.requests.tags_and_metadata import MAX_TAGS, clean_tags, json_errors
from gql_server.graphql.plans.fields import PLAN, ByResolver

MAX_KEYS: Final = 20


@described
@strawberry.input
class BatchFilter:
    """Filters batches.

    Omitted fields do not filter.
    """

    status: list[BatchStatus] | None = strawberry.field(
        default=None,
        description="Only batches with one of these statuses. Any status when omitted.",
    )
    search: str | None = strawberry.field(
        default=None,
        description=f"Only batches whose name contains all of these words; at most {MAX_WORDS} "
        "words. Parts of words match, and case, width and composition of letters do not matter.",
    )
    tags: list[str] | None = strawberry.field(
        default=None,
        description=f"Only batches with all of these tags; at most {MAX_TAGS}. Tags are compared "
        "exactly.",
    )
    metadata: strawberry.scalars.JSON | None = strawberry.field(
        default=None,
        description="Only batches whose metadata has these keys with these values: a JSON object "
        f'of at most {MAX_KEYS} texts, numbers and booleans, such as `{{"order": 42}}`.',
    )
    user_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Only batches of this user. Only admins see batches of other users.",
    )


BatchFilterArgument = Annotated[
    BatchFilter | None, strawberry.argument(description="Filters the batches.")
]


@strawberry.type
class BatchQueries:
    """Query fields that return batches."""

    @strawberry.field(
        description="A batch of the caller. Null when there is none with this ID. Admins can "
        "query any batch.",
        metadata={PLAN: ByResolver()},
    )
    async def batch(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="ID of the batch, `bat_…`.")],
    ) -> Batch | None:
        """Return a batch."""
        return (await find_batches(info, [id])).get(id)

    @strawberry.field(
        description="The caller's batches. Admins see everyone's.",
        extensions=[Paginated()],
        metadata={PLAN: ByResolver()},
    )
    async def batches(
        self, info: Info, page: PageArguments, filter: BatchFilterArgument = None
    ) -> Connection[Batch]:
        """Return a page of batches."""
        return await _batch_connection(info, page, filter)


async def _batch_connection(
    info: Info, page: PageArguments, where: BatchFilter | None
) -> Connection[Batch]:
    """List batches.

    Raises:
        InvalidInput: The page arguments are invalid.
        Rejected: The filter is invalid.
    """
    context = info.context
    request = page.request()
    fields = where or BatchFilter()
    errors = [
        *validate_user(fields.user_id),
        *search_errors(fields.search or "", path=("filter", "search")),
        *list_errors(fields.tags, path=("filter", "tags"), limit=MAX_TAGS),
        *_metadata_errors(fields.metadata),
    ]
    if errors:
        raise Rejected(errors)
    batch_filter = rows.BatchFilter(
        user_id=fields.user_id,
        statuses=tuple({domain_member(domain.BatchStatus, one) for one in fields.status})
        if fields.status is not None
        else None,
        labels=LabelFilter(
            search=fields.search,
            tags=tuple(clean_tags(fields.tags or ())),
            metadata=cast("Mapping[str, PlainValue] | None", fields.metadata),
        ),
    )
    found = await use_cases.list_batches(context.services, context.principal, batch_filter, request)

    async def count() -> int:
        return await use_cases.count_batches(context.services, context.principal, batch_filter)

    return connection(found, [batch_from(context, row) for row in found.rows], request, count)


def _metadata_errors(metadata: object) -> Iterator[InvalidInput]:
    """Yield what is wrong with the metadata that a filter names."""
    if metadata is None:
        return
    path = ("filter", "metadata")
    if not isinstance(metadata, dict):
        yield InvalidInput("Metadata must be a JSON object.", path=path)
        return
    if len(metadata) > MAX_KEYS:
        yield InvalidInput(
            f"A filter has at most {MAX_KEYS} keys of metadata; {len(metadata)} were given.",
            path=path,
            code=ErrorCode.TOO_MANY,
        )
        return
    yield from json_errors(metadata, label="Metadata", path=path)
    for key, value in metadata.items():
        if not isinstance(value, str | int | float):
            yield InvalidInput(
                "A value must be a text, a number or a boolean.", path=(*path, key[:MAX_ID_LENGTH])
            )
