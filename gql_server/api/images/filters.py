"""Which images a client wants, and in which order."""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Annotated, Final

import strawberry

from gql_server.api.connections import ListOrder
from gql_server.api.enums import domain_member
from gql_server.database.queries import images as rows
from gql_server.domain.errors import InvalidInput, Rejected
from gql_server.domain.search import folded_words
from gql_server.domain.text import list_faults
from gql_server.generation.tags_and_metadata import MAX_TAGS, clean_tags

_MOST_IDS: Final = 100
_MOST_WORDS: Final = 20


@strawberry.enum(description="Whether deleted images are in a list.")
class DeletedImages(Enum):
    """Whether deleted images are in a list."""

    EXCLUDE = strawberry.enum_value(rows.Deleted.EXCLUDE, description="Without deleted ones.")
    INCLUDE = strawberry.enum_value(rows.Deleted.INCLUDE, description="Deleted ones too.")
    ONLY = strawberry.enum_value(rows.Deleted.ONLY, description="Deleted ones only.")


@strawberry.input(description="Which images are wanted; what is left out does not narrow.")
class ImageFilter:
    """Which images are wanted."""

    models: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Made by one of these models, at most 100."
    )
    templates: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Made with one of these templates, at most 100."
    )
    batches: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Made in one of these batches, at most 100."
    )
    tags: list[str] | None = strawberry.field(
        default=None,
        description="Bearing all of these tags, at most 20. Tags are compared exactly.",
    )
    created_since: datetime | None = strawberry.field(
        default=None, description="Made at this moment or later."
    )
    created_before: datetime | None = strawberry.field(
        default=None, description="Made before this moment."
    )
    search: str | None = strawberry.field(
        default=None,
        description="Words that are all in the prompt; at most 20. Part of a word matches, and "
        "letters match whatever their case, width or composition: `strasse` finds `Straße`.",
    )
    is_preview: bool | None = strawberry.field(
        default=None, description="Drawn by the preview generator, or made by a model."
    )
    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="This user's; only an admin sees more than their own."
    )
    deleted: DeletedImages = strawberry.field(
        default=DeletedImages.EXCLUDE, description="Whether deleted ones are in the list."
    )


FilterArgument = Annotated[
    ImageFilter | None, strawberry.argument(description="Which images are wanted.")
]
OrderArgument = Annotated[
    ListOrder, strawberry.argument(description="Which end of the list comes first.")
]


def image_filter(where: ImageFilter | None) -> rows.ImageFilter:
    """Read a filter.

    Raises:
        Rejected: Lists or texts are too long, or hold what no database can.
    """
    if where is None:
        return rows.ImageFilter()
    faults = [
        *list_faults(where.models, path=("filter", "models"), most=_MOST_IDS),
        *list_faults(where.templates, path=("filter", "templates"), most=_MOST_IDS),
        *list_faults(where.batches, path=("filter", "batches"), most=_MOST_IDS),
        *list_faults(where.tags, path=("filter", "tags"), most=MAX_TAGS),
        *user_faults(where.user_id),
        *_search_faults(where.search or ""),
    ]
    if faults:
        raise Rejected(faults)
    return rows.ImageFilter(
        model_ids=tuple(where.models) if where.models is not None else None,
        template_ids=tuple(where.templates) if where.templates is not None else None,
        batch_ids=tuple(where.batches) if where.batches is not None else None,
        tags=tuple(clean_tags(where.tags or ())),
        created_since=where.created_since,
        created_before=where.created_before,
        search=where.search,
        is_preview=where.is_preview,
        user_id=where.user_id,
        deleted=domain_member(rows.Deleted, where.deleted),
    )


def _search_faults(search: str) -> Iterator[InvalidInput]:
    """Count words as they were sent, and again when folded: one letter can become four words."""
    for words in (search.split(), folded_words(search)):
        found = list(list_faults(list(words), path=("filter", "search"), most=_MOST_WORDS))
        if found:
            yield from found
            return


def user_faults(user_id: str | None) -> Iterator[InvalidInput]:
    """Tell what keeps a filter's ``userId`` from being looked for."""
    if user_id is not None:
        yield from list_faults([user_id], path=("filter", "user_id"), most=1)
