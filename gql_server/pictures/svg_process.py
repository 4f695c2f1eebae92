"""The program that draws one SVG in a process of its own, with little memory and time.

It reads the SVG from stdin and writes a PNG to stdout; its arguments are the width and the height
in pixels. It imports nothing of the server, so that it starts quickly.
"""

import contextlib
import resource
import sys
from typing import Final

import resvg_py

CPU_SECONDS: Final = 10
MEMORY_BYTES: Final = 1024 * 1024 * 1024


def main() -> None:
    """Draw the SVG within the limits; the process ends with another code than 0 if it fails."""
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
    ):
        # Some systems do not support every limit; the caller's timeout remains.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))
    png = resvg_py.svg_to_bytes(
        svg_string=sys.stdin.buffer.read().decode(),
        width=int(sys.argv[1]),
        height=int(sys.argv[2]),
        skip_system_fonts=True,
    )
    sys.stdout.buffer.write(bytes(png))


if __name__ == "__main__":
    main()
