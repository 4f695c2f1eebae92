"""What every resolver gets: the parts, the caller, and the loaders of this operation."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import strawberry
from graphql import GraphQLError

from gql_server.access.allowances import Allowances
from gql_server.access.authentication import Authentication
from gql_server.access.connection_counts import OpenCounts
from gql_server.access.live_sessions import ServerStopping, SessionEnd, Sessions
from gql_server.access.oidc import ProviderUnavailable
from gql_server.batches.queries import get_batches
from gql_server.database.engine.engine import DatabaseUnavailable
from gql_server.database.engine.pages import Facts, Page, PageRequest
from gql_server.database.queries.images import ImageFilter
from gql_server.domain.allowances import AllowanceState, RateLimited
from gql_server.domain.budgets import Payer
from gql_server.domain.clock import to_iso
from gql_server.domain.errors import Unauthenticated
from gql_server.domain.principal import Principal
from gql_server.generation.images import get_images, list_images_by_template
from gql_server.generation.services import Parts
from gql_server.generation.templates import get_templates
from gql_server.graphql.execution.context import (
    CallerRefused,
    CallerUnknown,
    EndSession,
    OperationContext,
    TooManyConnections,
)
from gql_server.graphql.execution.context import ServerStopping as ServerIsStopping
from gql_server.graphql.execution.limits import limit_error
from gql_server.graphql.execution.loaders import SharedLoader
from gql_server.ledger.budgets.budgets import BudgetState
from gql_server.ledger.reports.performance import Performance, read_performance
from gql_server.web.allowances import allowance_headers

if TYPE_CHECKING:
    from gql_server.api.models.types import Model

LATEST_WEBHOOKS: Final = 10


@dataclass(frozen=True, slots=True)
class TemplateImages:
    """Which page of which template's images is wanted."""

    template_id: str
    columns: frozenset[str]
    where: ImageFilter
    request: PageRequest


@dataclass(frozen=True, slots=True)
class ModelSince:
    """Which model's performance is wanted, and from which hour on."""

    model_id: str
    since: datetime


class Context(OperationContext):
    """One for each operation; it holds no database session.

    Sibling resolvers run side by side: each opens its own short unit of work.

    Attributes:
        parts: The parts of the server.
        models: The models by name.
        connection_params: What a WebSocket's ``connection_init`` said; empty over HTTP.
        allowance: The caller's allowance after the operation; None: the caller has no limit.
        refused: Why the operation does not run, if it costs more than is left.
    """

    def __init__(
        self,
        parts: Parts,
        models: Mapping[str, "Model"],
        authentication: Authentication,
        principal: Principal | None,
        *,
        allowances: Allowances | None = None,
        sessions: Sessions | None = None,
        subscriptions: OpenCounts | None = None,
        sockets: OpenCounts | None = None,
        sees_schema: bool | None = None,
        sees_suggestions: bool | None = None,
    ) -> None:
        """Take the parts and the caller.

        Args:
            parts: The parts of the server.
            models: The models by name.
            authentication: Identifies the caller of a WebSocket, and knows revoked keys.
            principal: The caller; None: not known (yet).
            allowances: What operations are charged to; None: nothing.
            sessions: The open streams and sockets; None: nothing ends them early.
            subscriptions: The subscriptions of each user in this process; None: not counted.
            sockets: The WebSockets of each user in this process; None: not counted.
            sees_schema: Whether introspection is answered; None: to admins only.
            sees_suggestions: Whether errors suggest names; None: to admins only.
        """
        self.parts = parts
        self.models = models
        self.connection_params: Mapping[str, object] = {}
        self._counted_user_id: str | None = None
        self.allowance: AllowanceState | None = None
        self.refused: RateLimited | None = None
        self._sessions = sessions
        self._subscriptions = subscriptions
        self._sockets = sockets
        self._allowances = allowances
        self._budgets: asyncio.Future[Sequence[BudgetState]] | None = None
        self._authentication = authentication
        self._principal = principal
        self._sees_schema = sees_schema
        self._sees_suggestions = sees_suggestions

    @property
    def principal(self) -> Principal:
        """Whoever asks.

        Raises:
            Unauthenticated: That is not known.
        """
        if self._principal is None:
            raise Unauthenticated("This server asks who you are. Send an API key.")
        return self._principal

    @property
    def is_admin(self) -> bool:
        """Whether whoever asks may see everyone's."""
        return self._principal is not None and self._principal.is_admin

    @property
    def user_id(self) -> str | None:
        """The user who asks; None where that is not known (yet)."""
        return self._principal.user_id if self._principal is not None else None

    @property
    def sees_schema(self) -> bool:
        """Whether introspection is answered."""
        return self._sees(self._sees_schema)

    @property
    def sees_suggestions(self) -> bool:
        """Whether an error may say which names there are."""
        return self._sees(self._sees_suggestions)

    async def open_connection(self) -> None:
        """Identify the caller of a WebSocket from the payload of its ``connection_init``.

        A key in the header of its HTTP request is enough; the payload then needs none.

        Raises:
            CallerRefused: There is no key, or it is not valid.
            CallerUnknown: The database or the token's provider does not answer.
            TooManyConnections: The caller has too many WebSockets.
        """
        if self._principal is None:
            try:
                self._principal = await self._authentication.authenticate_connection(
                    self.connection_params
                )
            except Unauthenticated as error:
                hint = 'Send {"authorization": "Bearer gqls_…"} in connection_init.'
                raise CallerRefused(f"{hint} {error.message}") from error
            except (DatabaseUnavailable, ProviderUnavailable) as error:
                raise CallerUnknown from error
        if self._sockets is not None and self.user_id is not None:
            if not self._sockets.add(self.user_id):
                raise TooManyConnections
            self._counted_user_id = self.user_id

    def close_connection(self) -> None:
        """Count one WebSocket less, if this one was counted."""
        if self._sockets is not None and self._counted_user_id is not None:
            self._sockets.remove(self._counted_user_id)

    async def check_caller(self) -> None:
        """Make sure that the caller may still use the server.

        Raises:
            CallerRefused: The key was revoked, or the key or token has expired.
            CallerUnknown: The database does not answer.
        """
        try:
            await self._authentication.check(self.principal)
        except Unauthenticated as error:
            raise CallerRefused(error.message) from error
        except DatabaseUnavailable as error:
            raise CallerUnknown from error

    @contextmanager
    def session(self, end: EndSession) -> Iterator[None]:
        """Hold a session open until its caller loses access, or the server stops."""

        def end_engine(reason: SessionEnd) -> None:
            stops = isinstance(reason, ServerStopping)
            end(ServerIsStopping() if stops else CallerRefused(str(reason)))

        if self._sessions is None:
            yield
            return
        with self._sessions.session(self.principal, end_engine):
            yield

    def fresh(self) -> "Context":
        """Return one for another operation of the same caller, with nothing loaded."""
        return Context(
            self.parts,
            self.models,
            self._authentication,
            self._principal,
            allowances=self._allowances,
            sessions=self._sessions,
            subscriptions=self._subscriptions,
            sockets=self._sockets,
            sees_schema=self._sees_schema,
            sees_suggestions=self._sees_suggestions,
        )

    def adopt(self, operation: "Context") -> None:
        """Take over the allowance as an operation left it."""
        self.allowance, self.refused = operation.allowance, operation.refused

    def begin_subscription(self) -> GraphQLError | None:
        """Count one more subscription of the caller; return an error if there are too many."""
        counts, user_id = self._subscriptions, self.user_id
        if counts is None or user_id is None or counts.add(user_id):
            return None
        message = f"You have as many subscriptions as this server takes: {counts.limit}."
        return limit_error("TOO_MANY_SUBSCRIPTIONS", message, counts.limit)

    def end_subscription(self) -> None:
        """Count one subscription less."""
        if self._subscriptions is not None and self.user_id is not None:
            self._subscriptions.remove(self.user_id)

    def forget(self) -> None:
        """Drop what was loaded: an event of a subscription must see the present."""
        self._budgets = None
        for name, attribute in vars(type(self)).items():
            if isinstance(attribute, cached_property):
                self.__dict__.pop(name, None)

    async def spend(self, cost: int) -> GraphQLError | None:
        """Charge the caller's allowance; return an error if it holds less than the cost.

        A caller who is not known (yet) is refused by the fields themselves.
        """
        if self._principal is None or self._allowances is None:
            return None
        try:
            self.allowance = await self._allowances.spend(self._principal, cost)
        except RateLimited as refused:
            self.allowance, self.refused = refused.state, refused
            return GraphQLError(refused.message, original_error=refused)
        return None

    def cost_details(self) -> Mapping[str, Any]:
        """Return the caller's allowance for ``extensions.cost``."""
        allowance = self.allowance
        if allowance is None:
            return {}
        return {
            "allowance": {
                "limit": allowance.limit,
                "cost": allowance.cost,
                "remaining": allowance.remaining,
                "resetsAt": to_iso(allowance.resets_at),
            }
        }

    def response_headers(self) -> Mapping[str, str]:
        """Return the caller's allowance as headers."""
        if self.allowance is None:
            return {}
        retry_after = self.refused.retry_after if self.refused is not None else None
        return allowance_headers(self.allowance, retry_after=retry_after)

    async def budgets(self) -> Sequence[BudgetState]:
        """Return the budgets that the caller's pictures are paid from, read once."""
        if self._budgets is None:
            payer = Payer(user_id=self.principal.user_id, key_id=self.principal.key_id)
            self._budgets = asyncio.ensure_future(self.parts.budgets.of(payer))
        # One field that is cancelled takes it from no other.
        return await asyncio.shield(self._budgets)

    @cached_property
    def template(self) -> SharedLoader[str, Facts | None]:
        """Templates by id, for all that ask in one turn by one statement."""

        async def load(ids: list[str]) -> Sequence[Facts | None]:
            found = await get_templates(self.parts, self.principal, ids)
            return [found.get(template_id) for template_id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def image(self) -> SharedLoader[str, Facts | None]:
        """Images by id, for all that ask in one turn by one statement."""

        async def load(ids: list[str]) -> Sequence[Facts | None]:
            found = await get_images(self.parts, self.principal, ids)
            return [found.get(image_id) for image_id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def batch(self) -> SharedLoader[str, Facts | None]:
        """Batches by id, for all that ask in one turn by one statement."""

        async def load(ids: list[str]) -> Sequence[Facts | None]:
            found = await get_batches(self.parts, self.principal, ids)
            return [found.get(batch_id) for batch_id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def template_images(self) -> SharedLoader[TemplateImages, Page]:
        """Pages of templates' images; those with the same arguments by one statement."""

        async def load(keys: list[TemplateImages]) -> Sequence[Page]:
            alike: dict[TemplateImages, list[str]] = defaultdict(list)
            for key in keys:
                alike[_without_template(key)].append(key.template_id)
            pages: dict[TemplateImages, Mapping[str, Page]] = {}
            for key, template_ids in alike.items():
                pages[key] = await list_images_by_template(
                    self.parts, self.principal, template_ids, key.columns, key.where, key.request
                )
            return [pages[_without_template(key)][key.template_id] for key in keys]

        return SharedLoader(load_fn=load)

    @cached_property
    def subject_webhooks(self) -> SharedLoader[str, Sequence[Facts]]:
        """The latest webhooks of batches and budgets that the caller sees, by one statement."""

        async def load(ids: list[str]) -> Sequence[Sequence[Facts]]:
            found = await self.parts.webhooks.latest_of(self.principal, ids, most=LATEST_WEBHOOKS)
            return [found.get(subject_id, ()) for subject_id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def webhook_deliveries(self) -> SharedLoader[str, Sequence[Facts]]:
        """The attempts to deliver webhooks, for all that ask in one turn by one statement."""

        async def load(ids: list[str]) -> Sequence[Sequence[Facts]]:
            found = await self.parts.webhooks.deliveries_of(ids)
            return [found.get(webhook_id, ()) for webhook_id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def model_performance(self) -> SharedLoader[ModelSince, Performance]:
        """How models did; those from the same hour on by one statement."""

        async def load(keys: list[ModelSince]) -> Sequence[Performance]:
            alike: dict[datetime, list[str]] = defaultdict(list)
            for key in keys:
                alike[key.since].append(key.model_id)
            found = {
                since: await read_performance(
                    self.parts.database,
                    model_ids,
                    is_preview=self.parts.generator.is_preview,
                    since=since,
                )
                for since, model_ids in alike.items()
            }
            return [found[key.since][key.model_id] for key in keys]

        return SharedLoader(load_fn=load)

    def _sees(self, setting: bool | None) -> bool:  # noqa: FBT001 - a switch
        if setting is None:
            return self.is_admin
        return setting


def _without_template(key: TemplateImages) -> TemplateImages:
    return TemplateImages("", key.columns, key.where, key.request)


Info = strawberry.Info[Context, None]
