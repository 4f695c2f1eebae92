"""The tags of images, with how many images have each."""

from typing import Annotated, Final

import strawberry

from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.images.filters import validate_user
from gql_server.api.pages import check_limit, limit_description
from gql_server.domain.errors import Rejected
from gql_server.domain.text import list_errors
from gql_server.generation.images import tag_counts
from gql_server.graphql.execution.weights import LIST_LIMIT, ListLimit

_TAGS: Final = ListLimit(default=100, maximum=1_000)


@described
@strawberry.type
class TagCount:
    """A tag, and how many images have it."""

    tag: str = strawberry.field(description="The tag, such as `shop`.")
    count: int = strawberry.field(description="Number of images that have the tag.")


@strawberry.type
class TagQueries:
    """Query fields that return tags."""

    @strawberry.field(
        description="Tags of the caller's images, with the number of images that have each, in "
        "the order of their characters. Deleted images do not count. Admins see everyone's.",
        metadata={LIST_LIMIT: _TAGS},
    )
    async def tags(
        self,
        info: Info,
        limit: Annotated[
            int, strawberry.argument(description=limit_description("tags", _TAGS))
        ] = _TAGS.default,
        after: Annotated[
            str,
            strawberry.argument(
                description="Only tags after this one, in the order of the list. To continue, pass "
                "the last tag you received. Defaults to the start of the list."
            ),
        ] = "",
        user_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="Only tags of images of this user. Only admins see other users' tags."
            ),
        ] = None,
    ) -> list[TagCount]:
        """Count the images of each tag."""
        check_limit(limit, _TAGS)
        errors = [*validate_user(user_id), *list_errors([after], path=("after",), limit=1)]
        if errors:
            raise Rejected(errors)
        context = info.context
        found = await tag_counts(
            context.services, context.principal, user_id=user_id, after=after, limit=limit
        )
        return [TagCount(tag=tag, count=count) for tag, count in found]
