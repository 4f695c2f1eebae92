"""Addresses as operators write them: of servers, pages and networks, each normalized."""

import re
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import Final

from pydantic import HttpUrl, TypeAdapter, ValidationError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_HTTP_URL: Final = TypeAdapter(HttpUrl)
_HTTP_BEGINNING: Final = re.compile(r"https?://[^/\s]\S*", re.IGNORECASE)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
_MAX_HOST_NAME: Final = 253
_APP_ORIGIN: Final = re.compile(r"([a-z][a-z0-9+.-]*)://([A-Za-z0-9._~:\[\]-]+)")
_NO_ORIGINS: Final = {"about", "blob", "data", "file", "javascript", "ftp", "ws", "wss"}
"""Schemes whose pages have no origin, or only ``null``."""
_MAPPED_BITS: Final = 96
"""The length of the prefix of IPv6 addresses that contain an IPv4 address."""


def http_url(value: str) -> str:
    """Check an HTTP URL, and return it without trailing slashes.

    Raises:
        ValueError: It is invalid, or has a user, a query or a fragment.
    """
    url = _HTTP_URL.validate_python(value)
    if not _HTTP_BEGINNING.fullmatch(value):
        raise ValueError("give an address such as https://images.example.com")
    if "?" in value or "#" in value:
        raise ValueError("use a URL without ? and #")
    if url.username is not None or url.password is not None:
        raise ValueError("give an address without a user and a password")
    return value.rstrip("/")


def origin_of(url: str) -> str:
    """Return the origin of an HTTP URL as browsers send it.

    It is in lower case and ASCII, and without the scheme's default port.
    """
    parts = _HTTP_URL.validate_python(url)
    is_default = parts.port == _DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{parts.host}{'' if is_default else f':{parts.port}'}"


def page_origin(value: str) -> str:
    """Return an origin as browsers send it; ``*`` is that of every page.

    Apps with pages of their own have origins, too: ``tauri://localhost``.

    Raises:
        ValueError: It is invalid, or one that no browser sends.
    """
    if value == "*":
        return value
    if "*" in value:
        raise ValueError(f"give each origin in full, or * alone for all: browsers send no {value}")
    scheme = value.partition(":")[0].lower()
    if scheme in _DEFAULT_PORTS:
        try:
            url = _HTTP_URL.validate_python(value)
        except ValidationError:
            url = None
        if url is None or not _HTTP_BEGINNING.fullmatch(value):
            raise ValueError(_no_origin(value))
        # pydantic writes a path even if there is none.
        if url.path not in {None, "/"} or "?" in value or "#" in value or "@" in value:
            raise ValueError(_no_origin("an address with a path, a query or a user"))
        return origin_of(value)
    app = _APP_ORIGIN.fullmatch(value.lower().rstrip("/"))
    if value == "null" or scheme in _NO_ORIGINS or app is None:
        raise ValueError(_no_origin(value))
    return app[0]


def listen_host(value: str) -> str:
    """Check a name or an address to listen on; brackets around IPv6 are removed.

    Raises:
        ValueError: It is neither.
    """
    bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    if "%" in bare:
        raise ValueError("the server's address must not have an interface (%…); listen on ::")
    try:
        return str(ip_address(bare))
    except ValueError:
        pass
    is_number = bare.replace(".", "").isdigit()  # an invalid IPv4 address
    if (
        bare == value
        and not is_number
        and _HOST_NAME.fullmatch(value)
        and len(value) <= _MAX_HOST_NAME
    ):
        return value
    raise ValueError(
        "give an address or a name alone, such as 127.0.0.1, ::1, or 0.0.0.0 for every network; "
        "the port belongs in PORT"
    )


def network(value: str) -> Network:
    """Return a network, or the network of one address; an IPv4 network in IPv6 form as IPv4.

    Raises:
        ValueError: It is invalid; the message says how to write it.
    """
    bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    if "%" in bare:
        raise ValueError(
            f"{value}: an interface (%…) cannot be recognized from a client's address; leave it out"
        )
    try:
        found = ip_network(bare)
    except ValueError:
        raise ValueError(f"{value} {_no_network(bare)}") from None
    if isinstance(found, IPv6Network) and found.prefixlen >= _MAPPED_BITS:
        mapped = found.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, found.prefixlen - _MAPPED_BITS))
    return found


def client_address(host: str) -> Address | None:
    """Return the address of a client; None if it is not an address.

    A socket for both families names IPv4 clients in IPv6 form: they are returned as IPv4.
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def as_ipv6(network: Network) -> IPv6Network:
    """Return a network in the form that a socket for both families uses for its clients."""
    if isinstance(network, IPv6Network):
        return network
    mapped = IPv6Address(f"::ffff:{network.network_address}")
    return IPv6Network((mapped, network.prefixlen + _MAPPED_BITS))


def _no_origin(value: str) -> str:
    return f"give origins such as https://app.example.com or tauri://localhost, not {value}"


def _no_network(value: str) -> str:
    try:
        meant = ip_interface(value).network
    except ValueError:
        examples = "such as 10.0.0.0/8, 2001:db8::1; 0.0.0.0/0, ::/0 are all"
        return f"is not a network; give networks {examples}"
    return f"is an address within a network; give {meant} for the network"


def is_loopback_host(host: str) -> bool:
    """Return whether only this machine reaches a host name or address."""
    address = client_address(host)
    return host == "localhost" if address is None else address.is_loopback


def is_unspecified_host(host: str) -> bool:
    """Return whether a host is the address of every network, such as ``0.0.0.0``."""
    address = client_address(host)
    return address is not None and address.is_unspecified
