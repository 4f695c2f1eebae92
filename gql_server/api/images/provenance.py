"""What an image's file says about how it was made."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry

from gql_server.api.described import described
from gql_server.graphql.execution.weights import list_size


@described
@strawberry.enum
class ProvenanceMark(Enum):
    """A form in which a file says how it was made."""

    XMP = strawberry.enum_value("xmp", description="The IPTC digital source type, in XMP.")
    C2PA = strawberry.enum_value(
        "c2pa", description="A C2PA manifest (Content Credentials), which is signed."
    )


@described
@strawberry.enum
class ProvenanceMarker(Enum):
    """The party that marked a file."""

    SERVER = strawberry.enum_value("server", description="The server, before it stored the file.")
    PROVIDER = strawberry.enum_value(
        "provider", description="The provider of the model; the server left the file as it was."
    )


@described
@strawberry.type
class Provenance:
    """Information in an image file about how the image was made."""

    marks: list[ProvenanceMark] = strawberry.field(
        description="Marks in the file that say how the image was made. Empty when there are none.",
        metadata=list_size(2),
    )
    marked_by: ProvenanceMarker | None = strawberry.field(
        description="Party that marked the file. Null when the file has no marks."
    )
    digital_source_type: str | None = strawberry.field(
        description="Digital source type in the file's XMP: a URL of the IPTC vocabulary, such as "
        "`http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia`. Null when the "
        "XMP has none."
    )
    model: str | None = strawberry.field(
        description="AI system named by the file's XMP. Null when it names none."
    )
    software: str | None = strawberry.field(
        description="Program named as its creator by the file's XMP. Null when it names none."
    )
    includes_prompt: bool = strawberry.field(
        description="Whether the file's XMP contains the prompt."
    )


def provenance_from(kept: Mapping[str, Any] | None) -> Provenance | None:
    """Shape what was kept of a file; None if that is unknown."""
    if kept is None:
        return None
    marks = [
        mark
        for mark, is_there in (
            (ProvenanceMark.XMP, kept["source_type"] is not None),
            (ProvenanceMark.C2PA, kept["has_manifest"]),
        )
        if is_there
    ]
    marked_by = kept["marked_by"]
    return Provenance(
        marks=marks,
        marked_by=ProvenanceMarker(marked_by) if marked_by is not None else None,
        digital_source_type=kept["source_type"],
        model=kept["model"],
        software=kept["software"],
        includes_prompt=kept["has_prompt"],
    )
