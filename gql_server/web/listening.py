"""Listening on a port, before a server takes the socket."""

import socket
from contextlib import ExitStack


def listen(
    host: str, port: int, *, backlog: int, send_timeout_seconds: float | None = None
) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: The address, or a name of it.
        port: The port.
        backlog: How many connections wait to be accepted at most.
        send_timeout_seconds: How long a client may leave data untaken before its connection is
            dropped; None: as long as the system lets it.

    Raises:
        OSError: The address does not exist, is in use, or is not permitted.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    # Said to be TCP, so that asyncio turns off Nagle's algorithm on its connections.
    with ExitStack() as unless_it_listens:
        listener = unless_it_listens.enter_context(socket.socket(family, kind, protocol))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        if send_timeout_seconds is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            # Inherited by its connections: data that a client does not take is dropped.
            milliseconds = round(send_timeout_seconds * 1000)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        listener.listen(backlog)
        unless_it_listens.pop_all()
    return listener
