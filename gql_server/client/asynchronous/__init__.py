"""The client for asyncio. ``gql_server/client/synchronous`` is generated from it."""
