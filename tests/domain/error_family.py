"""The errors that a caller can be told of."""

from gql_server.domain.errors import DomainError


def error_family(kind: type[DomainError] = DomainError) -> set[type[DomainError]]:
    """Return every kind that is raised, of any module, and not what some have in common."""
    kinds = kind.__subclasses__()
    return set[type[DomainError]]().union(*map(error_family, kinds)) if kinds else {kind}
