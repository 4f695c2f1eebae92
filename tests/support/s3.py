"""An S3 server on a free loopback port: moto's, its conditional writes made atomic."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final

import botocore.session
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from types_aiobotocore_s3.type_defs import HeadObjectOutputTypeDef

ACCESS_KEY_ID: Final = "test-access-key-id"
SECRET_ACCESS_KEY: Final = "test-secret-access-key"

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


class _Listener:
    """The server at its port, for as long as it is started."""

    def __init__(self) -> None:
        self.port = 0
        self.start()

    def start(self) -> None:
        app = _one_write_at_a_time(DomainDispatcherApplication(create_backend_app))
        self._server = make_server(
            "127.0.0.1", self.port, app, threaded=True, request_handler=MotoRequestHandler
        )
        self.port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running server, and a plain client to look behind a store's back."""

    endpoint_url: str
    client: Any
    listener: _Listener

    def stop(self) -> None:
        """Refuse connections; for a server that a test has to itself."""
        self.listener.stop()

    def start(self) -> None:
        """Serve again, with all that was kept and at the same address."""
        self.listener.start()

    def make_bucket(self) -> str:
        """Make a bucket that no other test has."""
        bucket = f"pictures-{secrets.token_hex(6)}"
        self.client.create_bucket(Bucket=bucket)
        return bucket

    def head(self, bucket: str, key: str) -> "HeadObjectOutputTypeDef":
        """Read an object's headers."""
        answer: HeadObjectOutputTypeDef = self.client.head_object(Bucket=bucket, Key=key)
        return answer

    def keys(self, bucket: str) -> list[str]:
        """Return the keys of a bucket's objects."""
        found = self.client.list_objects_v2(Bucket=bucket)
        return [one["Key"] for one in found.get("Contents", ())]

    def write(self, bucket: str, key: str, data: bytes) -> None:
        """Write an object as somebody else would."""
        self.client.put_object(Bucket=bucket, Key=key, Body=data)


@contextmanager
def running_s3() -> Iterator[S3Server]:
    """Run a server until the block ends."""
    listener = _Listener()
    endpoint_url = f"http://127.0.0.1:{listener.port}"
    try:
        with closing(_plain_client(endpoint_url)) as client:
            yield S3Server(endpoint_url, client, listener)
    finally:
        listener.stop()


def _one_write_at_a_time(app: WsgiApp) -> WsgiApp:
    """Let PUTs through one by one: moto looks whether a key is taken, then writes, unlocked."""
    lock = Lock()

    def locked(environ: dict[str, Any], start_response: object) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "PUT":
            return app(environ, start_response)
        with lock:
            return app(environ, start_response)

    return locked


def _plain_client(endpoint_url: str) -> Any:
    return botocore.session.get_session().create_client(
        "s3",
        region_name="us-east-1",  # in another, moto wants a location constraint to make buckets
        endpoint_url=endpoint_url,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
    )
