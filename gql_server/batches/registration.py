"""Registering the jobs of batches."""

from functools import partial
from typing import Final

from gql_server.batches.slice_runner import KIND, SLICE_SIZE, SliceRunner
from gql_server.batches.sweep import sweep_batches
from gql_server.generation.services import Services

_SPARE_SLICES: Final = 3
"""So that an item can always start while the last ones of a slice are running."""

_RETRY_SECONDS: Final = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 600.0, 600.0)
_POLL_SECONDS: Final = 0.4
"""How long a new batch waits at most; the spare slices last longer than that."""

_SWEEP_SECONDS: Final = 5.0


def register_batches(services: Services) -> None:
    """Register the job that runs batches, and the sweep for batches without a job."""
    work = SliceRunner(services, concurrency=services.batch_concurrency)
    # As many images may wait to be stored as calls are running.
    per_user = -(-2 * services.batch_concurrency // SLICE_SIZE) + _SPARE_SLICES
    services.jobs.register(
        KIND,
        work.run,
        on_failure=work.give_up,
        concurrency=2 * per_user,
        concurrency_per_partition=per_user,
        retry_seconds=_RETRY_SECONDS,
        poll_seconds=_POLL_SECONDS,
    )
    services.jobs.add_sweep("batches", partial(sweep_batches, services), seconds=_SWEEP_SECONDS)
