from pathlib import Path

import pytest

from gql_server.settings import Settings, SettingsError, load_settings

WHOLE_R2 = {"R2_BUCKET": "pictures", "R2_ACCESS_KEY_ID": "key", "R2_SECRET_ACCESS_KEY": "hidden"}
WHOLE_ACCOUNT = {"CLOUDFLARE_ACCOUNT_ID": "abc", "CLOUDFLARE_API_TOKEN": "hidden"}


def test_nothing_needs_to_be_set() -> None:
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.server_url == "http://127.0.0.1:8000"
    assert settings.sqlalchemy_url.drivername == "sqlite+aiosqlite"
    assert settings.sqlalchemy_url.database == "data/gql_server.db"
    assert settings.cloudflare_api_token is None
    assert settings.effective_log_format == "console"


def test_the_environment_and_a_file_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=9001\nDATA_DIR=from-file\nUNKNOWN=1\n")
    monkeypatch.setitem(Settings.model_config, "env_file", str(file))
    monkeypatch.setenv("DATA_DIR", "from-environment")
    monkeypatch.setenv("R2_BUCKET", "")
    settings = load_settings()
    assert settings.port == 9001
    assert settings.data_dir == Path("from-environment")
    assert settings.r2_bucket is None


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://localhost:8000"),
        ("::", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("images.test", "http://images.test:8000"),
    ],
)
def test_the_public_url_follows_the_host(
    monkeypatch: pytest.MonkeyPatch, host: str, url: str
) -> None:
    monkeypatch.setenv("HOST", host)
    assert load_settings().server_url == url
    monkeypatch.setenv("PUBLIC_URL", "https://images.test/")
    assert load_settings().server_url == "https://images.test"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_production(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://user:hidden@db.test/images")
    settings = load_settings()
    assert settings.sqlalchemy_url.drivername == "postgresql+psycopg"
    assert settings.effective_log_format == "json"
    monkeypatch.setenv("LOG_FORMAT", "console")
    assert load_settings().effective_log_format == "console"


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"PORT": "high"}, "PORT"),
        ({"PORT": "70000"}, "PORT"),
        ({"PUBLIC_URL": "images.test"}, "PUBLIC_URL"),
        ({"DATABASE_URL": "mysql://u:hidden@h/x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "hidden"}, "DATABASE_URL"),
        ({"CLOUDFLARE_ACCOUNT_ID": "abc"}, "CLOUDFLARE_API_TOKEN"),
        ({"CLOUDFLARE_API_TOKEN": "hidden"}, "CLOUDFLARE_ACCOUNT_ID"),
        ({**WHOLE_ACCOUNT, "CLOUDFLARE_ACCOUNT_ID": "a/b"}, "CLOUDFLARE_ACCOUNT_ID"),
        ({**WHOLE_ACCOUNT, "WORKERS_AI_BASE_URL": "hidden"}, "WORKERS_AI_BASE_URL"),
        ({**WHOLE_ACCOUNT, "AI_GATEWAY_TOKEN": "hidden"}, "AI_GATEWAY_TOKEN"),
        ({"WORKERS_AI_TIMEOUT": "0"}, "WORKERS_AI_TIMEOUT"),
        ({"WORKERS_AI_MAX_ATTEMPTS": "0"}, "WORKERS_AI_MAX_ATTEMPTS"),
        ({"R2_BUCKET": "pictures"}, "R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY"),
        ({"R2_SECRET_ACCESS_KEY": "hidden"}, "R2_BUCKET"),
        ({"R2_PUBLIC_URL": "https://images.test"}, "R2_BUCKET"),
        (WHOLE_R2, "R2_ENDPOINT_URL"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT"),
    ],
)
def test_a_wrong_setting_is_named_and_no_secret_shown(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], named: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert named in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_every_wrong_setting_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "high")
    monkeypatch.setenv("LOG_LEVEL", "loud")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == ["PORT", "LOG_LEVEL"]


def test_secrets_are_in_no_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = WHOLE_ACCOUNT | WHOLE_R2 | {"DATABASE_URL": "postgresql://u:hidden@h/x"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert "hidden" not in f"{settings!r} {settings} {settings.sqlalchemy_url!r}"
    assert settings.r2_endpoint == "https://abc.r2.cloudflarestorage.com"


@pytest.mark.parametrize(
    ("host", "unset"),
    [
        ("127.0.0.1", False),
        ("127.9.9.9", False),
        ("::1", False),
        ("localhost", False),
        ("0.0.0.0", None),
        ("::", None),
        ("192.168.1.4", None),
        ("images.test", None),
    ],
)
def test_only_on_loopback_no_key_is_required_unless_configured(
    monkeypatch: pytest.MonkeyPatch, host: str, unset: object
) -> None:
    monkeypatch.setenv("HOST", host)
    assert load_settings().requires_auth is unset
    decides(monkeypatch)


@pytest.mark.parametrize(
    ("setting", "value", "unset"),
    [
        ("PUBLIC_URL", "https://images.test", None),
        ("PUBLIC_URL", "http://192.168.1.4:8000", None),
        ("PUBLIC_URL", "http://localhost:9000", False),
        ("PUBLIC_URL", "http://[::1]:9000", False),
        ("TRUSTED_PROXIES", "127.0.0.1", None),
    ],
)
def test_behind_a_proxy_on_this_machine_neither(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str, unset: object
) -> None:
    monkeypatch.setenv(setting, value)
    assert load_settings().requires_auth is unset
    decides(monkeypatch)


def decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is unset, AUTH decides where it is set."""
    monkeypatch.setenv("AUTH", "keys")
    assert load_settings().requires_auth is True
    monkeypatch.setenv("AUTH", "None")
    assert load_settings().requires_auth is False
