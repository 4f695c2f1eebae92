"""The files that operators copy from docs/operating, and compose.yaml, fit the server."""

import configparser
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from gql_server import __version__
from gql_server.generation.create_upload import MAX_UPLOAD_BYTES
from gql_server.settings import Settings, load_settings
from gql_server.settings.secret_files import secret_names
from gql_server.web import health

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs" / "operating"
UNITS: Final = sorted(path.name for path in FOLDER.glob("*.service"))
SETTINGS: Final = {
    *(name.upper() for name in Settings.model_fields),
    *secret_names(Settings.model_fields),
}
COMMANDS: Final = {
    (command,)
    for command in re.findall(
        r"^## `gql-server ([a-z]+)`$", (ROOT / "docs/commands.md").read_text("utf-8"), re.MULTILINE
    )
}


@pytest.fixture
def defaults() -> Settings:
    return load_settings()


def resources(kind: str) -> list[dict[str, Any]]:
    """Return the resources of a kind in kubernetes.yaml."""
    text = (FOLDER / "kubernetes.yaml").read_text("utf-8")
    return [one for one in yaml.safe_load_all(text) if one["kind"] == kind]


def containers() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield each container with the specification of its pod."""
    for one in (*resources("Job"), *resources("Deployment")):
        pod = one["spec"]["template"]["spec"]
        for container in pod["containers"]:
            yield container, pod


def unit(name: str) -> dict[str, str]:
    """Return the lines of a unit; of several with one name, the last."""
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and line[0] not in "#[")


def megabytes(text: str, pattern: str) -> int:
    (found,) = re.findall(pattern, text)
    return int(found) * 2**20


def test_proxies_wait_long_enough_and_take_the_largest_body(defaults: Settings) -> None:
    nginx = (FOLDER / "nginx.conf").read_text("utf-8")
    caddy = (FOLDER / "Caddyfile").read_text("utf-8")
    largest = defaults.max_body_bytes + defaults.max_files * MAX_UPLOAD_BYTES
    assert megabytes(nginx, r"client_max_body_size (\d+)m") > largest
    assert megabytes(caddy, r"max_size (\d+)MiB") > largest
    waits = re.findall(r"(?:proxy_read_timeout|response_header_timeout) (\d+)s", nginx + caddy)
    assert len(waits) == 2
    assert all(int(seconds) > defaults.request_deadline for seconds in waits)
    kept = re.findall(r"(?:keepalive_timeout|keepalive) (\d+)s", nginx + caddy)
    assert len(kept) == 2
    assert all(int(seconds) < defaults.keep_alive_timeout for seconds in kept)


def test_pgbouncer_keeps_sessions_and_has_room_for_a_process(defaults: Settings) -> None:
    file = configparser.ConfigParser()
    file.read(FOLDER / "pgbouncer.ini", "utf-8")
    options = file["pgbouncer"]
    assert options["pool_mode"] == "session"
    assert options["ignore_startup_parameters"] == "options"
    assert int(options["default_pool_size"]) >= defaults.database_pool_size
    assert int(options["max_client_conn"]) >= int(options["default_pool_size"])


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_valid(name: str, tmp_path: Path, defaults: Settings) -> None:
    lines = unit(name)
    program, *arguments = lines["ExecStart"].split()
    assert tuple(arguments) in COMMANDS
    assert lines["Environment"].partition("=")[0] in SETTINGS
    assert int(lines["TimeoutStopSec"]) > 2 * defaults.shutdown_timeout
    files = defaults.max_connections + defaults.database_pool_size + 100
    assert "worker" in arguments or int(lines["LimitNOFILE"]) >= files
    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        text = (FOLDER / name).read_text("utf-8").replace(program, sys.executable)
        file = tmp_path / name.replace("@", "@1")
        file.write_text(text.replace("User=gql", "User=root"))
        found = subprocess.run(
            [analyze, "verify", "--man=no", str(file)], check=False, capture_output=True, text=True
        )
        assert found.returncode == 0, found.stderr
        assert name.partition(".")[0].rstrip("@") not in found.stderr


def test_the_settings_in_kubernetes_are_understood() -> None:
    (plain,), (secret,) = resources("ConfigMap"), resources("Secret")
    assert {*plain["data"], *secret["stringData"]} <= SETTINGS
    files = {name.removesuffix("_FILE") for name in secret_names(Settings.model_fields)}
    assert {*secret["stringData"]} - {"CLOUDFLARE_ACCOUNT_ID"} <= files
    values = plain["data"] | {name: "x" for name in secret["stringData"] if name in files}
    values |= {"CLOUDFLARE_ACCOUNT_ID": "0" * 32, "WEBHOOK_SECRET": f"whsec_{'A' * 40}"}
    values["DATABASE_URL"] = secret["stringData"]["DATABASE_URL"]
    found = load_settings(**{name.lower(): value for name, value in values.items()})
    assert found.requires_auth
    assert found.metrics_port


def test_the_containers_in_kubernetes_fit_the_server(defaults: Settings) -> None:
    found = list(containers())
    assert len(found) == 3
    ports = {
        "http": defaults.port,
        "metrics": int(resources("ConfigMap")[0]["data"]["METRICS_PORT"]),
    }
    for container, pod in found:
        program, *arguments = container["args"]
        assert program == "gql-server"
        words = [one for one in arguments if not one.startswith("-")]
        assert tuple(words) in COMMANDS
        assert container["image"].endswith(f":{__version__}")
        assert pod["enableServiceLinks"] is False
        for port in container.get("ports", ()):
            assert ports[port["name"]] == port["containerPort"]
        for probe in (value for name, value in container.items() if name.endswith("Probe")):
            assert probe["httpGet"]["port"] in {port["name"] for port in container["ports"]}
        if "readinessProbe" in container:
            assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
            assert container["readinessProbe"]["timeoutSeconds"] > health._CHECK_SECONDS
        if "livenessProbe" in container:
            assert container["livenessProbe"]["httpGet"]["path"] == "/health"
            pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {"seconds": 0})
            stop = 2 * defaults.shutdown_timeout + pause["seconds"]
            assert pod["terminationGracePeriodSeconds"] > stop
            assert (
                f"--uid {pod['securityContext']['runAsUser']} " in (ROOT / "Dockerfile").read_text()
            )
    (job,) = resources("Job")
    assert job["metadata"]["name"].endswith(__version__.replace(".", "-"))


def test_compose_names_settings_and_commands(defaults: Settings) -> None:
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    for name, service in composed["services"].items():
        if name != "database":
            assert {*service["environment"]} <= SETTINGS
            words = [one for one in service["command"] if not one.startswith("-")]
            assert tuple(words[1:]) in COMMANDS
            grace = service.get("stop_grace_period")
            assert grace is None or int(grace.removesuffix("s")) > 2 * defaults.shutdown_timeout
