"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        part: What was checked: ``database``, ``store`` and so on.
        level: Whether it prevents the server from working.
        message: What was found.
        fix: How to fix it; None if there is nothing to fix.
    """

    part: str
    level: Level
    message: str
    fix: str | None = None


def ok(part: str, message: str) -> Finding:
    """Return a finding that needs nothing."""
    return Finding(part, Level.OK, message)


def warning(part: str, message: str, fix: str) -> Finding:
    """Return a finding that the server works with."""
    return Finding(part, Level.WARNING, message, fix)


def failure(part: str, message: str, fix: str | None = None) -> Finding:
    """Return a finding that prevents the server from working."""
    return Finding(part, Level.ERROR, message, fix)
