"""The page on urql lists the types that Graphcache cannot identify: those without an ID."""

import re

from graphql import GraphQLObjectType, build_schema

from tests.support.node import ROOT


def test_the_types_without_an_id_are_those_of_the_schema() -> None:
    page = (ROOT / "docs" / "clients" / "urql.md").read_text("utf-8")
    listed = re.search(r"WITHOUT_ID = `(.*?)`", page, re.DOTALL)
    assert listed is not None
    schema = build_schema((ROOT / "schema.graphql").read_text("utf-8"))
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    # A connection, its edges and its pageInfo belong to their list; Graphcache knows them by name.
    paging = re.compile(r"Connection$|Edge$|^PageInfo$")
    without = {
        one.name
        for one in schema.type_map.values()
        if isinstance(one, GraphQLObjectType) and one not in roots and "id" not in one.fields
        if not one.name.startswith("__") and not paging.search(one.name)
    }
    assert set(listed[1].split()) == without
