"""Requests as they come over HTTP: read within bounds, and checked before anything is run."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException

from gql_server.graphql.server.forms import FormRequest
from gql_server.quoting import quoted
from gql_server.web.bodies import RequestRefused, parse_json, receive_timeout

_MAX_MAP_PATHS: Final = 100
_PREFLIGHT_HEADERS: Final = (
    "graphql-require-preflight",
    "apollo-require-preflight",
    "x-apollo-operation-name",
)
"""A page of another origin can send these only where CORS lets it."""


def checked_parameters(data: object) -> Mapping[str, Any]:
    """Return the parameters of one operation, each of its type or absent.

    Raises:
        RequestRefused: Names the one that is not.
    """
    if not isinstance(data, dict):
        raise RequestRefused("A GraphQL request is a JSON object, with its document in `query`.")
    for name, kind, described in _PARAMETERS:
        value = data.get(name)
        if value is not None and not isinstance(value, kind):
            raise RequestRefused(f"`{name}` must be {described}, or null.")
    return data


_PARAMETERS: Final[tuple[tuple[str, type, str], ...]] = (
    ("query", str, "text"),
    ("operationName", str, "text"),
    ("variables", dict, "an object"),
    ("extensions", dict, "an object"),
)


async def read_upload(
    request: FormRequest, *, max_files: int, max_text_bytes: int, seconds: float
) -> Any:
    """Return the operations of a multipart request, with its files at the paths of its map.

    The caller closes the request, and with it the files.

    Args:
        request: The request.
        max_files: How many files it may have.
        max_text_bytes: How many bytes everything but the files may have.
        seconds: How long the body may take to come.

    Raises:
        RequestRefused: It is not one, is too large, or a form of a foreign page could send it.
    """
    if not _is_no_form(request.headers):
        raise RequestRefused(
            (
                "Multipart requests require a header that protects against cross-site "
                "request forgery: add `GraphQL-Require-Preflight: 1`."
            ),
            status=HTTPStatus.FORBIDDEN,
            code="PREFLIGHT_REQUIRED",
        )
    try:
        async with receive_timeout(seconds):
            form = await request.read_form(max_files=max_files, max_text_bytes=max_text_bytes)
    except MultiPartException as error:
        raise RequestRefused(f"The multipart body cannot be read: {error.message}") from error
    except (ValueError, KeyError) as error:
        raise RequestRefused("The multipart body cannot be read.") from error
    operations = parse_json(_text(form, "operations"), "field operations")
    _insert_files(operations, parse_json(_text(form, "map"), "field map"), form)
    return operations


def _is_no_form(headers: Headers) -> bool:
    # A browser adds the name and password of HTTP Basic to a foreign page's form by itself.
    scheme = headers.get("authorization", "").partition(" ")[0].lower()
    return scheme == "bearer" or any(name in headers for name in _PREFLIGHT_HEADERS)


def _insert_files(operations: object, paths_by_file: object, form: FormData) -> None:
    if not isinstance(paths_by_file, dict) or not all(
        isinstance(paths, list) for paths in paths_by_file.values()
    ):
        raise RequestRefused("The field map must be an object of lists of paths.")
    if sum(len(paths) for paths in paths_by_file.values()) > _MAX_MAP_PATHS:
        raise RequestRefused(f"The field map may name at most {_MAX_MAP_PATHS} paths.")
    for name, paths in paths_by_file.items():
        file = form.get(name)
        if isinstance(file, str):
            raise RequestRefused(
                f"The field map names {quoted(name)}, which was sent as text. Give its part a "
                "file name: `Content-Disposition: form-data; name=…; filename=…`."
            )
        if file is None:
            raise RequestRefused(f"The field map names a file {quoted(name)} that was not sent.")
        for path in paths:
            if not isinstance(path, str) or not _insert(operations, path.split("."), file):
                raise RequestRefused(
                    "The field map has a path that is not a null in the operations: "
                    f"{quoted(path)}."
                )


def _insert(operations: object, path: list[str], file: UploadFile) -> bool:
    """Put the file where the path leads, if there is a null in the variables."""
    if "variables" not in path[:2]:
        return False
    target = operations
    *way, last = path
    for key in way:
        target = _at(target, key)
    if isinstance(target, dict) and target.get(last, ...) is None:
        target[last] = file
        return True
    if isinstance(target, list) and _at(target, last, ...) is None:
        target[int(last)] = file
        return True
    return False


def _at(target: object, key: str, otherwise: object = None) -> object:
    if isinstance(target, dict):
        return target.get(key, otherwise)
    if isinstance(target, list) and key.isascii() and key.isdigit() and len(key) < len("1000"):
        return target[int(key)] if int(key) < len(target) else otherwise
    return otherwise


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    if not isinstance(value, str):
        raise RequestRefused(f"A multipart request needs the field {name}, which is JSON.")
    return value
