"""Tags and metadata of images, as clients set them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from gql_server.domain.errors import ErrorCode, InvalidInput, Path
from gql_server.domain.text import MAX_JSON_BYTES, is_storable, text_errors

MAX_TAGS: Final = 20
"""Maximum number of tags of an image."""

MAX_TAG_LENGTH: Final = 64


def describe_tags(what: str) -> str:
    """Return the description of a field of tags: what they are, and how many of which length."""
    return f"{what}: at most {MAX_TAGS}, each of 1 to {MAX_TAG_LENGTH} characters."


def describe_metadata(what: str) -> str:
    """Return the description of a field of metadata: what it is, and its maximum size."""
    return f"{what}: a JSON object of at most {MAX_JSON_BYTES // 1024} KiB."


def clean_tags(tags: Sequence[str]) -> list[str]:
    """Trim tags and drop repetitions, keeping the order."""
    return list(dict.fromkeys(tag.strip() for tag in tags))


def label_errors(
    tags: Sequence[str] | None, metadata: Mapping[str, Any] | None
) -> Iterator[InvalidInput]:
    """Yield what is wrong with tags and metadata; None is valid."""
    if tags is not None:
        if len(tags) > MAX_TAGS:
            yield InvalidInput(
                f"An image has at most {MAX_TAGS} tags; {len(tags)} were given.",
                path=("tags",),
                code=ErrorCode.TOO_MANY,
            )
        for index, tag in enumerate(tags[:MAX_TAGS]):
            yield from text_errors(
                tag, path=("tags", index), label="A tag", minimum=1, maximum=MAX_TAG_LENGTH
            )
    if metadata is not None:
        yield from json_errors(metadata, label="Metadata", path=("metadata",))


def are_oversized(tags: Sequence[str], metadata: Mapping[str, Any] | None) -> bool:
    """Return whether they are larger than any valid ones, without looking at more than that."""
    if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG_LENGTH for tag in tags):
        return True
    try:
        return len(orjson.dumps(metadata)) > MAX_JSON_BYTES
    except (TypeError, RecursionError):
        return True


class CheckedLabels:
    """Checks the same tags and the same metadata once, however many images have them."""

    def __init__(self) -> None:
        # The objects are kept beside the errors, so that no other can have their identity.
        self._tags: dict[int, tuple[object, Sequence[InvalidInput]]] = {}
        self._metadata: dict[int, tuple[object, Sequence[InvalidInput]]] = {}

    def errors(
        self, tags: Sequence[str], metadata: Mapping[str, Any] | None
    ) -> Iterator[InvalidInput]:
        """Return what is wrong with tags and metadata; None is valid."""
        if id(tags) not in self._tags:
            self._tags[id(tags)] = (tags, tuple(label_errors(tags, None)))
        if id(metadata) not in self._metadata:
            self._metadata[id(metadata)] = (metadata, tuple(label_errors(None, metadata)))
        yield from self._tags[id(tags)][1]
        yield from self._metadata[id(metadata)][1]


def json_errors(value: Mapping[str, Any], *, label: str, path: Path) -> Iterator[InvalidInput]:
    """Report what keeps a JSON object from being stored.

    Args:
        value: The object.
        label: What to call it in messages.
        path: Where it is in the input.
    """
    if not isinstance(value, dict):
        yield InvalidInput(f"{label} must be a JSON object.", path=path)
        return
    try:
        size = len(orjson.dumps(value))
        is_whole = size > MAX_JSON_BYTES or is_storable(value)
    except (TypeError, RecursionError):  # numbers beyond 64 bits, lone surrogates, great depth
        is_whole = False
        size = 0
    if not is_whole:
        yield InvalidInput(
            f"{label} must be plain JSON: whole Unicode without NUL, whole numbers of at most "
            "64 bits, and not nested deeply.",
            path=path,
        )
    if size > MAX_JSON_BYTES:
        yield InvalidInput(
            f"{label} must be at most {MAX_JSON_BYTES} bytes of JSON; it has {size}.",
            path=path,
            code=ErrorCode.TOO_LONG,
        )
