"""The file ``.env`` and other files that people write by hand."""

from pathlib import Path

import pytest

from gql_server.graphql.execution.persisted import load_trusted_documents
from gql_server.graphql.execution.trusted_errors import TrustedDocumentsError
from gql_server.inference.catalogue import load_catalogue
from gql_server.ledger.prices.files import PriceBookError, read_price_files
from gql_server.settings import Settings, SettingsError, load_settings, misspelled_settings

BROKEN = [
    ("PORT=1\nPORT\n", "line 2"),
    ("\n\n PORT 9001\n", "line 3"),
    ("PORT=1\r\n\r\nHOST: ::1\r\n", "line 3"),
    ("# a note\n9PORT=1\n", "line 2"),
    ("PORT='1\nHOST=::1\n", "line 1"),
    ("=9001\n", "line 1"),
    ("see https://example.com\n", "line 1"),
]
ENCODINGS = [
    ("utf-16", "UTF-16; save it as UTF-8"),
    ("utf-16-le", "UTF-16 or binary; save it as UTF-8"),
    ("utf-32", "UTF-32; save it as UTF-8"),
    ("latin-1", "line 2: the text is not UTF-8"),
]


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / ".env"
    monkeypatch.setitem(Settings.model_config, "env_file", str(file))
    return file


@pytest.mark.parametrize(("text", "place"), BROKEN)
def test_a_line_that_sets_nothing_stops_the_start(env_file: Path, text: str, place: str) -> None:
    env_file.write_bytes(text.encode())
    with pytest.raises(SettingsError) as caught:
        load_settings()
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{env_file}, {place}: this line sets nothing; write NAME=value")
    assert caught.value.__cause__ is None


def test_every_such_line_is_reported_and_no_value_shown(env_file: Path) -> None:
    env_file.write_text("R2_SECRET_ACCESS_KEY hidden\n\nCLOUDFLARE_API_TOKEN: hidden\n")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        f"{env_file}, line 1",
        f"{env_file}, line 3",
    ]
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(("encoding", "message"), ENCODINGS)
def test_another_encoding_is_named(env_file: Path, encoding: str, message: str) -> None:
    env_file.write_bytes("PORT=9001\n# für später\n".encode(encoding))
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(env_file) in str(caught.value)
    assert message in str(caught.value)


def test_a_folder_in_its_place_is_reported(env_file: Path) -> None:
    env_file.mkdir()  # as Docker makes one for a mount of a file that is not there
    with pytest.raises(SettingsError, match="Is a directory"):
        load_settings()


def test_everything_that_people_write_is_read(env_file: Path) -> None:
    env_file.write_text(
        "\ufeffPORT=9001 # a note\n\nexport HOST='::1'\r\nPOSTGRES_PASSWORD=x\n"
        '  LOG_LEVEL = "debug"\nR2_BUCKET=\nnode.env-2=1\n',
        encoding="utf-8",
    )
    settings = load_settings()
    assert (settings.port, settings.host, settings.log_level) == (9001, "::1", "debug")
    assert misspelled_settings() == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("R2_PUBLC_URL", "R2_PUBLIC_URL"),
        ("CLOUDFLARE_TOKEN", "CLOUDFLARE_API_TOKEN"),
        ("CF_API_TOKEN", "CLOUDFLARE_API_TOKEN"),
        ("cors_origin", "CORS_ORIGINS"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("DATABASE_URL_FILES", "DATABASE_URL_FILE"),
        ("PRICE_BOOK_FILE", "PRICE_BOOK"),
    ],
)
def test_a_misspelled_name_is_reported_with_the_right_one(
    env_file: Path, name: str, meant: str
) -> None:
    env_file.write_text(f"PORT=9001\n{name}=x\n")
    load_settings()
    (found,) = map(str, misspelled_settings())
    assert found == f"{env_file}, line 2: {name} is not a setting; did you mean {meant}?"


def test_it_stands_beside_the_error_that_it_causes(env_file: Path) -> None:
    env_file.write_text("CLOUDFLARE_ACCOUNT_ID=abc\nCLOUDFLARE_TOKEN=hidden\n")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    missing, hint = str(caught.value).splitlines()
    assert missing.startswith("CLOUDFLARE_API_TOKEN: missing")
    assert "did you mean CLOUDFLARE_API_TOKEN?" in hint


def test_the_environment_holds_names_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        *("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "CF_API_TOKEN", "HOSTNAME", "PORTS"),
        *("DATABASE_PORT", "DATABASE_SERVICE_HOST", "POSTGRES_PASSWORD", "XR2_BUCKET"),
    ):
        monkeypatch.setenv(name, "x")
    assert misspelled_settings() == []
    monkeypatch.setenv("R2_PUBLC_URL", "x")
    monkeypatch.setenv("CLOUDFLARE_TOKEN", "x")
    assert [found.meant for found in misspelled_settings()] == [
        "CLOUDFLARE_API_TOKEN",
        "R2_PUBLIC_URL",
    ]
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "x")
    monkeypatch.setenv("R2_PUBLIC_URL", "x")
    assert misspelled_settings() == []


@pytest.mark.parametrize(("encoding", "message"), [("utf-8-sig", None), *ENCODINGS])
def test_price_books_and_trusted_documents_too(
    tmp_path: Path, encoding: str, message: str | None
) -> None:
    book, manifest = tmp_path / "book.toml", tmp_path / "documents.json"
    book.write_bytes("\n# für später\n".encode(encoding))
    manifest.write_bytes('{\n"a": "für"}\n'.encode(encoding))
    if message is None:
        read_price_files(load_catalogue(), book)
        assert load_trusted_documents(manifest, _AnyDocument()) == {"a": "für"}  # type: ignore[arg-type]  # no schema is needed for it
        return
    with pytest.raises(PriceBookError) as price_book:
        read_price_files(load_catalogue(), book)
    with pytest.raises(TrustedDocumentsError) as trusted:
        load_trusted_documents(manifest, _AnyDocument())  # type: ignore[arg-type]  # as above
    assert message in str(price_book.value)
    assert message in str(trusted.value)


class _AnyDocument:
    errors = ()

    def prepare(self, _document: str) -> "_AnyDocument":
        return self
