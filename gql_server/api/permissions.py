"""Who may ask for what: one decision for each field of the schema's roots.

A field without a decision keeps the schema from being built. What a decision lets pass is then
narrowed by the use cases, which show everybody their own and an admin everyone's.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver, SyncExtensionResolver
from strawberry.types import get_object_definition

from gql_server.access.permissions import Decision, Others
from gql_server.api.context import Context, Info
from gql_server.api.errors import camel_case
from gql_server.domain.principal import Role
from gql_server.graphql.plans.fields import PLAN_CHECK

_Root = TypeVar("_Root", bound=type)


_READ: Final = Decision(Role.READER, Others.HIDDEN)
_READ_COMMON: Final = Decision(Role.READER, Others.NONE)
_CREATE: Final = Decision(Role.CREATOR, Others.HIDDEN)
_CREATE_NEW: Final = Decision(Role.CREATOR, Others.NONE)
_MANAGE: Final = Decision(Role.ADMIN, Others.VISIBLE)

DECISIONS: Final[Mapping[str, Mapping[str, Decision]]] = {
    "Query": {
        "node": _READ,
        "nodes": _READ,
        "viewer": _READ_COMMON,
        "image": _READ,
        "images": _READ,
        "sourceImages": _READ,
        "model": _READ_COMMON,
        "models": _READ_COMMON,
        "template": _READ,
        "templates": _READ,
        "batch": _READ,
        "batches": _READ,
        "apiKeys": _MANAGE,
        "budgets": _MANAGE,
        "costAnalytics": _READ,
        "costEstimate": _READ,
    },
    "Mutation": {
        "generateImage": _CREATE,
        "generateBatch": _CREATE,
        "cancelBatch": _CREATE,
        "resumeBatch": _CREATE,
        "retryBatch": _CREATE,
        "updateImage": _CREATE,
        "deleteImage": _CREATE,
        "restoreImage": _CREATE,
        "uploadSourceImage": _CREATE_NEW,
        "deleteSourceImage": _CREATE,
        "createTemplate": _CREATE_NEW,
        "updateTemplate": _CREATE,
        "deleteTemplate": _CREATE,
        "setBudget": _MANAGE,
        "removeBudget": _MANAGE,
        "redeliverWebhook": _CREATE,
        "createApiKey": _MANAGE,
        "revokeApiKey": _MANAGE,
    },
    "Subscription": {
        "batchProgress": _READ,
        "imageCreated": _READ,
    },
}


def guarded(root: _Root) -> _Root:
    """Return a root of the schema, each of whose fields asks for its decision's role.

    Raises:
        LookupError: A field has no decision, or a decision no field.
    """
    definition = get_object_definition(root, strict=True)
    decisions = dict(DECISIONS[definition.name])
    for field in definition.fields:
        name = field.graphql_name or camel_case(field.python_name)
        decision = decisions.pop(name, None)
        if decision is None:
            raise LookupError(f"{definition.name}.{name} has no decision about who may ask for it")
        if not any(isinstance(one, _Guard) for one in field.extensions):
            guard = _Guard(name, decision)
            field.extensions.append(guard)
            field.metadata = MappingProxyType({**field.metadata, PLAN_CHECK: guard.check})
    if decisions:
        raise LookupError(f"{definition.name} has no fields {', '.join(decisions)}")
    return root


class _Guard(FieldExtension):
    """Lets a field be asked for by the roles that may; it stands outside the field's resolver."""

    def __init__(self, name: str, decision: Decision) -> None:
        self._name = name
        self._decision = decision

    def check(self, context: Context) -> None:
        """Let pass whose role may ask for the field."""
        self._decision.check(context.principal, self._name)

    def resolve(
        self,
        next_: SyncExtensionResolver,
        source: Any,
        info: Info,
        **arguments: Any,
    ) -> Any:
        self.check(info.context)
        return next_(source, info, **arguments)

    def resolve_async(
        self,
        next_: AsyncExtensionResolver,
        source: Any,
        info: Info,
        **arguments: Any,
    ) -> Any:
        # Awaitable for fields, an asynchronous generator for subscriptions: either way as it is.
        self.check(info.context)
        return next_(source, info, **arguments)
