"""What an image's file says about how it was made."""

import asyncio
from typing import Any, Final

from gql_server import __version__
from gql_server.domain.lineage import RequestKind
from gql_server.generation.requests.validation import ValidatedRequest
from gql_server.generation.services import Services
from gql_server.inference.generator import GeneratedPicture
from gql_server.inference.model import PromptUse
from gql_server.pictures.provenance.marker import MarkedImage
from gql_server.pictures.provenance.marks import Marks, Origin, SourceType

SOFTWARE: Final = f"gql_server {__version__}"


async def marked(
    services: Services, accepted: ValidatedRequest, picture: GeneratedPicture
) -> MarkedImage:
    """Return a generated image with the marks that the operator has chosen.

    An image that cannot be marked comes back as it is: it is paid for.
    """
    marker = services.marker
    origin = Origin(
        source_type=_source_type(services, accepted).url,
        software=SOFTWARE,
        model=accepted.model.id,
        prompt=_prompt(accepted, picture) if marker.writes_prompts else None,
    )
    title = accepted.image_id
    if marker.credentials is None:
        return marker.marked(picture.data, picture.info.format, origin, title=title)
    async with services.decoding:
        return await asyncio.to_thread(
            marker.marked, picture.data, picture.info.format, origin, title=title
        )


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


def _prompt(accepted: ValidatedRequest, picture: GeneratedPicture) -> str:
    seed = f"\nSeed: {picture.seed}" if picture.seed is not None else ""
    return f"{accepted.rendered_prompt}{seed}"
