"""Permissions: the least role for a field or operation, and what it shows of other users' data."""

from dataclasses import dataclass
from enum import Enum

from gql_server.domain.errors import Forbidden
from gql_server.domain.principal import Principal, Role


class Visibility(Enum):
    """What a field or operation does with other users' objects. Admins see and change them all."""

    HIDDEN = (
        "Objects of other users do not exist for the caller: they are not listed, null "
        "or not found."
    )
    NONE = "It concerns nothing that has an owner."
    VISIBLE = "Callers with this permission see all users' objects."


@dataclass(frozen=True, slots=True)
class Permission:
    """The permission that a field or operation needs.

    Attributes:
        role: The least role.
        others: What it does with other users' objects.
    """

    role: Role
    others: Visibility

    def check(self, principal: Principal, name: str) -> None:
        """Check that a principal's role is sufficient.

        Args:
            principal: The caller.
            name: The name of the field or operation, for the message.

        Raises:
            Forbidden: The role is not sufficient.
        """
        if not principal.role.includes(self.role):
            raise Forbidden(
                f"{name} needs the role {self.role.value}; yours is {principal.role.value}. "
                "Ask an admin of the server."
            )
