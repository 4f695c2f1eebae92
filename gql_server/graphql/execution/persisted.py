"""Documents that are named by their hash: sent before (automatic), or known from the start."""

import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson
from cachetools import Cache, LRUCache
from graphql import GraphQLError

from gql_server.graphql.execution.documents import Documents
from gql_server.graphql.execution.trusted_errors import TrustedDocumentsError
from gql_server.text_files import TextFileError, read_text
from gql_server.web.bodies import RequestRefused

_CACHED_BYTES: Final = 16 * 1024 * 1024
_ENTRY_BYTES: Final = 512
"""What an entry takes beside its document: its hash, and its place in the cache."""
_PREFIX: Final = "sha256:"
"""graphql-codegen writes it before its hashes, others do not."""
_ID_PARAMETERS: Final = ("documentId", "doc_id", "id")
"""What graphql-over-http and Relay's clients call the hash."""
_APOLLO_FORMAT: Final = "apollo-persisted-query-manifest"


class PersistedDocuments:
    """Finds the document of a request that names it by its hash.

    With trusted documents nothing else is run. Without, documents are kept as clients send them
    with their hash (Apollo's automatic persisted queries), each process for itself: a client
    that receives PERSISTED_QUERY_NOT_FOUND sends the document again.
    """

    def __init__(
        self,
        documents: Documents,
        trusted: Mapping[str, str] | None = None,
        *,
        automatic: bool = True,
    ) -> None:
        """Take what prepares documents, and those that alone are run; None: any."""
        self._documents = documents
        self._trusted = trusted
        self._trusted_texts = frozenset(trusted.values()) if trusted is not None else frozenset()
        self._automatic = automatic and trusted is None
        self._kept: LRUCache[str, str] = LRUCache(
            _CACHED_BYTES, getsizeof=lambda query: sys.getsizeof(query) + _ENTRY_BYTES
        )

    @property
    def cache(self) -> Cache[str, str]:
        """The documents that clients registered."""
        return self._kept

    def document(self, parameters: Mapping[str, Any]) -> str:
        """Return the document to run.

        Raises:
            RequestRefused: The request has no document, it is not trusted, or its hash is wrong.
            GraphQLError: No document with that hash is known.
        """
        query: str | None = parameters.get("query")
        extensions = parameters.get("extensions")
        persisted = extensions.get("persistedQuery") if extensions else None
        if self._trusted is not None:
            return self._trusted_document(query, _hash(persisted) or _id(parameters))
        if persisted is not None:
            return self._persisted(query, _hash(persisted))
        if not query:
            raise RequestRefused("The request has no document in `query`.")
        return query

    def _trusted_document(self, query: str | None, name: str | None) -> str:
        assert self._trusted is not None  # noqa: S101 - called only then
        if query:
            if query in self._trusted_texts:
                return query
            raise RequestRefused(
                "This server runs only trusted documents.",
                code="DOCUMENT_NOT_TRUSTED",
            )
        if name is None:
            raise RequestRefused("Name a trusted document by its hash.")
        found = self._trusted.get(name)
        if found is None:
            raise _not_found()
        return found

    def _persisted(self, query: str | None, name: str | None) -> str:
        if not self._automatic:
            raise GraphQLError(
                "PersistedQueryNotSupported",
                extensions={"code": "PERSISTED_QUERY_NOT_SUPPORTED"},
            )
        if name is None:
            raise RequestRefused("`extensions.persistedQuery` needs version 1 and a sha256Hash.")
        if not query:
            found = self._kept.get(name)
            if found is None:
                raise _not_found()
            return found
        # What is too long, or wrong, is reported when it is to be run, and not kept.
        is_valid = not self._documents.prepare(query).errors
        if is_valid and sha256(query.encode()).hexdigest() != name:
            raise RequestRefused(
                "The hash does not match the document.", code="PERSISTED_QUERY_HASH_MISMATCH"
            )
        if is_valid:
            self._kept[name] = query
        return query


def load_trusted_documents(path: Path, documents: Documents) -> dict[str, str]:
    """Read a manifest: Relay's and graphql-codegen's `{hash: document}`, or Apollo's.

    Raises:
        TrustedDocumentsError: It cannot be read, or a document is not one that this server runs.
    """
    try:
        manifest = orjson.loads(read_text(path))
    except TextFileError as error:
        raise TrustedDocumentsError(str(error)) from error
    except ValueError as error:
        raise TrustedDocumentsError(f"{path}: it is not JSON: {error}") from error
    found = _entries(manifest)
    if found is None:
        raise TrustedDocumentsError(f"{path}: it is not an object of hashes and their documents")
    if not found:
        raise TrustedDocumentsError(f"{path}: it contains no documents")
    for name, document in found.items():
        errors = documents.prepare(document).errors
        if errors:
            raise TrustedDocumentsError(f"{path}: document {name}: {errors[0].message}")
    return found


def _entries(manifest: object) -> dict[str, str] | None:
    """Return the documents by hash; None when it is no manifest."""
    if isinstance(manifest, dict) and manifest.get("format") == _APOLLO_FORMAT:
        operations = manifest.get("operations")
        if not isinstance(operations, list):
            return None
        manifest = {
            operation.get("id"): operation.get("body")
            for operation in operations
            if isinstance(operation, dict)
        }
    if not isinstance(manifest, dict):
        return None
    if not all(isinstance(text, str) for entry in manifest.items() for text in entry):
        return None
    return {name.removeprefix(_PREFIX): document for name, document in manifest.items()}


def _hash(persisted: object) -> str | None:
    if not isinstance(persisted, dict) or persisted.get("version", 1) != 1:
        return None
    value = persisted.get("sha256Hash")
    if not isinstance(value, str) or not value:
        return None
    return value.removeprefix(_PREFIX)


def _id(parameters: Mapping[str, Any]) -> str | None:
    for parameter in _ID_PARAMETERS:
        value = parameters.get(parameter)
        if isinstance(value, str):
            return value.removeprefix(_PREFIX)
    return None


def _not_found() -> GraphQLError:
    # Apollo's and urql's clients look for these very words.
    return GraphQLError("PersistedQueryNotFound", extensions={"code": "PERSISTED_QUERY_NOT_FOUND"})
