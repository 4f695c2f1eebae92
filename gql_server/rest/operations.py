"""The table of REST operations and the role each requires.

Only operations listed here are served.
"""

from http import HTTPStatus
from typing import Final

from gql_server.access.permissions import Permission, Visibility
from gql_server.domain.principal import Role
from gql_server.rest import batches, costs, generation, images, models, source_images, templates
from gql_server.rest.examples import (
    BATCH,
    COSTS,
    IMAGE,
    IMAGES,
    MODELS,
    PENDING_BATCH,
    PENDING_IMAGE,
    SOURCE_IMAGE,
    SOURCE_IMAGES,
    TEMPLATE,
    TEMPLATES,
)
from gql_server.rest.operation import OF_BODIES, OF_SPENDING, Operation
from gql_server.rest.uploads import UPLOAD_BODY

_READ: Final = Permission(Role.READER, Visibility.HIDDEN)
_READ_COMMON: Final = Permission(Role.READER, Visibility.NONE)
_CREATE: Final = Permission(Role.CREATOR, Visibility.HIDDEN)
_CREATE_NEW: Final = Permission(Role.CREATOR, Visibility.NONE)

OPERATIONS: Final = (
    Operation(
        id="generateImage",
        method="POST",
        path="/api/generate",
        endpoint=generation.generate,
        permission=_CREATE,
        tag="images",
        summary="Generate an image",
        description="Generates an image, stores it and charges for it. The whole request is"
        " validated before anything is spent. Generation continues if the "
        "client disconnects. If the server's deadline passes first, the "
        "response is 202 with the ID that the image will have.",
        example=IMAGE,
        refusals=OF_SPENDING,
        status=HTTPStatus.CREATED,
        pending=PENDING_IMAGE,
    ),
    Operation(
        id="models",
        method="GET",
        path="/api/models",
        endpoint=models.list_models,
        permission=_READ_COMMON,
        tag="models",
        summary="List the models",
        description="All models, with current prices.",
        example=MODELS,
    ),
    Operation(
        id="templates",
        method="GET",
        path="/api/templates",
        endpoint=templates.list_templates,
        permission=_READ,
        tag="templates",
        summary="List templates",
        description="Your templates, newest first. Admins see everyone's.",
        example=TEMPLATES,
        is_page=True,
        refusals=(HTTPStatus.BAD_REQUEST,),
    ),
    Operation(
        id="createTemplate",
        method="POST",
        path="/api/templates",
        endpoint=templates.create_template,
        permission=_CREATE_NEW,
        tag="templates",
        summary="Create a template",
        description="Creates a template: a model, prompt text and settings for reuse.",
        example=TEMPLATE,
        refusals=OF_BODIES,
        status=HTTPStatus.CREATED,
    ),
    Operation(
        id="template",
        method="GET",
        path="/api/templates/{id}",
        endpoint=templates.get_template,
        permission=_READ,
        tag="templates",
        summary="Read a template",
        description="A template of yours that has not been deleted.",
        example=TEMPLATE,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        id="updateTemplate",
        method="PUT",
        path="/api/templates/{id}",
        endpoint=templates.change_template,
        permission=_CREATE,
        tag="templates",
        summary="Update a template",
        description="Updates the given fields. Images generated with the template are not "
        "affected.",
        example=TEMPLATE,
        refusals=(*OF_BODIES, HTTPStatus.NOT_FOUND),
    ),
    Operation(
        id="deleteTemplate",
        method="DELETE",
        path="/api/templates/{id}",
        endpoint=templates.delete_template,
        permission=_CREATE,
        tag="templates",
        summary="Delete a template",
        description="Deletes a template. Images generated with it are not affected.",
        example={"id": TEMPLATE["id"], "is_deleted": True},
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        id="images",
        method="GET",
        path="/api/images",
        endpoint=images.list_images,
        permission=_READ,
        tag="images",
        summary="List images",
        description="Your images, newest first, without deleted ones. Admins see everyone's.",
        example=IMAGES,
        is_page=True,
        refusals=(HTTPStatus.BAD_REQUEST,),
    ),
    Operation(
        id="image",
        method="GET",
        path="/api/images/{id}",
        endpoint=images.get_image,
        permission=_READ,
        tag="images",
        summary="Read an image",
        description="One of your images. Deleted images have `is_deleted` true.",
        example=IMAGE,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        id="deleteImage",
        method="DELETE",
        path="/api/images/{id}",
        endpoint=images.delete_image,
        permission=_CREATE,
        tag="images",
        summary="Delete an image",
        description="Deletes an image: it disappears from lists. Its cost remains in the "
        "ledger, and GraphQL's `restoreImage` restores it.",
        example=IMAGE | {"is_deleted": True},
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        id="uploadSourceImage",
        method="POST",
        path="/api/source-images",
        endpoint=source_images.upload,
        permission=_CREATE_NEW,
        tag="uploads",
        summary="Upload a picture",
        description="Stores an image for `source_image_ids`: upright, at most 2048 pixels "
        "per side and without its metadata.",
        example=SOURCE_IMAGE,
        refusals=(*OF_BODIES, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
        status=HTTPStatus.CREATED,
        body=UPLOAD_BODY,
    ),
    Operation(
        id="sourceImages",
        method="GET",
        path="/api/source-images",
        endpoint=source_images.list_source_images,
        permission=_READ,
        tag="uploads",
        summary="List uploads",
        description="Returns a page of your uploads, the newest first. An admin sees those of all "
        "users.",
        example=SOURCE_IMAGES,
        is_page=True,
        refusals=(HTTPStatus.BAD_REQUEST,),
    ),
    Operation(
        id="sourceImage",
        method="GET",
        path="/api/source-images/{id}",
        endpoint=source_images.get_source_image,
        permission=_READ,
        tag="uploads",
        summary="Read an upload",
        description="Returns one of your uploads, unless it was deleted.",
        example=SOURCE_IMAGE,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        id="deleteSourceImage",
        method="DELETE",
        path="/api/source-images/{id}",
        endpoint=source_images.delete_source_image,
        permission=_CREATE,
        tag="uploads",
        summary="Delete an upload",
        description="Deletes an upload for good, its file too. Images that were made from it stay. "
        "Deleting an upload again succeeds.",
        example={"id": SOURCE_IMAGE["id"], "is_deleted": True},
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        id="costAnalytics",
        method="GET",
        path="/api/analytics/costs",
        endpoint=costs.get_costs,
        permission=_READ,
        tag="costs",
        summary="Sum up costs",
        description="Costs of your images. Admins see everyone's. The time range is widened"
        " to whole quarter hours. While the server draws previews, previews are"
        " counted; with real models, only their images are.",
        example=COSTS,
        refusals=(HTTPStatus.BAD_REQUEST,),
    ),
    Operation(
        id="generateBatch",
        method="POST",
        path="/api/batch/generate",
        endpoint=batches.generate_batch,
        permission=_CREATE,
        tag="batches",
        summary="Generate many images",
        description="Starts a batch and returns it at once. All images are validated before"
        " any is accepted, and the cost of all is reserved.",
        example=BATCH,
        refusals=OF_SPENDING,
        status=HTTPStatus.CREATED,
        pending=PENDING_BATCH,
    ),
    Operation(
        id="batch",
        method="GET",
        path="/api/batch/{id}",
        endpoint=batches.get_batch,
        permission=_READ,
        tag="batches",
        summary="Read a batch",
        description="The current state of one of your batches.",
        example=BATCH,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
)
