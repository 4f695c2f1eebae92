"""Rendering a prompt: the user's text combined with the template's."""

import re
from collections.abc import Sequence
from typing import Final

from gql_server.domain.errors import ErrorCode, InvalidInput
from gql_server.domain.text import text_errors
from gql_server.inference.model import Model, PromptUse

_PROMPT_MARK: Final = "{prompt}"
_PLACEHOLDER: Final = re.compile(r"\{[^\W\d][\w .-]{0,63}\}|\{ +prompt *\}|\{prompt +\}")
MIN_PROMPT_LENGTH: Final = 3
MAX_UNKNOWN_PLACEHOLDERS: Final = 20


def render_prompt(prompt: str, template_prompt: str | None) -> str:
    """Insert the prompt at the template's ``{prompt}``, or put it before the template's text."""
    own = prompt.strip()
    frame = (template_prompt or "").strip()
    if not frame:
        return own
    if _PROMPT_MARK in frame:
        return frame.replace(_PROMPT_MARK, own)
    return f"{own}, {frame}"


def unknown_placeholders(template_prompt: str) -> list[str]:
    """Return placeholders other than ``{prompt}``: each once, at most 20.

    They are not replaced: the model receives them unchanged.
    """
    found = dict.fromkeys(_PLACEHOLDER.findall(template_prompt))
    found.pop(_PROMPT_MARK, None)
    return list(found)[:MAX_UNKNOWN_PLACEHOLDERS]


def placeholder_warning(placeholder: str) -> str:
    """Return a warning about an unknown placeholder."""
    return (
        f"The placeholder {placeholder} is not known, so the model receives it unchanged. "
        f"Only {_PROMPT_MARK} is replaced."
    )


def prompt_errors(prompt: str, rendered: str, model: Model | None) -> Sequence[InvalidInput]:
    """Return what is wrong with a prompt, alone and with its template's text."""
    max_length = model.max_prompt_length if model is not None else 2048
    is_blank = not rendered.strip() and len(prompt) <= max_length
    if model is not None and model.prompt is not PromptUse.REQUIRED and is_blank:
        return []
    if model is not None and model.prompt is PromptUse.NONE:
        return [
            InvalidInput(
                f"{model.name} does not use a prompt; leave it out.",
                path=("prompt",),
                code=ErrorCode.NOT_SUPPORTED,
            )
        ]
    found = list(
        text_errors(
            prompt, path=("prompt",), label="Prompt", minimum=MIN_PROMPT_LENGTH, maximum=max_length
        )
    )
    if not found and len(rendered) > max_length:
        found.append(
            InvalidInput(
                (
                    f"With the template's text the prompt has {len(rendered)} characters; "
                    f"the model accepts {max_length}."
                ),
                path=("prompt",),
                code=ErrorCode.TOO_LONG,
            )
        )
    return found
