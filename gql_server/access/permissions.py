"""What is decided about whatever can be asked for: the least role, and what is shown of others'."""

from dataclasses import dataclass
from enum import Enum

from gql_server.domain.errors import Forbidden
from gql_server.domain.principal import Principal, Role


class Visibility(Enum):
    """What something does about what is another user's; an admin sees and changes it everywhere."""

    HIDDEN = (
        "Objects of other users do not exist for the caller: they are not listed, null "
        "or not found."
    )
    NONE = "It concerns nothing that has an owner."
    VISIBLE = "Callers with this permission see all users' objects."


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may ask for something, and what they see of others'.

    Attributes:
        role: The least role that may.
        others: What becomes of what is another's.
    """

    role: Role
    others: Visibility

    def check(self, principal: Principal, name: str) -> None:
        """Let pass whose role may ask for it.

        Args:
            principal: Who asks.
            name: What it is called where it is asked for.

        Raises:
            Forbidden: Their role may not.
        """
        if not principal.role.includes(self.role):
            raise Forbidden(
                f"{name} needs the role {self.role.value}; yours is {principal.role.value}. "
                "Ask an admin of the server."
            )
