"""Tokens that a provider says an image took, in the words of OpenAI or of Google."""

from collections.abc import Mapping
from typing import Any, Final

from gql_server.inference.unit_prices import PriceUnit

Usage = Mapping[PriceUnit, int]

_MAX_TOKENS: Final = 10_000_000
"""A count above it is not believed."""


def read_usage(result: Mapping[str, Any]) -> Usage | None:
    """Return the tokens of an answer by unit; None where it does not say.

    What is not itemized counts as the more expensive kind: input as images if any of it is
    itemized as images, and all output as images.
    """
    usage = result.get("usage") or result.get("usageMetadata")
    if not isinstance(usage, dict):
        return None
    total_in = _count(usage, "input_tokens", "prompt_tokens", "promptTokenCount")
    total_out = _count(usage, "output_tokens", "completion_tokens", "candidatesTokenCount")
    if total_out is None:
        return None
    thoughts = _count(usage, "thoughtsTokenCount") or 0
    incoming = _details(usage, "input_tokens_details", "promptTokensDetails")
    outgoing = _details(usage, "output_tokens_details", "candidatesTokensDetails")
    cached = _details(usage, "cached_tokens_details", "cacheTokensDetails")
    images_in = min(incoming.get("image", 0), total_in or 0)
    cached_images = min(cached.get("image", 0), images_in)
    cached_texts = min(
        cached.get("text", incoming.get("cached", 0)), max(0, (total_in or 0) - images_in)
    )
    texts_out = min(outgoing.get("text", 0), total_out)
    return {
        PriceUnit.INPUT_TEXT_TOKEN: max(0, (total_in or 0) - images_in - cached_texts),
        PriceUnit.INPUT_IMAGE_TOKEN: images_in - cached_images,
        PriceUnit.CACHED_TEXT_TOKEN: cached_texts,
        PriceUnit.CACHED_IMAGE_TOKEN: cached_images,
        PriceUnit.OUTPUT_TEXT_TOKEN: texts_out,
        PriceUnit.OUTPUT_IMAGE_TOKEN: total_out - texts_out + thoughts,
    }


def _count(found: Mapping[str, Any], *names: str) -> int | None:
    for name in names:
        value = found.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_TOKENS:
            return value
    return None


def _details(usage: Mapping[str, Any], *names: str) -> dict[str, int]:
    """Return counts by kind: ``image``, ``text``, ``cached``."""
    for name in names:
        found = usage.get(name)
        if isinstance(found, dict):
            counts = {
                "image": _count(found, "image_tokens"),
                "text": _count(found, "text_tokens"),
                "cached": _count(found, "cached_tokens"),
            }
            return {kind: count for kind, count in counts.items() if count is not None}
        if isinstance(found, list):
            return {
                str(entry.get("modality", "")).lower(): _count(entry, "tokenCount") or 0
                for entry in found
                if isinstance(entry, dict)
            }
    return {}
