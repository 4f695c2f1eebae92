"""Texts and names of the code are in the words of the field.

Texts are docstrings, comments, messages and log events; names are those that the code defines:
modules, classes, functions, arguments, variables, tests. The studio's scripts follow the same rule.
`python -m tests.test_code_words gql_server/storage` lists what is to be rewritten in a package.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
PACKAGE: Final = ROOT / "gql_server"
FOLDERS: Final = ("gql_server", "tools", "benchmarks", "tests")
ODD_WORDS: Final = re.compile(
    r"\b(tells?|telling|told|faults?|mends?|mended|mending|wanted|unwanted|anew|begun|"
    r"go(es|ing)? on|went on|gone on|by and by|good no longer|no longer good|for ever|kept from|"
    r"somebody|nobody|whoever|whose it is|who asks|what is asked for|found out|stands? in|"
    r"it is for|(is|are|was|were|been|be|and) asked|asked for|there is to know)\b",
    re.IGNORECASE,
)
ODD_IN_SCRIPTS: Final = re.compile(
    rf"{ODD_WORDS.pattern}|\b(patience|(most|longest|least|shortest)_(?!expensive_first)\w+)\b",
    re.IGNORECASE,
)
"""`MOST_EXPENSIVE_FIRST` is a value of the schema."""

PICTURE: Final = re.compile(r"\bpictures?\b(?!:)", re.IGNORECASE)
"""In a sentence of another package than `pictures` it is an image, unless it is quoted as code."""

QUOTED: Final = re.compile(r"``?[^`]*`?`|\{[^{}]*\}|\w+\.pictures\b")
SPEAKS_OF_PICTURES: Final = {
    "gql_server/pictures": "pixels and encoded files",
    "gql_server/inference/workers_ai/errors.py": "words of Cloudflare's messages",
    "gql_server/ledger/prices/files.py": "`picture` is a unit of price books",
    "gql_server/database/migrations": "never changed",
}
ODD_NAMES: Final = {
    *("tell", "tells", "telling", "told", "untold", "asked", "anew", "begun"),
    *("fault", "faults", "faulty", "mend", "mends", "mended", "mending", "wanted", "unwanted"),
    *("somebody", "nobody", "anybody", "everybody", "whoever"),
}
ODD_IN_TESTS: Final = ODD_NAMES | {"picture", "pictures"}
"""Names of tests speak about the API, whose word is image; a picture is pixels or a file."""

NAMES_KEPT: Final = {
    "tests/support/faulty_proxy.py": "a proxy that injects faults, which is the term for it",
}
WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
SAID_INSTEAD: Final = """
tell, told: report, return, notify, send; whether it was told: whether it was sent
fault: error; mend: fix, repair; wanted: requested, needed; anew: again; begun: started
go on: continue; somebody, nobody, whoever: a user, a caller, no one, or name who it is
who asks: the caller; what is asked for: the request, the requested fields; found out: determined
"""


def findings_of(name: str, code: str) -> Iterator[str]:
    """Yield the odd words in the comments and texts of a module, with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        is_sentence = " " in token.string and not name.startswith(tuple(SPEAKS_OF_PICTURES))
        is_text = token.type in {tokenize.STRING, tokenize.COMMENT}
        if is_text or tokenize.tok_name[token.type] == "FSTRING_MIDDLE":
            for number, line in enumerate(token.string.splitlines(), start=token.start[0]):
                for odd in ODD_WORDS.finditer(line.replace("_", " ")):
                    yield f"{name}:{number}: {odd.group()!r} in {line.strip()!r}"
                if is_sentence and PICTURE.search(QUOTED.sub("", line)):
                    yield f"{name}:{number}: 'picture' in {line.strip()!r}"


def findings_in(folder: Path) -> list[str]:
    return [
        finding
        for path in sorted(folder.rglob("*.py") if folder.is_dir() else [folder])
        for finding in findings_of(path.relative_to(PACKAGE.parent).as_posix(), path.read_text())
    ]


def defined_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield each name that a module defines, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, node.lineno
            case ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name, node.lineno
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno


def odd_names(where: str, code: str) -> Iterator[str]:
    """Yield the names in a module that have an odd word, with their lines."""
    for name, line in [(Path(where).stem, 1), *defined_names(ast.parse(code))]:
        odd = ODD_IN_TESTS if name.startswith("test_") else ODD_NAMES
        if odd.intersection(word.lower() for word in WORD.findall(name)):
            yield f"{where}:{line}: the name {name!r}"


def names_in(folder: Path) -> list[str]:
    paths = sorted(path for path in folder.rglob("*.py") if "node_modules" not in path.parts)
    return [
        finding
        for path in paths
        if (where := path.relative_to(ROOT).as_posix()) not in NAMES_KEPT
        for finding in odd_names(where, path.read_text())
    ]


ROOMS: Final = sorted(
    path.name
    for path in PACKAGE.iterdir()
    if path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py")))
)


@pytest.mark.parametrize("room", ROOMS)
def test_code_is_in_the_words_of_the_field(room: str) -> None:
    assert findings_in(PACKAGE / room) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_names_are_in_the_words_of_the_field(folder: str) -> None:
    assert names_in(ROOT / folder) == []


def script_findings(name: str, code: str) -> list[str]:
    """Return the odd words in a script or a style sheet, whether in a comment, text or name."""
    return [
        f"{name}:{number}: {odd.group()!r}"
        for number, line in enumerate(code.splitlines(), start=1)
        for odd in ODD_IN_SCRIPTS.finditer(line)
    ]


@pytest.mark.parametrize("folder", ["studio/build", "studio/src", "tests/e2e", "benchmarks/peers"])
def test_scripts_are_in_the_words_of_the_field(folder: str) -> None:
    scripts = [
        path
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".ts", ".tsx", ".mjs", ".css"} and "node_modules" not in path.parts
    ]
    assert scripts
    assert [
        finding
        for path in sorted(scripts)
        for finding in script_findings(path.relative_to(ROOT).as_posix(), path.read_text())
    ] == []


@pytest.mark.parametrize("code", ["// Nobody waits.", "const MOST_ROWS = 8;", "const faults = [];"])
def test_what_the_rule_finds_in_scripts(code: str) -> None:
    assert script_findings("module.ts", code)


@pytest.mark.parametrize(
    "code",
    [
        "told = 1",
        "def _tell(): ...",
        "class Fault: ...",
        "def read(wanted): ...",
        "self.asked_at = 1",
        "def test_a_picture_is_made(): ...",
    ],
)
def test_what_the_rule_finds_in_names(code: str) -> None:
    assert len(list(odd_names("module.py", code))) == 1


@pytest.mark.parametrize(
    "code",
    [
        '"""Tell what is wrong."""',
        "x = 1  # nobody waits",
        'raise Error(f"It is no {x} that is wanted.")',
        'log.warning("failure_not_told")',
        '"""Return.\n\nWhoever is cancelled, retries.\n"""',
    ],
)
def test_what_the_rule_finds(code: str) -> None:
    assert list(findings_of("module", code + "\n"))


if __name__ == "__main__":
    for argument in sys.argv[1:] or [str(PACKAGE)]:
        print(*findings_in(Path(argument).resolve()), sep="\n")  # noqa: T201 - its output
