"""What a job is, and who does it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Final

Argument = str | Mapping[str, Any]
"""What a job is about: an id, or a few values that JSON can hold; the rest is in the database."""

RETRY_SECONDS: Final = (1.0, 5.0, 30.0, 120.0, 600.0)
"""How long each further attempt waits after a failure, where a kind has no waits of its own."""

MAX_DELAY: Final = timedelta(hours=10)
"""How far ahead a job may be due; what is due later was put off before a clock stepped back."""


class Priority(IntEnum):
    """Which of one user's jobs comes first; says nothing between users, who take turns."""

    HIGH = 1
    NORMAL = 2
    LOW = 3


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work to be done, at least once.

    Attributes:
        id: Two jobs of the same id are one, for at least a day after it is done.
        kind: The name that its handler is registered by.
        partition: The user whose work it is; users take turns.
        not_before: When it may start; now where it is None.
    """

    id: str
    kind: str
    argument: Argument
    partition: str
    priority: Priority = Priority.NORMAL
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A job in its queue.

    Attributes:
        number: 1 for the first.
        given_up: Why the job was given up; then only its failure handler is still to be told.
    """

    job: Job
    number: int = 1
    given_up: str | None = None


@dataclass(frozen=True, slots=True)
class JobRun:
    """One attempt at a job, for its handler.

    Attributes:
        process_id: Who runs it. A handler that claims rows of ours writes this into them: the
            holder of a row is dead once ``database.processes`` has no living process of that id.
        attempt: 1 for the first.
    """

    job_id: str
    argument: Argument
    attempt: int
    process_id: str
    _should_continue: Callable[[str], bool] = field(repr=False)

    @property
    def should_continue(self) -> bool:
        """Whether it may claim anything more.

        False once the process is stopping, or may have been taken for dead. A handler that has
        more to do then finishes what it has begun and raises Interrupted.
        """
        return self._should_continue(self.process_id)


class Interrupted(Exception):
    """A handler left the rest of its job to another run, because it may not go on."""


Handler = Callable[[JobRun], Awaitable[None]]
FailureHandler = Callable[[JobRun, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class JobKind:
    """What is known of the jobs of a name.

    Attributes:
        handle: Does a job; whatever it raises is a failed attempt.
        on_failure: Told of a job that was given up, with the reason for the log and never for
            clients; until it returns.
        concurrency: How many of them a process runs at once.
        concurrency_per_partition: How many of one user's it runs at once.
        retry_seconds: How long each further attempt waits; their number is the number of retries.
    """

    name: str
    handle: Handler
    on_failure: FailureHandler | None
    concurrency: int
    concurrency_per_partition: int
    retry_seconds: Sequence[float]
