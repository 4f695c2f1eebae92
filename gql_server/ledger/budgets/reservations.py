"""Reservations: money is reserved before it is spent, so that no budget is exceeded.

An image's reservation is settled in the transaction of its charge. It is released when the work
ends without one, and expires when the process that does the work has died.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.budgets import applicable_budgets
from gql_server.database.queries.reservations import (
    adopt_reservations,
    remove_own_reservations,
    remove_reservations_of_the_dead,
    write_reservation,
)
from gql_server.database.records.budgets import BudgetRecord
from gql_server.database.tables.budgets import ReservationRow
from gql_server.domain.budgets import BudgetScope, Payer
from gql_server.domain.clock import now
from gql_server.domain.errors import BudgetExceeded, Rejected
from gql_server.ledger.budgets.budgets import Budgets, BudgetState

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Hold:
    """Money that is reserved for one piece of work until it is charged.

    Attributes:
        work_id: The ID of what is generated.
        payer: Whose budgets.
        amount: Billionths of a dollar.
        exceeded: The soft budgets that it exceeds.
        is_written: Whether a reservation was written; there is none if no budget applies.
    """

    work_id: str
    payer: Payer
    amount: int
    exceeded: Sequence[BudgetState] = ()
    is_written: bool = True


class Reservations:
    """Reserves the cost of accepted work."""

    def __init__(self, budgets: Budgets, *, spent: Callable[[Payer], None]) -> None:
        """Take the services it works with.

        Args:
            budgets: The budgets that limit spending.
            spent: Called with the payer whose budgets were spent from.
        """
        self._budgets: Final = budgets
        self._spent: Final = spent
        self._held: Final[set[str]] = set()
        self._unreleased: Final[set[str]] = set()

    @asynccontextmanager
    async def held(self, work_id: str, payer: Payer, amount: int) -> AsyncIterator[Hold]:
        """Reserve the cost of an image while it is generated.

        The block settles the reservation in the transaction that charges the image; if it finds
        that the reservation was released meanwhile, it renews it first. If the block raises,
        nothing stays reserved, except for what can still be charged: a request that can be resumed
        by its idempotency key, or an image that waits at its provider.

        Raises:
            Rejected: With BudgetExceeded for each hard budget that it would exceed.
            DatabaseUnavailable: It is not known whether there is enough money.
        """
        self._held.add(work_id)
        try:
            hold = Hold(work_id, payer, amount)
            try:
                await self.renew(hold)
            except Rejected:
                raise  # nothing was written
            except BaseException:  # perhaps only the response to the commit was lost
                await asyncio.shield(self.release(work_id))
                raise
            try:
                yield hold
            except BaseException:
                await asyncio.shield(self.release(work_id))
                raise
        finally:
            self._held.discard(work_id)
        self.charged(payer)

    async def reserve(self, work_id: str, payer: Payer, amount: int) -> Sequence[BudgetState]:
        """Reserve money for work, in place of its earlier hold; return exceeded soft budgets.

        Args:
            work_id: The ID of what is generated.
            payer: Whose budgets.
            amount: Billionths of a dollar; zero is never refused.

        Raises:
            Rejected: With BudgetExceeded for each hard budget that it would exceed.
            DatabaseUnavailable: It is not known whether there is enough money.
        """
        hold = Hold(work_id, payer, amount)
        await self.renew(hold)
        return hold.exceeded

    async def renew(self, hold: Hold) -> None:
        """Reserve the money of a piece of work, replacing its earlier reservation, if any.

        Raises:
            Rejected: With BudgetExceeded for each hard budget that it would exceed.
            DatabaseUnavailable: It is not known whether there is enough money.
        """
        database, payer = self._budgets.database, hold.payer
        async with database.read() as connection:
            budgets = await applicable_budgets(connection, payer)
        if not budgets:
            hold.exceeded, hold.is_written = (), False
            return
        async with database.write() as connection:
            budgets = await applicable_budgets(connection, payer, for_update=True)
            # Reservations that are not removed count, because they can still be charged.
            await remove_reservations_of_the_dead(connection, sparing=tuple(self._held))
            exceeded = await self._exceeded(
                connection, budgets, hold.amount, leaving_out=hold.work_id, counts_expired=True
            )
            await write_reservation(
                connection,
                ReservationRow(
                    id=hold.work_id,
                    user_id=payer.user_id,
                    key_id=payer.key_id,
                    amount=hold.amount,
                    is_preview=self._budgets.is_preview,
                    process_id=self._budgets.lease.process_id,
                    created_at=now(),
                ),
            )
        hold.exceeded, hold.is_written = exceeded, True

    def charged(self, payer: Payer) -> None:
        """Report that a payer's budgets were spent from."""
        self._spent(payer)

    async def check(self, payer: Payer, amount: int) -> Sequence[BudgetState]:
        """Raise what ``reserve`` would, without reserving anything.

        Raises:
            Rejected: With BudgetExceeded for each hard budget that it would exceed.
        """
        async with self._budgets.database.read() as connection:
            budgets = await applicable_budgets(connection, payer)
            return await self._exceeded(connection, budgets, amount)

    async def release(self, work_id: str) -> None:
        """Release the reservation of work that ended; retried later if the database is away.

        What can still be charged stays reserved: until the request's idempotency key is settled,
        or the image that waits at its provider is stored or forgotten.
        """
        self._unreleased.add(work_id)
        try:
            await self._release_left()
        except DatabaseUnavailable as error:
            log.warning("reservation_not_released", work=work_id, reason=str(error))

    async def sweep(self) -> None:
        """Release leftovers: of this process's finished work, and of dead processes."""
        await self._release_left()
        async with self._budgets.database.write() as connection:
            if self._held:  # a lease may have been lost and the process have a new ID
                await adopt_reservations(
                    connection, tuple(self._held), process_id=self._budgets.lease.process_id
                )
            released = await remove_reservations_of_the_dead(connection, sparing=tuple(self._held))
        if released:
            log.info("reservations_of_dead_processes_released", reservations=released)

    async def _release_left(self) -> None:
        ended = frozenset(self._unreleased)
        if ended:
            async with self._budgets.database.write() as connection:
                resumable = await remove_own_reservations(connection, ended)
            self._unreleased.difference_update(ended - resumable)

    async def _exceeded(
        self,
        connection: AsyncConnection,
        budgets: Sequence[BudgetRecord],
        amount: int,
        *,
        leaving_out: str = "",
        counts_expired: bool = False,
    ) -> Sequence[BudgetState]:
        states = await self._budgets.states_of(
            connection,
            budgets,
            leaving_out=leaving_out,
            with_alerts=False,
            counts_expired=counts_expired,
        )
        exceeded = [state for state in states if state.would_exceed(amount)]
        hard = [state for state in exceeded if state.window.budget.is_hard]
        if hard:
            raise Rejected([_exceeded(state, amount) for state in hard])
        return exceeded


def _exceeded(state: BudgetState, needed: int) -> BudgetExceeded:
    return BudgetExceeded(
        scope=BudgetScope(state.window.budget.scope),
        limit=state.limit,
        spent=state.spent,
        reserved=state.reserved,
        needed=needed,
        resets_at=state.window.resets_at,
    )
