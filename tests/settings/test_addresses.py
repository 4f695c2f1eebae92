"""Addresses as operators write them: hosts, networks, origins and databases."""

import re
from string import ascii_lowercase
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from gql_server.settings import SettingsError, load_settings
from gql_server.settings.addresses import as_ipv6, network, origin_of, page_origin

ORIGINS = [
    ("https://app.example.com", "https://app.example.com"),
    ("https://App.Example.com/", "https://app.example.com"),
    ("HTTPS://app.example.com:443", "https://app.example.com"),
    ("http://app.example.com:80/", "http://app.example.com"),
    ("http://localhost:5173", "http://localhost:5173"),
    ("https://bücher.example", "https://xn--bcher-kva.example"),
    ("https://BÜCHER.example:8443", "https://xn--bcher-kva.example:8443"),
    ("http://[::1]:3000", "http://[::1]:3000"),
    ("http://[2001:DB8:0::1]", "http://[2001:db8::1]"),
    ("tauri://localhost", "tauri://localhost"),
    ("capacitor://localhost/", "capacitor://localhost"),
    ("ionic://localhost", "ionic://localhost"),
    ("app://.", "app://."),
    ("Chrome-Extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop"),
    ("*", "*"),
]


@pytest.mark.parametrize(("written", "sent"), ORIGINS)
def test_an_origin_is_what_browsers_send(written: str, sent: str) -> None:
    assert load_settings(cors_origins=written).cors_origins == (sent,)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("https://*.example.com", "give each origin in full"),
        ("*.example.com", "give each origin in full"),
        ("tauri://*", "give each origin in full"),
        ("app.example.com", "give origins such as"),
        ("localhost:3000", "give origins such as"),
        ("https://a.example.com/path", "with a path, a query or a user"),
        ("https://a.example.com?", "with a path, a query or a user"),
        ("https://a.example.com#", "with a path, a query or a user"),
        ("https://me:hidden@a.example.com", "with a path, a query or a user"),
        ("tauri://localhost/app", "give origins such as"),
        ("https:app.example.com", "give origins such as"),
        ("https:///app.example.com", "give origins such as"),
        ("https://", "give origins such as"),
        ("https://a b", "give origins such as"),
        ("http://[::1", "give origins such as"),
        ("null", "give origins such as"),
        ("file://index.html", "give origins such as"),
        ("wss://app.example.com", "give origins such as"),
    ],
)
def test_what_no_browser_sends_is_refused(written: str, message: str) -> None:
    with pytest.raises(SettingsError, match=f"CORS_ORIGINS: .*{re.escape(message)}") as caught:
        load_settings(cors_origins=f"https://good.example.com, {written}")
    assert "hidden" not in str(caught.value)


LABELS = st.text(ascii_lowercase + "äßø漢", min_size=1, max_size=8)


@settings(max_examples=50)
@given(
    st.sampled_from(["http", "https", "HTTPS"]),
    st.lists(LABELS, min_size=1, max_size=3),
    st.none() | st.integers(1, 65535),
    st.sampled_from(["", "/"]),
)
def test_every_origin_has_one_form(
    scheme: str, labels: list[str], port: int | None, end: str
) -> None:
    written = f"{scheme}://{'.'.join(labels)}{f':{port}' if port else ''}{end}"
    sent = page_origin(written)
    assert sent.isascii()
    assert sent == sent.lower() == page_origin(sent) == origin_of(written)
    assert not sent.endswith(("/", ":80" if sent.startswith("http:") else ":443"))


def test_the_servers_own_origin_is_what_browsers_send() -> None:
    for url, origin in (
        ("HTTPS://Images.Test:443/ai", "https://images.test"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://bücher.test", "http://xn--bcher-kva.test"),
    ):
        assert load_settings(public_url=url).server_origin == origin
    assert load_settings(host="[::1]").server_origin == "http://[::1]:8000"


@pytest.mark.parametrize(
    ("host", "held", "is_loopback"),
    [
        ("::1", "::1", True),
        ("[::1]", "::1", True),
        ("0:0:0:0:0:0:0:1", "::1", True),
        ("[::]", "::", False),
        ("2001:DB8::7", "2001:db8::7", False),
        ("images.test", "images.test", False),
    ],
)
def test_every_form_of_host(host: str, held: str, *, is_loopback: bool) -> None:
    found = load_settings(host=host)
    assert found.host == held
    assert found.is_loopback is is_loopback


def test_loopback_in_ipv6_form_is_loopback() -> None:
    assert load_settings(host="::ffff:127.0.0.1").is_loopback


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8000", "[::1]:8000", "http://localhost", "*", "[images.test]", "a b", "ä.test"],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match="HOST: give an address or a name alone"):
        load_settings(host=host)


@pytest.mark.parametrize(
    "setting", [{"host": "fe80::1%eth0"}, {"allowed_ips": "10.0.0.1, fe80::1%eth0"}]
)
def test_an_interface_is_refused(setting: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"an interface \(%…\)"):
        load_settings(**setting)
    with pytest.raises(SettingsError, match="PUBLIC_URL"):
        load_settings(public_url="http://[fe80::1%25eth0]:8000")


@pytest.mark.parametrize(
    ("written", "held"),
    [
        ("::1", "::1/128"),
        ("[2001:db8::]/32", None),
        ("[2001:db8::1]", "2001:db8::1/128"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("::ffff:10.1.2.3", "10.1.2.3/32"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/0", "::/0"),
    ],
)
def test_every_form_of_network(written: str, held: str | None) -> None:
    if held is None:
        with pytest.raises(SettingsError, match="is not a network"):
            load_settings(allowed_ips=written)
        return
    found = load_settings(allowed_ips=written, trusted_proxies=written, auth="keys")
    assert [str(one) for one in found.allowed_ips] == [held]
    assert found.trusted_proxies == found.allowed_ips


def test_a_network_with_bits_of_a_host_is_reported_with_the_right_one() -> None:
    with pytest.raises(SettingsError, match=r"give 10\.0\.0\.0/8 for the network"):
        load_settings(allowed_ips="10.1.2.3/8")


def test_an_ipv4_network_as_a_socket_for_both_names_it() -> None:
    assert str(as_ipv6(network("10.0.0.0/8"))) == "::ffff:a00:0/104"
    assert as_ipv6(network("::1")) == network("::1")


PASSWORDS = [
    "p@ss",
    "a:b",
    "a/b",
    "a#b",
    "a?b=c@d",
    "p%41",
    "@:/#?%",
    "p@ss/w:rd?x#y",
    "ä ü",
    "'\"\\",
]


@pytest.mark.parametrize("password", PASSWORDS)
def test_any_password_of_the_database(password: str) -> None:
    apart = load_settings(
        database_url="postgresql://user@h:5433/x?sslmode=disable", database_password=password
    )
    escaped = load_settings(
        database_url=f"postgresql://user:{quote(password, safe='')}@h:5433/x?sslmode=disable"
    )
    assert apart.sqlalchemy_url == escaped.sqlalchemy_url
    assert apart.sqlalchemy_url.password == password
    rendered = apart.sqlalchemy_url.render_as_string(hide_password=False)
    assert make_url(rendered).password == password


@pytest.mark.parametrize("hidden", ["zq@zr", "zq@zr/zs", "zq@zr:zs", "zq@zr?zs", "zq@zr?z=zs", "@"])
def test_an_unescaped_password_is_refused_and_no_piece_of_it_shown(hidden: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(database_url=f"postgresql://user:{hidden}@h/x")
    assert str(caught.value).startswith("DATABASE_URL: ")
    assert "write %40 for @" in str(caught.value)
    assert "DATABASE_PASSWORD" in str(caught.value)
    assert not re.search("z[qrs]", str(caught.value))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (None, "DATABASE_PASSWORD: set it with a DATABASE_URL of postgresql://"),
        ("sqlite:///x.db", "DATABASE_PASSWORD: set it with a DATABASE_URL of postgresql://"),
        ("postgresql://user:other@h/x", "DATABASE_PASSWORD: DATABASE_URL has a password too"),
    ],
)
def test_a_password_needs_its_address(url: str | None, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(database_url=url, database_password="hidden")
    assert message in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_a_user_may_have_an_at_sign() -> None:
    url = load_settings(database_url="postgresql://ann@tenant:hidden@h/x").sqlalchemy_url
    assert (url.username, url.password, url.host) == ("ann@tenant", "hidden", "h")
