"""Images and models as resources: ``image://{id}`` and ``model://{id}``."""

from typing import Final
from urllib.parse import quote, unquote

from mcp import types

from gql_server.database.engine.cursors import cursor_of
from gql_server.database.queries.images import ImageFilter
from gql_server.domain.errors import InvalidInput
from gql_server.generation.images import list_images
from gql_server.mcp.context import Context
from gql_server.mcp.pictures import shown
from gql_server.mcp.tools.images import COLUMNS, image_from, image_row, page_request, picture_of
from gql_server.mcp.tools.models import one_model
from gql_server.quoting import quoted

_IMAGE: Final = "image://"
_MODEL: Final = "model://"
_JSON: Final = "application/json"
_PAGE: Final = 50
_SHOWN_CHARACTERS: Final = 100

TEMPLATES: Final = (
    types.ResourceTemplate(
        uri_template=f"{_IMAGE}{{id}}",
        name="image",
        title="An image",
        description="A stored image by its ID, img_…: its description as JSON, and the file.",
    ),
    types.ResourceTemplate(
        uri_template=f"{_MODEL}{{id}}",
        name="model",
        title="A model",
        description="A model by its ID: its price, and the JSON Schema of each of its settings.",
        mime_type=_JSON,
    ),
)


async def list_resources(context: Context, cursor: str | None) -> types.ListResourcesResult:
    """List the models, on the first page, and the caller's images, the newest first."""
    models = context.services.catalogue.models if cursor is None else ()
    page = await list_images(
        context.services,
        context.principal,
        COLUMNS,
        ImageFilter(),
        page_request(_PAGE, cursor),
    )
    resources = [
        types.Resource(
            uri=f"{_MODEL}{quote(model.id, safe='')}",
            name=model.id,
            title=model.name,
            description=model.description,
            mime_type=_JSON,
        )
        for model in models
    ]
    for row in page.rows:
        picture = picture_of(row, "", is_shown=False)
        resources.append(
            types.Resource(
                uri=f"{_IMAGE}{picture.image_id}",
                name=picture.image_id,
                title=picture.name,
                mime_type=picture.content_type,
                size=picture.size_bytes,
            )
        )
    return types.ListResourcesResult(
        resources=resources, next_cursor=cursor_of(page.rows[-1]) if page.has_more else None
    )


async def read_resource(context: Context, uri: str) -> types.ReadResourceResult:
    """Read an image or a model.

    Raises:
        InvalidInput: The URI is neither an image's nor a model's.
        ImageNotFound: The caller has no such image.
        ModelNotFound: There is no such model.
    """
    if uri.startswith(_MODEL):
        model = one_model(context, unquote(uri.removeprefix(_MODEL)))
        text = types.TextResourceContents(uri=uri, mime_type=_JSON, text=model.model_dump_json())
        return types.ReadResourceResult(contents=[text])
    if uri.startswith(_IMAGE):
        return await _image(context, uri, unquote(uri.removeprefix(_IMAGE)))
    raise InvalidInput(
        f"There is no resource {quoted(uri[:_SHOWN_CHARACTERS])}. Resources are image://ID and "
        "model://ID.",
        path=("uri",),
    )


async def _image(context: Context, uri: str, image_id: str) -> types.ReadResourceResult:
    row = await image_row(context, image_id)
    image = await image_from(context, row)
    contents: list[types.TextResourceContents | types.BlobResourceContents] = [
        types.TextResourceContents(uri=uri, mime_type=_JSON, text=image.model_dump_json())
    ]
    if not image.is_deleted:
        bytes_of_it = await shown(context.services, picture_of(row, image.url, is_shown=True))
        if bytes_of_it is not None:
            contents.append(
                types.BlobResourceContents(
                    uri=uri, mime_type=bytes_of_it.content_type, blob=bytes_of_it.data
                )
            )
    return types.ReadResourceResult(contents=contents)
