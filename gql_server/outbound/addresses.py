"""Which hosts a request may go to that others name: none of our own network."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import Final

import httpx

from gql_server.domain.text import is_storable

IPAddress = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Finds the IP addresses of a host and port; raises OSError as ``getaddrinfo`` does."""

_RESOLVE_SECONDS: Final = 5.0
_HTTPS_PORT: Final = 443
_FIRST_USER_PORT: Final = 1024
_LAST_PORT: Final = 65535
_PRIVATE_NAMES: Final = ("localhost", "local", "internal", "home.arpa")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)

_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_REFUSED_NETWORKS: Final = (
    # IETF's own, of which some versions of Python call a part global; a cloud's metadata is there.
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv4Network("168.63.129.16/32"),  # Azure's service for its own machines
    IPv6Network("2001::/23"),  # IETF's own, Teredo among them
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("3fff::/20"),  # documentation
)


class AddressRefused(Exception):
    """An address that requests may not go to, or whose host is unknown."""


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """Ask the system for the IP addresses of a host."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


class PublicAddresses:
    """Decides whether a request may go to an address, each time that it is dialled."""

    def __init__(self, *, allow_private: bool, resolve: Resolve = resolve_host) -> None:
        """Take the rules.

        Args:
            allow_private: Whether addresses of private networks, and without TLS, are accepted.
            resolve: Finds the IP addresses of a host.
        """
        self.allow_private: Final = allow_private
        self._resolve = resolve

    async def dial(self, url: str) -> tuple[httpx.URL, Sequence[IPAddress]]:
        """Return an address, and the IP addresses to connect to and to no others.

        Raises:
            AddressRefused: Requests may not go there, or not any more.
        """
        target = self.read(url)
        try:
            return target, await self.find(target)
        except OSError as error:
            raise AddressRefused from error

    def read(self, url: str) -> httpx.URL:
        """Read an address, without asking for its host.

        Raises:
            AddressRefused: Requests may not go there.
        """
        if not is_storable(url) or not url.isprintable() or " " in url or "#" in url:
            raise AddressRefused
        try:
            target = httpx.URL(url)
            host = target.raw_host.decode("ascii").rstrip(".").lower()
            is_readable = target.host is not None  # as people read it: some names have no such form
        except Exception as error:  # parsers of any text can fail in any way
            raise AddressRefused from error
        is_secure = target.scheme == "https" or (self.allow_private and target.scheme == "http")
        if not (is_readable and is_secure and host) or target.userinfo:
            raise AddressRefused
        self._check_port(target.port)
        self._check_name(host)
        return target

    def _check_port(self, port: int | None) -> None:
        lowest = 1 if self.allow_private else _FIRST_USER_PORT
        if port not in {None, _HTTPS_PORT} and not lowest <= (port or 0) <= _LAST_PORT:
            raise AddressRefused

    def _check_name(self, host: str) -> None:
        if self.allow_private:
            return
        if any(host == name or host.endswith(f".{name}") for name in _PRIVATE_NAMES):
            raise AddressRefused
        # Numbers that some resolvers take for IPv4: 2130706433, 0x7f.1, 0177.0.0.1.
        if ":" not in host and _NUMBER.fullmatch(host.rpartition(".")[2]):
            try:
                IPv4Address(host)
            except ValueError as error:
                raise AddressRefused from error

    async def find(self, target: httpx.URL) -> Sequence[IPAddress]:
        """Return the IP addresses of an address's host.

        Raises:
            AddressRefused: An address is not public, or the host has no address.
            OSError: They cannot be found.
        """
        host = target.raw_host.decode("ascii")
        port = target.port or _HTTPS_PORT
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                found = [ip_address(one) for one in await self._resolve(host, port)]
        except UnicodeError as error:  # a part of it is empty, or longer than names have
            raise AddressRefused from error
        if not found:
            raise AddressRefused
        if not self.allow_private and not all(is_global(one) for one in found):
            raise AddressRefused
        return found


def is_global(address: IPAddress) -> bool:
    """Return whether an address is one host of the public internet.

    What leads to an IPv4 address, by mapping, 6to4 or NAT64, is judged by that one.
    """
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_global(inner)
        if address not in _GLOBAL_UNICAST:
            return False
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in _REFUSED_NETWORKS)
    )


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None
