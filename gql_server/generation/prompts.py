"""A user's prompt and a template's, made into what the model is given."""

from typing import Final

_PLACE: Final = "{prompt}"


def render_prompt(prompt: str, template_prompt: str | None) -> str:
    """Put the prompt where the template says ``{prompt}``, or before the template's words."""
    own = prompt.strip()
    frame = (template_prompt or "").strip()
    if not frame:
        return own
    if _PLACE in frame:
        return frame.replace(_PLACE, own)
    return f"{own}, {frame}"
