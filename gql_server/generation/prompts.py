"""A user's prompt and a template's, made into what the model is given."""

import re
from typing import Final

_PLACE: Final = "{prompt}"
_PLACEHOLDER: Final = re.compile(r"\{[^\W\d][\w .-]{0,63}\}|\{ +prompt *\}|\{prompt +\}")
MAX_UNKNOWN_PLACEHOLDERS: Final = 20


def render_prompt(prompt: str, template_prompt: str | None) -> str:
    """Put the prompt where the template says ``{prompt}``, or before the template's words."""
    own = prompt.strip()
    frame = (template_prompt or "").strip()
    if not frame:
        return own
    if _PLACE in frame:
        return frame.replace(_PLACE, own)
    return f"{own}, {frame}"


def unknown_placeholders(template_prompt: str) -> list[str]:
    """Return what looks like a placeholder and is not ``{prompt}``: each once, 20 at most.

    Nothing takes its place: the model is given it as it stands.
    """
    found = dict.fromkeys(_PLACEHOLDER.findall(template_prompt))
    found.pop(_PLACE, None)
    return list(found)[:MAX_UNKNOWN_PLACEHOLDERS]


def placeholder_warning(placeholder: str) -> str:
    """Describe what becomes of a placeholder that is not known."""
    return (
        f"The placeholder {placeholder} is not known, so the model is given it as it stands. "
        f"Only {_PLACE} is replaced."
    )
