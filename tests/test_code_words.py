"""Docstrings, comments, messages and log events of the code are in the words of the field.

`python -m tests.test_code_words gql_server/storage` lists what is to be rewritten in a package.
"""

import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

PACKAGE: Final = Path(__file__).parent.parent / "gql_server"
ODD_WORDS: Final = re.compile(
    r"\b(tells?|telling|told|faults?|mends?|mended|mending|wanted|unwanted|anew|begun|"
    r"go(es|ing)? on|went on|gone on|by and by|good no longer|no longer good|for ever|kept from|"
    r"somebody|nobody|whoever|whose it is|who asks|what is asked for|found out|stands? in|"
    r"it is for)\b",
    re.IGNORECASE,
)
SAID_INSTEAD: Final = """
tell, told: report, return, notify, send; whether it was told: whether it was sent
fault: error; mend: fix, repair; wanted: requested, needed; anew: again; begun: started
go on: continue; somebody, nobody, whoever: a user, a caller, no one, or name who it is
who asks: the caller; what is asked for: the request, the requested fields; found out: determined
"""


def findings_of(name: str, code: str) -> Iterator[str]:
    """Yield the odd words in the comments and texts of a module, with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        is_text = token.type in {tokenize.STRING, tokenize.COMMENT}
        if is_text or tokenize.tok_name[token.type] == "FSTRING_MIDDLE":
            for number, line in enumerate(token.string.splitlines(), start=token.start[0]):
                for odd in ODD_WORDS.finditer(line.replace("_", " ")):
                    yield f"{name}:{number}: {odd.group()!r} in {line.strip()!r}"


def findings_in(folder: Path) -> list[str]:
    return [
        finding
        for path in sorted(folder.rglob("*.py") if folder.is_dir() else [folder])
        for finding in findings_of(path.relative_to(PACKAGE.parent).as_posix(), path.read_text())
    ]


ROOMS: Final = sorted(
    path.name
    for path in PACKAGE.iterdir()
    if path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py")))
)


@pytest.mark.parametrize("room", ROOMS)
def test_code_is_in_the_words_of_the_field(room: str) -> None:
    assert findings_in(PACKAGE / room) == []


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
