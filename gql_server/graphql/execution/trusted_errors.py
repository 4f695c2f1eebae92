"""The error of a manifest, apart from what reads manifests: each command knows it."""


class TrustedDocumentsError(Exception):
    """A manifest of trusted documents cannot be used; the message says why."""
