"""Modules, test files and folders stay small enough to read."""

from collections import Counter
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
MAX_MODULE_LINES: Final = 320
MAX_TEST_LINES: Final = 520
MAX_FILES_IN_FOLDER: Final = 24
LONG_MODULES: Final = {
    "gql_server/api/budgets/types.py": "nearly all of it is field descriptions",
    "gql_server/api/user_error_types.py": "a type for each error; nearly all of it is descriptions",
    "gql_server/graphql/execution/executor.py": "graphql-core's executor, overridden as one class",
    "gql_server/graphql/execution/schema.py": "the way of one operation, read from top to bottom",
    "gql_server/graphql/server/view.py": "the way of one request, read from top to bottom",
    "gql_server/rest/operations.py": "a table: one entry for each operation",
}
LARGE_FOLDERS: Final = {
    "gql_server/database/migrations/versions": "a file for each revision",
    "gql_server/database/queries": "statements, a file for each noun",
    "tests/support": "parts that tests are built from, a file for each",
}


def long_files(folder: str, limit: int) -> dict[str, int]:
    lines = {
        path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines())
        for path in (ROOT / folder).rglob("*.py")
    }
    return {name: count for name, count in lines.items() if count > limit}


def test_modules_are_short() -> None:
    assert long_files("gql_server", MAX_MODULE_LINES).keys() - LONG_MODULES.keys() == set()


def test_test_files_are_short() -> None:
    assert long_files("tests", MAX_TEST_LINES) == {}


def test_folders_are_small() -> None:
    files = Counter(
        path.parent.relative_to(ROOT).as_posix()
        for folder in ("gql_server", "tests", "tools", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    )
    large = {name for name, count in files.items() if count > MAX_FILES_IN_FOLDER}
    assert large - LARGE_FOLDERS.keys() == set()


def test_exceptions_name_what_exists() -> None:
    assert [name for name in (*LONG_MODULES, *LARGE_FOLDERS) if not (ROOT / name).exists()] == []
