"""A process that makes pictures under the account's rate limit.

Its arguments are ``DATABASE_URL BASE_URL ACCOUNT TOKEN``. It asks for ``PICTURES`` of them side by
side, in at most ``PER_MINUTE`` attempts a minute, and prints how many were made.
"""

import asyncio
import sys
from typing import Final

from sqlalchemy.engine import make_url

from gql_server.database.engine.engine import Database
from gql_server.domain.rate_limits import RateLimit
from gql_server.inference.attempts import AttemptKind
from gql_server.inference.workers_ai import WorkersAI
from gql_server.processes.provider_rate_limit import SharedRateLimiter
from tests.support.workers_ai_client import request_for

PER_MINUTE: Final = 360
PICTURES: Final = 22


async def main(url: str, base_url: str, account_id: str, api_token: str) -> None:
    database = Database(make_url(url))
    limiter = SharedRateLimiter(
        database, {AttemptKind.TEXT_TO_IMAGE: RateLimit(PER_MINUTE)}, max_wait_seconds=60
    )
    generator = WorkersAI(
        account_id=account_id, api_token=api_token, base_url=base_url, limiter=limiter
    )
    try:
        pictures = await asyncio.gather(
            *(generator.generate(request_for()) for _ in range(PICTURES))
        )
    finally:
        await generator.close()
        await database.close()
    sys.stdout.write(f"{len(pictures)}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
