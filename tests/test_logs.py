import json
import logging

import pytest
import structlog

from gql_server.logs import configure_logs


@pytest.fixture(autouse=True)
def restored() -> object:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before[0], before[1]
    structlog.reset_defaults()


def test_machines_read_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="info", style="json")
    structlog.get_logger("ours").info("kept", image_id="img_a")
    logging.getLogger("theirs").warning("a %s", "library")
    logging.getLogger("httpx").info("a request with its address")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["image_id"], ours["level"]) == ("kept", "img_a", "info")
    assert (theirs["event"], theirs["logger"]) == ("a library", "theirs")
    assert theirs["timestamp"].endswith("Z")


def test_people_read_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="warning", style="console")
    structlog.get_logger("ours").info("quiet")
    structlog.get_logger("ours").error("broken", key="k")
    (line,) = capsys.readouterr().err.splitlines()
    assert "broken" in line
    assert "key=k" in line
