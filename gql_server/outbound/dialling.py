"""One request to a host whose IP addresses were checked."""

from collections.abc import Mapping, Sequence
from typing import Final

import httpx

from gql_server.outbound.addresses import AddressRefused, IPAddress

_MAX_TRIED: Final = 4


async def dialled(
    client: httpx.AsyncClient,
    target: httpx.URL,
    addresses: Sequence[IPAddress],
    *,
    method: str,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
) -> httpx.Response:
    """Send a request to the first of the addresses that answers; its body is not read yet.

    The address that was checked is the one that is dialled: asking again by name could bring
    another. The name stays in Host, and is what the certificate must be for.

    Args:
        client: Keeps no connections, follows no redirects, and uses no proxy.
        target: The address, with the host's name.
        addresses: The IP addresses of the host, all of them checked.
        method: The method of HTTP.
        headers: Headers of the request.
        content: Its body.

    Raises:
        AddressRefused: There are no addresses.
        httpx.HTTPError: None of them answered.
    """
    tried = addresses[:_MAX_TRIED]
    for address in tried:
        request = client.build_request(
            method,
            target.copy_with(host=str(address)),
            headers={**(headers or {}), "host": target.netloc.decode("ascii")},
            content=content,
            extensions={"sni_hostname": target.raw_host.decode("ascii").rstrip(".")},
        )
        try:
            return await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if address == tried[-1]:
                raise
    raise AddressRefused
