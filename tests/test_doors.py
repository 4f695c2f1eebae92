"""Messages name fields and operations as the API does that a request came through."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from gql_server.api.errors import camel_case, user_errors
from gql_server.domain import errors as domain
from gql_server.domain.batches import BatchStatus
from gql_server.domain.budgets import BudgetScope
from gql_server.domain.errors import BudgetExceeded, BudgetNotFound, DomainError
from gql_server.rest.errors.forms import details_of, message_of, status_of, title_of
from tests.domain.error_family import error_family
from tests.rest.calls import ask
from tests.support.running_app import RunningApp

USE_CASES: Final = ("domain", "generation", "batches", "ledger", "idempotency")
GRAPHQL_NAME: Final = re.compile(r"\b[a-z]+[A-Z]\w*|`|\b[Qq]uery\b|\bmutation\b")
PYTHON_NAME: Final = re.compile(r"\b[a-z]+_[a-z_]+\b(?!_?[0-9])")
MOMENT: Final = datetime(2026, 2, 1, tzinfo=UTC)
ERRORS: Final[list[DomainError]] = [
    domain.InvalidInput("Width must be from 256 to 2048; it is 1.", path=("width",)),
    domain.ModelNotFound("nope"),
    domain.TemplateNotFound("none"),
    domain.ImageNotFound("none"),
    domain.ApiKeyNotFound("none"),
    domain.BatchNotFound("none"),
    domain.GenerationNotFound("none"),
    domain.WebhookNotFound("none"),
    BudgetNotFound("none"),
    domain.PromptRefused(),
    domain.ImageFlagged(seed_was_given=True),
    domain.GenerationFailed("The provider failed.", retryable=True),
    domain.GenerationPending("img-1"),
    domain.BatchPending("bat-1"),
    domain.DailyAllocationUsed(MOMENT),
    domain.IdempotencyConflict(),
    domain.IdempotencyInProgress("img-1"),
    domain.ImagePurged("img-1"),
    domain.MaxCostExceeded(cost=2_000_000_000, max_cost=1_000_000_000),
    BudgetExceeded(
        scope=BudgetScope.USER, limit=1, spent=1, reserved=0, needed=1, resets_at=MOMENT
    ),
    domain.BatchConflict(
        "The batch is still running.", batch_id="bat-1", status=BatchStatus.RUNNING
    ),
    domain.QueueFull(queued=90, requested=20, max_queued=100),
]


def test_every_error_is_here() -> None:
    assert {type(error) for error in ERRORS} == error_family()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_names_fields_and_operations_as_its_door_does(error: DomainError) -> None:
    (reported,) = user_errors(error)
    assert reported.message.startswith(error.message)
    assert PYTHON_NAME.search(reported.message) is None
    assert reported.path == ["input", *(camel_case(str(part)) for part in error.path)]
    message = message_of(error)
    assert GRAPHQL_NAME.search(message) is None
    assert details_of(error)["message"] == message
    assert title_of(error, status_of(error))


def test_hints_are_those_of_the_door() -> None:
    (graphql,) = user_errors(domain.ModelNotFound("nope"))
    assert graphql.message == 'There is no model "nope". Query `models` for the available models.'
    assert message_of(domain.ModelNotFound("nope")) == "Model not found or not supported"
    (pending,) = user_errors(domain.GenerationPending("img_1"))
    assert pending.message.endswith("Query image img_1 in a moment.")
    assert message_of(domain.GenerationPending("img_1")).endswith("Location in a moment.")


def texts_of(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module that are not docstrings, with their lines."""
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in statements:
            value: Any = node.value
            if isinstance(value, str) and " " in value.strip():
                yield node.lineno, value


@pytest.mark.parametrize("room", USE_CASES)
def test_use_cases_name_no_field_of_graphql(room: str) -> None:
    package = Path(__file__).parents[1] / "gql_server"
    found = [
        f"{path.relative_to(package)}:{line}: {text}"
        for path in sorted((package / room).rglob("*.py"))
        for line, text in texts_of(ast.parse(path.read_text("utf-8")))
        if GRAPHQL_NAME.search(text)
    ]
    assert found == []


@pytest.mark.anyio
async def test_an_unknown_model_over_both_doors(app: RunningApp) -> None:
    payload = await app.generate(model="nope")
    (error,) = payload["userErrors"]
    assert error["message"] == 'There is no model "nope". Query `models` for the available models.'
    body = {"prompt": "A red fox", "model": "nope"}
    answer = await ask(app, "POST", "generate", 400, json=body)
    assert answer["details"] == {"model": "nope", "message": "Model not found or not supported"}
