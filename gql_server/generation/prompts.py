"""Rendering a prompt: the user's text combined with the template's."""

import re
from typing import Final

_PROMPT_MARK: Final = "{prompt}"
_PLACEHOLDER: Final = re.compile(r"\{[^\W\d][\w .-]{0,63}\}|\{ +prompt *\}|\{prompt +\}")
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
        f"The placeholder {placeholder} is not known, so the model is given it as it stands. "
        f"Only {_PROMPT_MARK} is replaced."
    )
