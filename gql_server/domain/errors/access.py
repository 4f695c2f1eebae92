"""Errors about who the caller is and what they may do."""


class Unauthenticated(Exception):
    """The caller is not authenticated: there is no token, or an invalid one."""

    def __init__(self, message: str = "Authentication required. Send an API key.") -> None:
        super().__init__(message)
        self.message = message


class Forbidden(Exception):
    """The caller's role does not permit this."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
