"""Jobs, and the kinds that handlers are registered for."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Final

Argument = str | Mapping[str, Any]
"""What a job is about: an ID, or a few JSON values; everything else is in the database."""

RETRY_SECONDS: Final = (1.0, 5.0, 30.0, 120.0, 600.0)
"""The wait before each further attempt, unless a kind sets its own."""

MAX_DELAY: Final = timedelta(hours=10)
"""How far ahead a job may be due; one due later was delayed before a clock stepped back."""


class Priority(IntEnum):
    """The order of one user's jobs; it has no effect between users, who take turns."""

    HIGH = 1
    NORMAL = 2
    LOW = 3


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work that runs at least once.

    Attributes:
        id: Jobs with the same ID are one job, for at least a day after it is done.
        kind: The name that its handler is registered for.
        partition: The user whose work it is; users take turns.
        not_before: Earliest start; None: now.
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
        number: 1 for the first attempt.
        given_up: Why the job was given up; only its failure handler remains to be called.
    """

    job: Job
    number: int = 1
    given_up: str | None = None


@dataclass(frozen=True, slots=True)
class JobRun:
    """One attempt at a job, as its handler sees it.

    Attributes:
        process_id: The process that runs it. Handlers that claim rows write it into them: the
            holder is dead once ``database.processes`` has no living process with that ID.
        attempt: 1 for the first attempt.
    """

    job_id: str
    argument: Argument
    attempt: int
    process_id: str
    _should_continue: Callable[[str], bool] = field(repr=False)

    @property
    def should_continue(self) -> bool:
        """Whether the handler may claim more work.

        False when the process is stopping or may have been declared dead. A handler with more to
        do then finishes what it has started and raises Interrupted.
        """
        return self._should_continue(self.process_id)


class Interrupted(Exception):
    """A handler left the rest of its job to another run, because it should not continue."""


Handler = Callable[[JobRun], Awaitable[None]]
FailureHandler = Callable[[JobRun, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class JobKind:
    """A registered kind of job.

    Attributes:
        handle: Runs a job; any exception is a failed attempt.
        on_failure: Called with a job that was given up and the reason, which is for the log and
            never for clients; repeated until it returns.
        concurrency: How many of them a process runs at once.
        concurrency_per_partition: How many of one user's it runs at once.
        retry_seconds: The wait before each further attempt; their number is that of retries.
        poll_seconds: How often a process looks for new ones.
    """

    name: str
    handle: Handler
    on_failure: FailureHandler | None
    concurrency: int
    concurrency_per_partition: int
    retry_seconds: Sequence[float]
    poll_seconds: float
