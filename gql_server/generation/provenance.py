"""What an image's file says about how it was made."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any, Final

from gql_server import __version__
from gql_server.domain.lineage import RequestKind
from gql_server.generation.requests.validated import ValidatedRequest
from gql_server.generation.services import Services
from gql_server.inference.generator import GeneratedPicture
from gql_server.inference.model import PromptUse
from gql_server.pictures.provenance.marks import Marks, Origin, SourceType

SOFTWARE: Final = f"gql_server {__version__}"


async def marked(
    services: Services, accepted: ValidatedRequest, image: GeneratedPicture
) -> tuple[GeneratedPicture, dict[str, Any]]:
    """Mark a generated image as the operator has chosen; return it, and what its file says.

    An image that cannot be marked comes back as it is: it is paid for.
    """
    marker = services.marker
    origin = Origin(
        source_type=_source_type(services, accepted).url,
        software=SOFTWARE,
        model=accepted.model.id,
        prompt=_prompt(accepted, image) if marker.writes_prompts else None,
    )
    mark = partial(marker.marked, image.data, image.info.format, origin, title=accepted.image_id)
    if marker.credentials is None:
        found = mark()
    else:
        async with services.decoding:
            found = await asyncio.to_thread(mark)
    provenance = provenance_to_json(found.marks, is_ours=found.is_ours)
    return replace(image, data=found.data), provenance


def provenance_to_json(marks: Marks, *, is_ours: bool) -> dict[str, Any]:
    """Return what a file says as JSON."""
    return {
        "source_type": marks.source_type,
        "software": marks.software,
        "model": marks.model,
        "has_prompt": marks.has_prompt,
        "has_manifest": marks.has_manifest,
        "marked_by": None if not marks.are_there else "server" if is_ours else "provider",
    }


def _source_type(services: Services, accepted: ValidatedRequest) -> SourceType:
    if services.generator.is_preview:
        return SourceType.DRAWN
    # Parts of another image remain: outside of the mask, or whole where there is no prompt.
    is_edited = (
        accepted.lineage.kind is RequestKind.INPAINTING or accepted.model.prompt is PromptUse.NONE
    )
    return SourceType.EDITED if is_edited else SourceType.GENERATED


def _prompt(accepted: ValidatedRequest, image: GeneratedPicture) -> str:
    seed = f"\nSeed: {image.seed}" if image.seed is not None else ""
    return f"{accepted.rendered_prompt}{seed}"
