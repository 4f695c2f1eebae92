"""A logger for lines that come with every request: formatted cheaply, and written together.

A line through ``logging`` takes some fifty microseconds, as much as a third of a small request.
"""

import asyncio
import sys
import time
from contextlib import suppress
from typing import Any, Final, Literal

import orjson

_FLUSH_SECONDS: Final = 0.2
_FLUSH_LINES: Final = 500


class _Lines:
    """The lines that are not written yet.

    Attributes:
        style: Their format; None: they are discarded.
    """

    def __init__(self) -> None:
        self.style: Literal["console", "json"] | None = None
        self._lines: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, line: bytes) -> None:
        """Add a line, which is written soon."""
        self._lines.append(line)
        if len(self._lines) >= _FLUSH_LINES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Write all lines."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._lines = self._lines, []
        if lines:
            # No one reads it any more, or the disk is full: that is no error of the request.
            with suppress(OSError):
                sys.stderr.write(b"".join(lines).decode())
                sys.stderr.flush()


_lines: Final = _Lines()


def configure_quick_logs(style: Literal["console", "json"] | None) -> None:
    """Write lines in this format to standard error from now on; None discards them."""
    flush_quick_logs()
    _lines.style = style


def flush_quick_logs() -> None:
    """Write what is not written yet; call it before the process ends."""
    _lines.flush()


class QuickLogger:
    """Writes events at the level info; used in the event loop's thread only."""

    def __init__(self, name: str) -> None:
        """Take the name of the logger."""
        self._name = name

    @property
    def is_on(self) -> bool:
        """Whether lines are written at all."""
        return _lines.style is not None

    def info(self, event: str, **fields: Any) -> None:
        """Write an event with its fields."""
        style = _lines.style
        if style == "json":
            fields["event"] = event
            fields["level"] = "info"
            fields["logger"] = self._name
            fields["timestamp"] = f"{_moment('T')}Z"
            _lines.add(orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE))
        elif style == "console":
            words = " ".join([f"{name}={_plain(value)}" for name, value in fields.items()])
            _lines.add(f"{_moment(' ')} [info     ] {event:<30} {words}\n".encode())


_second: tuple[int, str, str] = (0, "", "")


def _moment(separator: str) -> str:
    """Return the time in UTC; the part that changes once a second is written once a second."""
    global _second  # noqa: PLW0603 - a cache
    seconds = time.time()
    whole = int(seconds)
    if whole != _second[0] or separator != _second[1]:
        text = time.strftime(f"%Y-%m-%d{separator}%H:%M:%S", time.gmtime(whole))
        _second = whole, separator, text
    return f"{_second[2]}.{int((seconds - whole) * 1_000_000):06d}"


def _plain(value: object) -> str:
    text = str(value)
    return text if text.isprintable() and " " not in text else repr(text)
