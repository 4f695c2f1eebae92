"""The names of OpenAI's models, and the models that they stand for."""

from collections.abc import Mapping
from typing import Final

from gql_server.bootstrap.resources import StartError
from gql_server.inference.catalogue import Catalogue

_KLEIN: Final = "@cf/black-forest-labs/flux-2-klein-9b"
_SMALL_KLEIN: Final = "@cf/black-forest-labs/flux-2-klein-4b"
_LIGHTNING: Final = "@cf/bytedance/stable-diffusion-xl-lightning"
_SUNBURST: Final = "openai/gpt-image-2.5-sunburst"

BUILT_IN: Final[Mapping[str, tuple[str, ...]]] = {
    # Retired by OpenAI, and still in many clients: models that Cloudflare hosts. The second one
    # accepts masks.
    "dall-e-2": (_LIGHTNING,),
    "dall-e-3": (_KLEIN, _LIGHTNING),
    "gpt-image-1": (_KLEIN, _LIGHTNING),
    "gpt-image-1-mini": (_SMALL_KLEIN, _LIGHTNING),
    # The same models, through Cloudflare.
    "gpt-image-1.5": ("openai/gpt-image-1.5",),
    "gpt-image-2": ("openai/gpt-image-2",),
    "gpt-image-2.5-flare": ("openai/gpt-image-2.5-flare",),
    "gpt-image-2.5-sunburst": (_SUNBURST,),
    "chatgpt-image-latest": (_SUNBURST,),
}
"""Aliases that every server has, as far as its catalogue has the models."""


def model_aliases(
    given: Mapping[str, tuple[str, ...]], catalogue: Catalogue
) -> Mapping[str, tuple[str, ...]]:
    """Return the aliases: the built-in ones, and the operator's, which replace those.

    Args:
        given: The operator's; one without models removes an alias.
        catalogue: The models.

    Raises:
        StartError: An alias is a model's own name, or names an unknown model.
    """
    for alias, ids in given.items():
        if catalogue.get(alias) is not None:
            raise StartError(f"OPENAI_MODEL_ALIASES: {alias} is a model; choose another name")
        unknown = [model_id for model_id in ids if catalogue.get(model_id) is None]
        if unknown:
            hint = catalogue.withdrawn.get(unknown[0], "`gql-server models` lists the models")
            raise StartError(
                f"OPENAI_MODEL_ALIASES: {alias} names an unknown model, {unknown[0]}; {hint}"
            )
    built_in = {
        alias: tuple(model_id for model_id in ids if catalogue.get(model_id) is not None)
        for alias, ids in BUILT_IN.items()
    }
    merged = {**built_in, **given}
    return {alias: ids for alias, ids in merged.items() if ids and catalogue.get(alias) is None}
