"""The format of the log: readable lines for people, JSON for machines."""

import logging
import sys
from typing import Final, Literal

import stamina
import structlog
from structlog.typing import Processor

from gql_server.telemetry.quick_log import configure_quick_logs

# The local variables of a driver's frames hold passwords, and those of ours everybody's prompts.
_EXCEPTIONS = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)

_TALKATIVE: Final = (
    "PIL",
    "aiobotocore",
    "aiosqlite",  # at debug it logs statements with their values: prompts, hashes of keys
    "alembic",
    "botocore",
    "dbos",
    "httpcore",
    "httpx",
    "mcp",
    "psycopg",
    "python_multipart",
)


def configure_logs(*, level: str, style: Literal["console", "json"]) -> None:
    """Send all records, including those of libraries, to standard error in one format."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderers: list[Processor] = (
        [
            structlog.processors.ExceptionRenderer(_EXCEPTIONS),
            structlog.processors.JSONRenderer(),
        ]
        if style == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    configure_quick_logs(style if getattr(logging, level.upper()) <= logging.INFO else None)
    # Code that retries logs that itself, with its own context.
    stamina.instrumentation.set_on_retry_hooks([])
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for talkative in _TALKATIVE:
        logging.getLogger(talkative).setLevel(max(logging.WARNING, logging.root.level))
    # At debug it logs the headers and frames of WebSockets, and so keys.
    logging.getLogger("uvicorn.error").setLevel(max(logging.INFO, logging.root.level))
    logging.getLogger("uvicorn.access").addFilter(_without_query)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        server_logger = logging.getLogger(name)
        server_logger.handlers.clear()
        server_logger.propagate = True


def _without_query(record: logging.LogRecord) -> bool:
    """Remove the query string from a line of the access log: it has prompts and signatures."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            one.partition("?")[0] if isinstance(one, str) else one for one in record.args
        )
    return True
