import asyncio
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from gql_server.bootstrap.resources import open_folder
from gql_server.settings import SettingsError, load_settings
from gql_server.storage.disk import DiskRefused
from gql_server.storage.folder import FolderStore
from gql_server.storage.signing import UrlSigner, kept_secret

KEY = "generated/img_1.png"
SIGNER = UrlSigner(b"s" * 32)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    moments = [1_800_000_000.0]
    monkeypatch.setattr("gql_server.storage.signing.time", lambda: moments[0])
    return moments


def signed(key: str = KEY, expires_in: int = 100) -> tuple[str, str]:
    parameters = SIGNER.sign(key, expires_in=expires_in)
    return str(parameters["expires"]), str(parameters["signature"])


@pytest.mark.parametrize("expires_in", [1, 7, 100, 3600, 604_800])
def test_a_signature_holds_as_long_as_was_requested_and_at_most_a_tenth_longer(
    clock: list[float], expires_in: int
) -> None:
    for second in range(0, 300, 7):
        clock[0] = start = 1_800_000_000 + second
        expires, signature = signed(expires_in=expires_in)
        assert SIGNER.seconds_left(KEY, expires, signature) >= expires_in
        clock[0] = start + expires_in - 0.01
        assert SIGNER.seconds_left(KEY, expires, signature) > 0
        clock[0] = start + expires_in + max(1, expires_in // 10)
        assert SIGNER.seconds_left(KEY, expires, signature) == 0


def test_the_same_address_is_given_out_for_a_while(clock: list[float]) -> None:
    first = signed(expires_in=3600)
    clock[0] += 300
    assert signed(expires_in=3600) == first
    clock[0] += 360
    assert signed(expires_in=3600) != first


def test_a_signature_is_for_one_key_one_moment_and_one_secret() -> None:
    expires, signature = signed()
    assert SIGNER.seconds_left(KEY, expires, signature) > 0
    assert SIGNER.seconds_left("generated/img_2.png", expires, signature) == 0
    assert SIGNER.seconds_left(KEY, str(int(expires) + 1), signature) == 0
    assert UrlSigner(b"t" * 32).seconds_left(KEY, expires, signature) == 0


@pytest.mark.parametrize(
    ("expires", "signature"),
    [
        (None, None),
        ("1", None),
        (None, "x"),
        ("", ""),
        ("-1", "x"),
        ("9" * 5000, "x"),
        ("²", "x"),
        ("1e9", "x"),
        ("1900000000", "ü"),
        ("1900000000", ""),
    ],
)
def test_whatever_else_is_given_is_no_signature(expires: str | None, signature: str | None) -> None:
    assert SIGNER.seconds_left(KEY, expires, signature) == 0


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret"
    with ThreadPoolExecutor(16) as threads:
        found = set(threads.map(kept_secret, [path] * 64))
    assert len(found) == 1
    assert len(found.pop()) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["secret"]


def test_a_file_without_a_secret_signs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"")
    with pytest.raises(DiskRefused, match="remove it"):
        kept_secret(path)


def test_secrets_are_rotated_without_a_refused_signature(tmp_path: Path) -> None:
    old, new = "o" * 32, "n" * 32

    def store(secrets: str) -> FolderStore:
        settings = load_settings(auth="keys", url_signing_secret=secrets, data_dir=tmp_path)
        found = open_folder(settings)
        assert found is not None
        return found

    async def is_accepted(signer: FolderStore, reader: FolderStore) -> bool:
        query = dict(parse_qsl(urlsplit(await signer.url(KEY)).query))
        return reader.seconds_left(KEY, query["expires"], query["signature"]) != 0

    before, both, turned, after = map(store, (old, f"{old} {new}", f"{new} {old}", new))
    # What runs side by side during each of the three restarts.
    for one, other in ((before, both), (both, turned), (turned, after)):
        assert asyncio.run(is_accepted(one, other))
        assert asyncio.run(is_accepted(other, one))
    assert not asyncio.run(is_accepted(before, after))
    with pytest.raises(SettingsError, match="separated by spaces"):
        load_settings(url_signing_secret=f"{old} short")
