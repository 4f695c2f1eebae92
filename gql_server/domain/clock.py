"""Time is UTC, to the millisecond, and written as ISO 8601 with ``Z``."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment: aware, UTC, whole milliseconds."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def to_iso(moment: datetime) -> str:
    """Write an aware moment as ``2026-01-15T10:30:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
