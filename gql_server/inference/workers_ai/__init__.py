"""Images from Cloudflare Workers AI: its requests, answers, errors and when to try again."""

from gql_server.inference.workers_ai.client import WorkersAI

__all__ = ["WorkersAI"]
