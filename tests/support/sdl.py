"""The schema as clients read it from schema.graphql, built once for all tests."""

from typing import Final

from graphql import GraphQLSchema, build_schema

from gql_server.api.schema import schema_text

SCHEMA: Final[GraphQLSchema] = build_schema(schema_text())
