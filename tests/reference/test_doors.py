"""docs/doors.md says of each API what is in it, and of the OpenAI API everything."""

import json
import re

from gql_server.openai.operations import OPERATIONS as OPENAI
from gql_server.rest.operations import OPERATIONS as REST
from tests.support.sdl import SCHEMA
from tools.reference.doors import (
    OPENAI_FORM,
    OPENAI_NAMES,
    ROOT,
    TRIED,
    doors_page,
    openai_fields,
    operation_rows,
    setting_rows,
)


def test_every_operation_of_every_api_has_a_place() -> None:
    page = doors_page()
    for one in REST:
        assert f"`{one.method} {one.path}`" in page
    for other in OPENAI:
        assert f"`{other.method} {other.described_path}`" in page
    roots = (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type)
    names = [name for root in roots if root is not None for name in root.fields]
    assert [row[0].partition(" ")[2] for row in operation_rows(SCHEMA)] == [
        f"`{name}`" for name in names
    ]


def test_every_parameter_of_openai_is_a_setting_or_about_the_response() -> None:
    named = {name for names in OPENAI_NAMES.values() for name in names}
    assert named | OPENAI_FORM == openai_fields()
    assert not named & OPENAI_FORM
    settings = {row[0].strip("`") for row in setting_rows(SCHEMA)}
    assert OPENAI_NAMES.keys() <= settings


def test_the_clients_that_it_names_are_pinned_for_the_tests() -> None:
    clients = ROOT / "tests" / "e2e" / "clients"
    lists = [ROOT / "constraints.txt", *clients.glob("*.txt")]
    pinned = {
        *json.loads((clients / "package.json").read_text())["dependencies"],
        *(
            name
            for path in lists
            for name in re.findall(r"^([^#=\s]+)==", path.read_text(), re.MULTILINE)
        ),
    }
    page = doors_page()
    for packages in TRIED.values():
        assert set(packages) <= pinned
        assert all(f"`{name}`" in page for name in packages)
