"""Every operation, and who may ask for it: one line of this table, or it is not served."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal

from gql_server.access.permissions import Decision, Others
from gql_server.database.engine.pages import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
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
from gql_server.rest.uploads import UPLOAD_BODY

_READ: Final = Decision(Role.READER, Others.HIDDEN)
_READ_COMMON: Final = Decision(Role.READER, Others.NONE)
_CREATE: Final = Decision(Role.CREATOR, Others.HIDDEN)
_CREATE_NEW: Final = Decision(Role.CREATOR, Others.NONE)

_DIGITS: Final = 10

_OF_ALL: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.MISDIRECTED_REQUEST,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_OF_BODIES: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
_OF_SPENDING: Final = (
    *_OF_BODIES,
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked for.

    Attributes:
        id: Its name, as in GraphQL where it has one there.
        method: How it is asked for.
        path: Where.
        endpoint: What answers.
        decision: Who may ask for it.
        tag: The noun that it belongs to.
        summary: What it does, in a few words.
        description: What a client should know of it.
        example: What it answers.
        refusals: The statuses of its own beside 401, 403, 421, 429, 500 and 503.
        status: The status of its success.
        pending: What it answers with 202 where the deadline passes; None: it never does.
        is_page: Whether it answers a page of a list.
        body: The description of a body that is no JSON, as OpenAPI has it.
    """

    id: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    endpoint: Callable[..., Any]
    decision: Decision
    tag: str
    summary: str
    description: str
    example: Any
    refusals: tuple[HTTPStatus, ...] = ()
    status: HTTPStatus = HTTPStatus.OK
    pending: Any | None = None
    is_page: bool = False
    body: Mapping[str, Any] | None = None

    def cost(self, query: Mapping[str, str]) -> int:
        """Return what it costs of an allowance: 1, and for a page 1 for each place of it.

        A size that is written in another way than in plain digits costs as much as the largest.
        """
        if not self.is_page:
            return 1
        limit = query.get("limit")
        if limit is None:
            return DEFAULT_PAGE_SIZE
        is_plain = limit.isascii() and limit.isdigit() and len(limit) < _DIGITS
        return min(max(int(limit), 1), MAX_PAGE_SIZE) if is_plain else MAX_PAGE_SIZE

    @property
    def statuses(self) -> tuple[HTTPStatus, ...]:
        """Every status that it refuses with."""
        return tuple(sorted({*self.refusals, *_OF_ALL}))


OPERATIONS: Final = (
    Operation(
        id="generateImage",
        method="POST",
        path="/api/generate",
        endpoint=generation.generate,
        decision=_CREATE,
        tag="images",
        summary="Make a picture",
        description="Makes a picture, keeps it and charges it. Everything about the request is "
        "checked before anything is spent. It goes on when its client goes away; when the "
        "server's deadline passes first, it answers 202 with the id under which the picture will "
        "appear.",
        example=IMAGE,
        refusals=_OF_SPENDING,
        status=HTTPStatus.CREATED,
        pending=PENDING_IMAGE,
    ),
    Operation(
        id="models",
        method="GET",
        path="/api/models",
        endpoint=models.list_models,
        decision=_READ_COMMON,
        tag="models",
        summary="List the models",
        description="Every model that makes pictures, with its price of this moment.",
        example=MODELS,
    ),
    Operation(
        id="templates",
        method="GET",
        path="/api/templates",
        endpoint=templates.list_templates,
        decision=_READ,
        tag="templates",
        summary="List templates",
        description="A page of your templates, the newest first; an admin sees everyone's.",
        example=TEMPLATES,
        is_page=True,
        refusals=(HTTPStatus.BAD_REQUEST,),
    ),
    Operation(
        id="createTemplate",
        method="POST",
        path="/api/templates",
        endpoint=templates.create_template,
        decision=_CREATE_NEW,
        tag="templates",
        summary="Save a template",
        description="Saves a model, words and settings for reuse.",
        example=TEMPLATE,
        refusals=_OF_BODIES,
        status=HTTPStatus.CREATED,
    ),
    Operation(
        id="template",
        method="GET",
        path="/api/templates/{id}",
        endpoint=templates.get_template,
        decision=_READ,
        tag="templates",
        summary="Read a template",
        description="One of your templates, unless it was deleted.",
        example=TEMPLATE,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        id="updateTemplate",
        method="PUT",
        path="/api/templates/{id}",
        endpoint=templates.change_template,
        decision=_CREATE,
        tag="templates",
        summary="Change a template",
        description="Changes what is given and leaves the rest. Images that were made with it "
        "stay as they are.",
        example=TEMPLATE,
        refusals=(*_OF_BODIES, HTTPStatus.NOT_FOUND),
    ),
    Operation(
        id="deleteTemplate",
        method="DELETE",
        path="/api/templates/{id}",
        endpoint=templates.delete_template,
        decision=_CREATE,
        tag="templates",
        summary="Delete a template",
        description="Images that were made with it stay.",
        example={"id": TEMPLATE["id"], "is_deleted": True},
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        id="images",
        method="GET",
        path="/api/images",
        endpoint=images.list_images,
        decision=_READ,
        tag="images",
        summary="List images",
        description="A page of your images, the newest first, without deleted ones; an admin sees "
        "everyone's.",
        example=IMAGES,
        is_page=True,
        refusals=(HTTPStatus.BAD_REQUEST,),
    ),
    Operation(
        id="image",
        method="GET",
        path="/api/images/{id}",
        endpoint=images.get_image,
        decision=_READ,
        tag="images",
        summary="Read an image",
        description="One of your images; a deleted one too, with `is_deleted` true.",
        example=IMAGE,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        id="deleteImage",
        method="DELETE",
        path="/api/images/{id}",
        endpoint=images.delete_image,
        decision=_CREATE,
        tag="images",
        summary="Delete an image",
        description="Takes an image out of lists. Its charge stays, and GraphQL's `restoreImage` "
        "brings it back.",
        example=IMAGE | {"is_deleted": True},
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        id="uploadSourceImage",
        method="POST",
        path="/api/source-images",
        endpoint=source_images.upload,
        decision=_CREATE_NEW,
        tag="uploads",
        summary="Upload a picture",
        description="Keeps a picture for `source_image_ids`: upright, at most 2048 pixels a side, "
        "without its metadata.",
        example=SOURCE_IMAGE,
        refusals=(*_OF_BODIES, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
        status=HTTPStatus.CREATED,
        body=UPLOAD_BODY,
    ),
    Operation(
        id="sourceImages",
        method="GET",
        path="/api/source-images",
        endpoint=source_images.list_source_images,
        decision=_READ,
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
        decision=_READ,
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
        decision=_CREATE,
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
        decision=_READ,
        tag="costs",
        summary="Sum up costs",
        description="What your pictures cost, or everyone's for an admin. A span is taken to whole "
        "quarters of an hour, outwards. While the server makes previews, previews are counted; "
        "with real models, theirs alone.",
        example=COSTS,
        refusals=(HTTPStatus.BAD_REQUEST,),
    ),
    Operation(
        id="generateBatch",
        method="POST",
        path="/api/batch/generate",
        endpoint=batches.generate_batch,
        decision=_CREATE,
        tag="batches",
        summary="Make many pictures",
        description="Answers at once with the batch, whose pictures are then made. All are checked "
        "before any is accepted, and money for all is held.",
        example=BATCH,
        refusals=_OF_SPENDING,
        status=HTTPStatus.CREATED,
        pending=PENDING_BATCH,
    ),
    Operation(
        id="batch",
        method="GET",
        path="/api/batch/{id}",
        endpoint=batches.get_batch,
        decision=_READ,
        tag="batches",
        summary="Read a batch",
        description="Where one of your batches stands.",
        example=BATCH,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
)
