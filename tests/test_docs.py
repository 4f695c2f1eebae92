"""What the documentation shows is true of the code."""

import re
from pathlib import Path

import pytest
from graphql import parse, validate

from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.preview.outcomes import EXAMPLES
from gql_server.ledger.prices.price_book import load_price_book
from tests.support.sdl import SCHEMA

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]
)


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}(?: [\w.-]+)?\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_operation_is_valid(page: Path) -> None:
    for operation in blocks(page, "graphql"):
        assert validate(SCHEMA, parse(operation)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            other = page.parent / target if target else page
            assert other.exists(), target
            assert not anchor or anchor in anchors(other), f"{target}#{anchor}"


@pytest.mark.parametrize("page", [ROOT / "docs/architecture.md"])
def test_every_file_that_is_named_exists(page: Path) -> None:
    for name in re.findall(r"`([\w/]+\.(?:py|toml))`", page.read_text("utf-8")):
        assert (ROOT / "gql_server" / name).exists() or (ROOT / name).exists(), name


def commands() -> dict[str, set[str]]:
    """Return each command of docs/commands.md with its options, and each group of commands."""
    text = (ROOT / "docs/commands.md").read_text("utf-8")
    sections = re.split(r"^##+ `gql-server (.+)`$", text, flags=re.MULTILINE)
    return {
        name: set(re.findall(r"--[a-z-]+", section))
        for name, section in zip(sections[1::2], sections[2::2], strict=True)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_exists_with_its_options(page: Path) -> None:
    known = commands()
    code = re.findall(r"`gql-server ([a-z][^`]+)`", page.read_text("utf-8"))
    lines = "\n".join(blocks(page, "sh")).replace("\\\n", " ")
    code += re.findall(r"(?<![\w./-])gql-server ([a-z][^\n#|&;]*)", lines)
    for given in code:
        words = given.split()
        name = next((one for one in (" ".join(words[:2]), words[0]) if one in known), None)
        assert name is not None, given
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert options <= known[name] | {"--help"}, given


@pytest.mark.parametrize("book", blocks(ROOT / "docs/guide/costs.md", "toml"))
def test_a_price_book_that_is_shown_is_taken(tmp_path: Path, book: str) -> None:
    path = tmp_path / "book.toml"
    path.write_text(book, "utf-8")
    load_price_book(load_catalogue(), path)


def test_every_outcome_of_previews_is_documented() -> None:
    page = (ROOT / "docs/guide/simulating-failures.md").read_text("utf-8")
    assert [example for example in EXAMPLES if f"`{example}`" not in page] == []
