from pathlib import Path

import pytest

from tests.support.running_app import FLUX, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

PERFORMANCE = """query($model: ID!) {
  model(id: $model) { performance(since: "2020-01-01T00:00:00Z") { failures } }
}"""


async def test_an_image_beyond_the_accounts_rate_limit_is_refused_and_is_no_models_failure(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai_settings(fake_workers_ai) | {"workers_ai_requests_per_minute": 2}
    async with running_app(tmp_path, settings) as app:
        await app.image()
        refused = await app.generate()
        found = await app.ask(PERFORMANCE, model=FLUX)
    (error,) = refused["userErrors"]
    assert (error["__typename"], error["retryable"]) == ("GenerationFailed", True)
    assert "provider's rate limit is reached" in error["message"]
    assert len(fake_workers_ai.requests) == 1
    assert found["model"]["performance"]["failures"] == 0
