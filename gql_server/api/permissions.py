"""Permissions: one for each field of the schema's root types.

A field without a permission keeps the schema from being built. What a permission lets pass is then
narrowed by the use cases, which show everybody their own and an admin everyone's.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver, SyncExtensionResolver
from strawberry.types import get_object_definition

from gql_server.access.permissions import Permission, Visibility
from gql_server.api.context import Context, Info
from gql_server.api.errors import camel_case
from gql_server.domain.principal import Role
from gql_server.graphql.plans.fields import PLAN_CHECK

_Root = TypeVar("_Root", bound=type)


_READ: Final = Permission(Role.READER, Visibility.HIDDEN)
_READ_COMMON: Final = Permission(Role.READER, Visibility.NONE)
_CREATE: Final = Permission(Role.CREATOR, Visibility.HIDDEN)
_CREATE_NEW: Final = Permission(Role.CREATOR, Visibility.NONE)
_MANAGE: Final = Permission(Role.ADMIN, Visibility.VISIBLE)

PERMISSIONS: Final[Mapping[str, Mapping[str, Permission]]] = {
    "Query": {
        "node": _READ,
        "nodes": _READ,
        "viewer": _READ_COMMON,
        "image": _READ,
        "images": _READ,
        "tags": _READ,
        "sourceImages": _READ,
        "model": _READ_COMMON,
        "models": _READ_COMMON,
        "template": _READ,
        "templates": _READ,
        "batch": _READ,
        "batches": _READ,
        "generation": _READ,
        "erasure": _READ,
        "apiKeys": _MANAGE,
        "webhooks": _READ,
        "budgets": _MANAGE,
        "costAnalytics": _READ,
        "costEstimate": _READ,
    },
    "Mutation": {
        "generateImage": _CREATE,
        "remakeImage": _CREATE,
        "remakeImages": _CREATE,
        "generateBatch": _CREATE,
        "cancelBatch": _CREATE,
        "cancelGeneration": _CREATE,
        "resumeBatch": _CREATE,
        "retryBatch": _CREATE,
        "updateImage": _CREATE,
        "deleteImage": _CREATE,
        "restoreImage": _CREATE,
        "purgeImage": _CREATE,
        "purgeImages": _CREATE,
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
        "generationProgress": _READ,
        "imageCreated": _READ,
    },
}


def guarded(root: _Root) -> _Root:
    """Return a root type of the schema, each of whose fields requires its permission's role.

    Raises:
        LookupError: A field has no permission, or a permission no field.
    """
    definition = get_object_definition(root, strict=True)
    permissions = dict(PERMISSIONS[definition.name])
    for field in definition.fields:
        name = field.graphql_name or camel_case(field.python_name)
        permission = permissions.pop(name, None)
        if permission is None:
            raise LookupError(f"{definition.name}.{name} has no permission")
        if not any(isinstance(one, _Guard) for one in field.extensions):
            guard = _Guard(name, permission)
            field.extensions.append(guard)
            field.metadata = MappingProxyType({**field.metadata, PLAN_CHECK: guard.check})
    if permissions:
        raise LookupError(f"{definition.name} has no fields {', '.join(permissions)}")
    return root


class _Guard(FieldExtension):
    """Checks the caller's role before the field's resolver runs."""

    def __init__(self, name: str, permission: Permission) -> None:
        self._name = name
        self._permission = permission

    def check(self, context: Context) -> None:
        """Resolve the field if the caller's role permits it."""
        self._permission.check(context.principal, self._name)

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
