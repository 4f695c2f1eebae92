"""Secrets from files, as containers have them."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from gql_server.settings import Settings, SettingsError, load_settings
from gql_server.settings.secret_files import is_secret, secret_names

SECRETS = {
    "URL_SIGNING_SECRET": "hidden" * 6,
    "DATABASE_URL": "postgresql://user:hidden@db.test/images",
    "DATABASE_PASSWORD": "hidden@:/#?%41",
    "CLOUDFLARE_API_TOKEN": "hidden",
    "AI_GATEWAY_TOKEN": "hidden",
    "CLOUDFLARE_CACHE_TOKEN": "hidden",
    "R2_ACCESS_KEY_ID": "hidden",
    "R2_SECRET_ACCESS_KEY": "hidden",
    "PROVENANCE_CERTIFICATE": "-----BEGIN CERTIFICATE-----\nhidden",
    "PROVENANCE_PRIVATE_KEY": "-----BEGIN PRIVATE KEY-----\nhidden",
    "WEBHOOK_SECRET": "whsec_" + "hidd" * 8,
}
BESIDE = {
    "DATABASE_PASSWORD": {"DATABASE_URL": "postgresql://user@db.test/images"},
    "CLOUDFLARE_API_TOKEN": {"CLOUDFLARE_ACCOUNT_ID": "abc"},
    "AI_GATEWAY_TOKEN": {
        "WORKERS_AI_BASE_URL": "https://gateway.ai.cloudflare.com/v1/abc/gateway/workers-ai"
    },
    "CLOUDFLARE_CACHE_TOKEN": {"CLOUDFLARE_ZONE_ID": "abc"},
    "PROVENANCE_CERTIFICATE": {"PROVENANCE_PRIVATE_KEY": "b"},
    "PROVENANCE_PRIVATE_KEY": {"PROVENANCE_CERTIFICATE": "a"},
    "R2_ACCESS_KEY_ID": {
        "R2_SECRET_ACCESS_KEY": "b",
        "R2_BUCKET": "pictures",
        "R2_ENDPOINT_URL": "https://r2.test",
    },
    "R2_SECRET_ACCESS_KEY": {
        "R2_ACCESS_KEY_ID": "a",
        "R2_BUCKET": "pictures",
        "R2_ENDPOINT_URL": "https://r2.test",
    },
}
NOT_UTF_8 = "the text is not UTF-8, but perhaps Latin-1 or Windows-1252; save the file as UTF-8"


def test_every_secret_setting_is_tried() -> None:
    assert set(secret_names(Settings.model_fields)) == {f"{name}_FILE" for name in SECRETS}


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_secret_comes_from_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, end: str
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(f"{SECRETS[name]}{end}".encode())
    for other, value in {f"{name}_FILE": str(file), **BESIDE.get(name, {})}.items():
        monkeypatch.setenv(other, value)
    settings = load_settings()
    held = getattr(settings, name.lower())
    assert isinstance(held, SecretStr)
    assert held.get_secret_value() == SECRETS[name]
    assert "hidden" not in repr(settings)


def test_env_may_name_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRETS["URL_SIGNING_SECRET"])
    (tmp_path / ".env").write_text(f"URL_SIGNING_SECRET_FILE={tmp_path / 'secret'}\n")
    monkeypatch.setitem(Settings.model_config, "env_file", str(tmp_path / ".env"))
    held = load_settings().url_signing_secret
    assert held is not None
    assert held.get_secret_value() == SECRETS["URL_SIGNING_SECRET"]


def test_what_is_wrong_is_reported_without_the_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "latin").write_bytes("hidden ä".encode("latin-1"))
    monkeypatch.setenv("R2_ACCESS_KEY_ID_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY_FILE", str(tmp_path / "empty"))
    monkeypatch.setenv("WEBHOOK_SECRET_FILE", str(tmp_path))
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN_FILE", str(tmp_path / "latin"))
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "empty"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hidden@h/x")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).splitlines() == [
        "DATABASE_URL_FILE: set it or DATABASE_URL, not both",
        f"CLOUDFLARE_API_TOKEN_FILE: {tmp_path}/latin, line 1: {NOT_UTF_8}",
        f"R2_ACCESS_KEY_ID_FILE: {tmp_path}/none: No such file or directory",
        f"R2_SECRET_ACCESS_KEY_FILE: {tmp_path}/empty: the file is empty",
        f"WEBHOOK_SECRET_FILE: {tmp_path}: Is a directory",
    ]


def test_a_file_is_checked_as_its_setting_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("short")
    monkeypatch.setenv("URL_SIGNING_SECRET_FILE", str(tmp_path / "secret"))
    with pytest.raises(SettingsError, match="URL_SIGNING_SECRET: give at least 32"):
        load_settings()


def test_what_is_no_secret_has_no_file() -> None:
    assert not is_secret(Settings.model_fields["r2_bucket"])
    assert not is_secret(Settings.model_fields["price_book"])
