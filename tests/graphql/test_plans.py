"""Plans answer as graphql-core does: operations drawn from the schema, with both, byte for byte."""

import gc
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from random import Random
from typing import Any

import anyio.from_thread
import orjson
import pytest

from gql_server.api.caller import Access
from gql_server.api.context import Context
from gql_server.api.models.catalogue import ShapedCatalogue
from gql_server.api.schema import build_schema
from gql_server.database.engine.cursors import cursor_of
from gql_server.domain.parameters import Parameters
from gql_server.domain.principal import Principal, Role
from gql_server.graphql.execution.limits import Limits
from tests.access.access_probes import make_objects
from tests.database.rows import START, add_image, add_template
from tests.support.operations import Operation, Operations
from tests.support.running_app import FLUX, SDXL, RunningApp, running_app

LIMITS = Limits(cost=10**9, depth=100, aliases=1000, repeats=1000, directives=1000)
LISTS = ("templates", "batches", "sourceImages", "budgets", "apiKeys", "webhooks")
OBJECTS = ("image", "models", "model", "template", "batch", "viewer")
PLANNED = ("images", "images", "images", *OBJECTS, *LISTS)
READ = (*PLANNED, "node", "nodes")
IMAGES = 60
SHARES = 4
"""Of the hundred thousand, for as many processes."""
_DRAWS_OF_A_PLAN = 40
_TRIES_OF_CHANCE = 100
_CHANCE = re.compile(rb'(estimatedFinishAt":"|resetsAt":"|eference"?: ?"?)[^"]*')
PAGE = """query L($n: Int!, $a: String, $f: ImageFilter) {
  images(first: $n, after: $a, filter: $f) {
    __typename
    edges { cursor node { ...F } }
    e: edges { node { b: id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor __typename }
    totalCount
  }
}
fragment F on Image {
  __typename id prompt renderedPrompt model { id name } r2Key r2Url url
  parameters { steps guidance } width height contentType sizeBytes placeholder tags metadata
  cost providerCost neurons seconds isPreview userId createdAt isDeleted deletedAt
}"""
LAST = """{
  images(last: 3, orderBy: OLDEST_FIRST) { pageInfo { startCursor } edges { node { tags } } }
}"""
MODELS = '{ a: model(id: "%s") { id parameters { name minimum } } b: model(id: "x") { id } }'
CONDITIONAL_PAGE = """query C($shown: Boolean!, $hidden: Boolean = false) {
  images(first: 2) {
    edges { cursor @skip(if: $hidden) node { id prompt @include(if: $shown) ...T @skip(if: true) } }
    pageInfo @include(if: $shown) { hasNextPage }
  }
  viewer @skip(if: $shown) { role }
}
fragment T on Image { tags }"""
ADMIN_LISTS = "{ apiKeys { edges { node { name role } } } budgets { id limit } }"
CALLERS = (
    Principal("ann", role=Role.CREATOR),
    Principal("bob", role=Role.READER),
    Principal("root", role=Role.ADMIN),
)


def created_at(number: int) -> datetime:
    """Return when an image was created."""
    return START + timedelta(seconds=number, microseconds=number * 1000)


class Compared:
    """A seeded database, the product's schema, and the same executed by graphql-core alone."""

    def __init__(self, app: RunningApp, call: Callable[..., Any], ids: list[str]) -> None:
        self.call = call
        self.planned = 0
        self._parts = app.services
        self._models = ShapedCatalogue(app.services.catalogue, app.services.prices).models()
        self._schema = build_schema(LIMITS)
        cursors = [
            cursor_of({"created_at": created_at(number), "id": ids[number]})
            for number in range(0, IMAGES, 5)
        ]
        values = {
            "first": (1, 2, 5, 50, 100, 0, 101, 3.0, "x"),
            "last": (1, 3, 50, -1),
            "after": (*cursors, "nonsense"),
            "before": cursors,
            "limit": (1, 10, 0),
            "id": (*ids[:4], *ids[-4:], FLUX, SDXL, "img_nothing"),
            "ids": ([ids[0], FLUX], ids[:3], []),
            "models": ([FLUX], [FLUX, SDXL], []),
            "tags": (["fox"], ["fox", "snow"], []),
            "userId": ("ann", "bob"),
            "search": ("fox", "ÜBER", "nothing"),
            "JSON": ({"order": 42}, {}),
            "DateTime": ("2026-01-01T00:00:10Z", "2026-01-01", "1969-01-01T00:00:00Z", "soon"),
            "ID": (ids[0], FLUX),
            "String": ("fox",),
            "Int": (1, 600),
            "Float": (0.5,),
            "Boolean": (True, False),
        }
        self._read = Operations(self._schema._schema, values, READ)
        self._mostly_planned = Operations(self._schema._schema, values, PLANNED)

    def check(self, random: Random) -> int:
        """Draw an operation, compare its answers for a caller drawn too, and count comparisons.

        A plan is compared again with other variables, and for other callers: most of what it costs
        is validating the document, and what can go wrong is in the rest.
        """
        source = self._mostly_planned if random.random() < 0.7 else self._read
        operation = source.draw(random)
        planned = self.planned
        self.compare(operation, random.choice(CALLERS))
        if self.planned == planned:
            return 1
        for _ in range(_DRAWS_OF_A_PLAN):
            again = operation.with_other_variables()
            self.compare(again, random.choice(CALLERS), is_known=True)
        return 1 + _DRAWS_OF_A_PLAN

    def compare(self, operation: Operation, caller: Principal, *, is_known: bool = False) -> None:
        expected = self.call(self._by_core, operation, caller)
        # Compiled when it comes again.
        for _ in range(1 if is_known else 2):
            answer = self.call(self._by_plan, operation, caller)
        answer, expected = _without_chance(answer), _without_chance(expected)
        if answer != expected and not self._is_chance_of_core(answer, operation, caller):
            where = next(
                n for n, pair in enumerate(zip(answer, expected, strict=False)) if len({*pair}) > 1
            )
            around = slice(max(0, where - 200), where + 100)
            text = f"{answer[around]!r}\nis not\n{expected[around]!r}\n{operation.document}"
            raise AssertionError(f"{text}\n{operation.variables} {caller}")

    def _is_chance_of_core(self, answer: bytes, operation: Operation, caller: Principal) -> bool:
        """Return whether graphql-core gives this answer, too.

        Where several errors would each make the whole answer null, it reports the one that is
        raised first, and which one that is depends on timing (GraphQL, 6.4.4).
        """
        return b'"data":null' in answer and any(
            answer == _without_chance(self.call(self._by_core, operation, caller))
            for _ in range(_TRIES_OF_CHANCE)
        )

    async def _by_core(self, operation: Operation, caller: Principal) -> bytes:
        result = await self._schema.execute(
            operation.document, dict(operation.variables), self._context(caller)
        )
        return _written(result)

    async def _by_plan(self, operation: Operation, caller: Principal) -> bytes:
        answer = await self._schema.answer(
            operation.document, dict(operation.variables), self._context(caller), None
        )
        if answer is None:
            return await self._by_core(operation, caller)
        self.planned += isinstance(answer, bytes)
        return answer if isinstance(answer, bytes) else _written(answer)

    def _context(self, caller: Principal) -> Context:
        return Context(self._parts, self._models, Access(None), caller)  # type: ignore[arg-type]  # nobody is authenticated here


def _written(result: Any) -> bytes:
    written: dict[str, Any] = {}
    if result.errors:
        written["errors"] = [error.formatted for error in result.errors]
    written["data"] = result.data
    written["extensions"] = result.extensions
    return orjson.dumps(written)


def _without_chance(answer: bytes) -> bytes:
    """Leave out what differs between two answers of one executor too."""
    return _CHANCE.sub(rb"\1", answer)


@pytest.fixture(scope="module", params=["sqlite"])
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compared]:
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(running_app(tmp_path_factory.mktemp("plans"))) as app,
    ):

        async def prepare() -> list[str]:
            database = app.services.database
            template = await add_template(database, parameters=asdict(Parameters(steps=8)))
            images = [
                await add_image(
                    database,
                    user_id=("ann", "bob")[number % 2],
                    prompt=("A red fox", 'Über "x"\n\u2028', "\\ \x00-free \x7f 狐")[
                        number % 3
                    ].replace("\x00", ""),
                    model_id=(FLUX, SDXL, "@cf/gone/retired")[number % 3],
                    template_id=template.id if number % 4 == 0 else None,
                    parameters=asdict(
                        (Parameters(steps=4, seed=7), Parameters(guidance=7.5))[number % 2]
                    ),
                    tags=(["fox"], ["fox", "snow"], [])[number % 3],
                    attributes=({"a": [1, None, 2.5]}, None)[number % 2],
                    created_at=created_at(number),
                    deleted_at=START + timedelta(days=1) if number % 7 == 0 else None,
                    is_preview=number % 5 == 0,
                    seconds=number / 3,
                )
                for number in range(IMAGES)
            ]
            owned = await make_objects(app.services, "ann")
            ids = [str(value) for value in asdict(owned).values() if value is not None]
            return [*(image.id for image in images), template.id, *ids]

        yield Compared(app, portal.call, portal.call(prepare))


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("{ __typename models { id name costPerImage } }", {}),
        (MODELS % FLUX, {}),
        ("{ images { totalCount } }", {}),
        (LAST, {}),
        (
            PAGE,
            {"n": 5, "f": {"tags": ["fox"], "deleted": "INCLUDE"}},
        ),
        ("query I($id: ID!) { image(id: $id) { id prompt ... on Node { id } } }", {"id": "img_x"}),
        ("{ viewer { role userId } }", {}),
        (CONDITIONAL_PAGE, {"shown": True}),
        (CONDITIONAL_PAGE, {"shown": False, "hidden": True}),
        ("{ templates { edges { cursor node { name defaultPrompt } } } }", {}),
        ("{ batches(first: 2) { pageInfo { endCursor } edges { node { status cost } } } }", {}),
        ("{ sourceImages { edges { node { id width } } } }", {}),
    ],
)
def test_what_a_page_shows_is_answered_by_a_plan(
    compared: Compared, document: str, variables: dict[str, Any]
) -> None:
    for caller in CALLERS:
        before = compared.planned
        compared.compare(Operation(document, variables), caller)
        assert compared.planned > before


def test_lists_for_admins_are_answered_by_a_plan_for_admins_alone(compared: Compared) -> None:
    for caller in CALLERS:
        before = compared.planned
        compared.compare(Operation(ADMIN_LISTS, {}), caller)
        assert (compared.planned > before) is (caller.role is Role.ADMIN)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_plans_answer_as_graphql_core_does(compared: Compared) -> None:
    random = Random()
    seed = random.randrange(2**32)
    random.seed(seed)
    before, comparisons = compared.planned, 0
    while comparisons < 2000:
        try:
            comparisons += compared.check(random)
        except Exception as error:
            raise AssertionError(f"seed {seed}, after {comparisons} comparisons") from error
    # graphql-core drops coroutines beside an error: their warnings are filtered here.
    gc.collect()
    # The comparison means something only where plans answer.
    assert compared.planned - before > 1000


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.survival
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("share", range(SHARES))
def test_they_do_so_for_a_hundred_thousand(compared: Compared, share: int) -> None:
    random = Random()
    comparisons = 0
    while comparisons < 100_000 // SHARES:
        try:
            comparisons += compared.check(random)
        except Exception as error:
            raise AssertionError(f"share {share}, after {comparisons} comparisons") from error
    gc.collect()
