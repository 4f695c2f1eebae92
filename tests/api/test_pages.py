"""The arguments of lists, which the extension of a field gives it."""

import pytest
import strawberry

from gql_server.api.connections import Connection
from gql_server.api.pages import ListOrder, PageArguments, Paginated
from gql_server.api.schema import build_schema
from gql_server.domain.errors import InvalidInput
from gql_server.graphql.execution.limits import Limits

PAGE = ["first", "after", "last", "before"]


def test_every_connection_of_the_schema_has_the_same_arguments_in_each_schema_built() -> None:
    for schema in (build_schema(), build_schema(Limits(depth=99))):
        lists = {
            f"{kind.name}.{name}": list(field.args)
            for kind in schema._schema.type_map.values()
            for name, field in getattr(kind, "fields", {}).items()
            if str(getattr(field, "type", "")).endswith("Connection!")
        }
        assert len(lists) >= 8
        for name, arguments in lists.items():
            assert arguments[:4] == PAGE, name
            assert arguments[4:] == (["status"] if name == "Batch.items" else ["filter", "orderBy"])


def test_a_resolver_receives_one_object() -> None:
    arguments = {"first": 2, "after": "c", "order_by": ListOrder.OLDEST_FIRST, "filter": 1}
    assert Paginated().map_arguments(arguments) == {
        "filter": 1,
        "page": PageArguments(first=2, after="c", order_by=ListOrder.OLDEST_FIRST),
    }
    assert arguments["first"] == 2  # plans share what they read
    fixed = Paginated(fixed_order=ListOrder.OLDEST_FIRST).map_arguments({})
    assert fixed == {"page": PageArguments(order_by=ListOrder.OLDEST_FIRST)}


def test_a_list_whose_resolver_takes_no_page_is_refused_when_the_schema_is_built() -> None:
    @strawberry.type
    class Query:
        @strawberry.field(extensions=[Paginated()])  # type: ignore[untyped-decorator]  # as in the schema itself
        def names(self) -> Connection[str]:
            raise AssertionError

    with pytest.raises(TypeError, match="resolver of names has no parameter page"):
        strawberry.Schema(Query)


@pytest.mark.parametrize(
    ("page", "path"),
    [
        (PageArguments(first=0), "first"),
        (PageArguments(last=101), "last"),
        (PageArguments(first=1, last=1), "last"),
        (PageArguments(after="?"), "after"),
        (PageArguments(before="bm8="), "before"),
    ],
)
def test_invalid_arguments_are_named(page: PageArguments, path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        page.request()
    assert caught.value.path == (path,)
