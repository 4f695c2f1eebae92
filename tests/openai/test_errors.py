"""Errors in the form of the OpenAI API, with its types, codes and parameters."""

from typing import Any

import pytest

from gql_server.domain.allowances import Allowance, RateLimited, state_of
from gql_server.domain.clock import now
from gql_server.domain.errors import DomainError, Rejected
from gql_server.openai.errors.problem import ErrorType
from gql_server.openai.errors.translation import param_of, problem_of
from tests.openai.calls import GENERATIONS, SMALL, error
from tests.support.running_app import RunningApp
from tests.test_doors import ERRORS

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"prompt": 1}, "prompt", "invalid_type"),
        ({"prompt": "A"}, "prompt", "string_below_min_length"),
        ({"prompt": "A" * 5000}, "prompt", "string_above_max_length"),
        ({"model": None}, "model", "missing_required_parameter"),
        ({"n": 0}, "n", "invalid_value"),
        ({"n": 11}, "n", "invalid_value"),
        ({"n": "1"}, "n", "invalid_type"),
        ({"size": "big"}, "size", "invalid_value"),
        ({"size": "0x10"}, "size", "invalid_value"),
        ({"response_format": "png"}, "response_format", "invalid_value"),
        ({"quality": "best"}, "quality", "invalid_value"),
        ({"background": "transparent"}, "background", "unsupported_parameter"),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"steps": 10_000}, "steps", "invalid_value"),
        ({"max_cost": -1}, "max_cost", "invalid_value"),
        ({"colour": "red"}, "colour", "unknown_parameter"),
        ({"colour": "red", "n": 0}, "n", "invalid_value"),
    ],
)
async def test_a_wrong_parameter_is_named(
    user: RunningApp, changes: dict[str, Any], param: str, code: str
) -> None:
    found = await error(user, GENERATIONS, 400, json=SMALL | changes)
    assert (found["type"], found["param"], found["code"]) == (
        "invalid_request_error",
        param,
        code,
    )


async def test_bodies_and_addresses_that_are_none(user: RunningApp) -> None:
    for body in (b"{", b"[]", b"3", b'"x"', b"\xff", b'{"prompt": 1e999}', b"[" * 100_000):
        headers = {"Content-Type": "application/json"}
        await error(user, GENERATIONS, 400, content=body, headers=headers)
    found = await error(user, GENERATIONS, 415, content=b"{}", headers={"Content-Type": "text/a"})
    assert found["code"] == "unsupported_content_type"
    assert (await error(user, "/v1/chat/completions", 404, json={}))["code"] == "unknown_url"
    response = await user.client.put("/v1/models", json={})
    assert (response.status_code, response.headers["allow"]) == (405, "GET")
    assert response.json()["error"]["code"] == "method_not_supported"


@pytest.mark.parametrize("failing", ERRORS, ids=lambda one: type(one).__name__)
def test_every_error_of_the_domain_has_a_form(failing: DomainError) -> None:
    problem = problem_of(failing)
    assert 400 <= problem.status < 600
    assert problem.message
    assert problem.code
    assert problem.body.keys() == {"message", "type", "param", "code"}
    is_retried = problem.status in {408, 409, 429} or problem.status >= 500
    assert ("x-should-retry" in problem.headers) is is_retried


def test_errors_of_a_filter_and_of_spending_have_their_types() -> None:
    by_name = {type(one).__name__: problem_of(one) for one in ERRORS}
    assert by_name["PromptRefused"].type is ErrorType.BLOCKED
    assert by_name["ImageFlagged"].code == "moderation_blocked"
    assert by_name["BudgetExceeded"].status == 429
    assert by_name["BudgetExceeded"].type is ErrorType.INSUFFICIENT_QUOTA
    assert by_name["ModelNotFound"].status == 404
    assert by_name["MaxCostExceeded"].code == "max_cost_exceeded"


def test_several_errors_are_one_with_all_messages() -> None:
    several = problem_of(Rejected(ERRORS[:3]))
    assert several.param == problem_of(ERRORS[0]).param
    for one in ERRORS[:3]:
        assert problem_of(one).message in several.message
    assert "more errors" in problem_of(Rejected(ERRORS[:7])).message


def test_fields_have_the_names_of_parameters() -> None:
    assert param_of(("source_image_ids", 1)) == "image[1]"
    assert param_of(("parameters", "style")) == "style"
    assert param_of(("width",)) == "size"
    assert param_of(()) is None


def test_a_rate_limit_says_when() -> None:
    state = state_of(Allowance(10, 1), cost=5, missing=10_000_000, moment=now())
    problem = problem_of(RateLimited(state, retry_after=3))
    assert (problem.type, problem.headers["Retry-After"]) == (ErrorType.RATE_LIMIT, "3")


def test_an_unexpected_error_is_masked() -> None:
    problem = problem_of(RuntimeError("secret"))
    assert problem.status == 500
    assert "secret" not in problem.message
