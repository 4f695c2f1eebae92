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


@pytest.mark.parametrize("book", blocks(ROOT / "docs/guide/costs.md", "toml"))
def test_a_price_book_that_is_shown_is_taken(tmp_path: Path, book: str) -> None:
    path = tmp_path / "book.toml"
    path.write_text(book, "utf-8")
    load_price_book(load_catalogue(), path)


def test_every_outcome_of_previews_is_documented() -> None:
    page = (ROOT / "docs/guide/simulating-failures.md").read_text("utf-8")
    assert [example for example in EXAMPLES if f"`{example}`" not in page] == []
