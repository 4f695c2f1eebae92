"""The table of operations of the OpenAI-compatible API, and the role each requires.

Only operations listed here are served.
"""

from http import HTTPStatus
from typing import Any, Final

from gql_server.access.permissions import Permission, Visibility
from gql_server.domain.principal import Role
from gql_server.generation.create_upload import MAX_UPLOAD_BYTES
from gql_server.openai.endpoints import images, models
from gql_server.openai.operation import OF_SPENDING, FormBody, Operation
from gql_server.openai.schemas.fields import MODEL, PICTURE, PROMPT
from gql_server.openai.schemas.requests import (
    EditParameters,
    EditRequest,
    GenerateRequest,
    VariationParameters,
    VariationRequest,
)
from gql_server.openai.schemas.responses import (
    CompletedEvent,
    ImagesAnswer,
    ModelAnswer,
    ModelsAnswer,
)

_READ: Final = Permission(Role.READER, Visibility.NONE)
_CREATE: Final = Permission(Role.CREATOR, Visibility.HIDDEN)
_CREATE_NEW: Final = Permission(Role.CREATOR, Visibility.NONE)

_FILE: Final[dict[str, Any]] = {"type": "string", "format": "binary"}
_IMAGE: Final = _FILE | {
    "description": "The source image: a JPEG, PNG, WebP or AVIF of at most "
    f"{MAX_UPLOAD_BYTES // 1024**2} MiB. Several are sent as `image[]`."
}
_MASK: Final = _FILE | {
    "description": "A mask for the first image: its fully transparent areas are repainted."
}
_REFERENCE: Final = {"image_url": f"data:image/png;base64,{PICTURE}"}

OPERATIONS: Final = (
    Operation(
        id="createImage",
        method="POST",
        path="/v1/images/generations",
        endpoint=images.generate,
        permission=_CREATE_NEW,
        same_as="generateImage",
        tag="images",
        summary="Generate images",
        description="Generates images from a prompt, stores them and charges for them. Each image "
        "is paid and stored on its own: if some fail, the response has the others.",
        answer=ImagesAnswer,
        event=CompletedEvent,
        json_body=GenerateRequest,
        json_example={"model": MODEL, "prompt": PROMPT},
        refusals=OF_SPENDING,
    ),
    Operation(
        id="createImageEdit",
        method="POST",
        path="/v1/images/edits",
        endpoint=images.edit,
        permission=_CREATE,
        same_as="generateImage",
        tag="images",
        summary="Edit images",
        description="Generates images from a prompt and other images, which are stored as the "
        "caller's uploads.",
        answer=ImagesAnswer,
        event=CompletedEvent,
        json_body=EditRequest,
        json_example={"model": MODEL, "prompt": PROMPT, "images": [_REFERENCE]},
        form_body=FormBody(parameters=EditParameters, files={"image": _IMAGE, "mask": _MASK}),
        refusals=OF_SPENDING,
    ),
    Operation(
        id="createImageVariation",
        method="POST",
        path="/v1/images/variations",
        endpoint=images.vary,
        permission=_CREATE,
        same_as="generateImage",
        tag="images",
        summary="Vary an image",
        description="Generates images that are like another one, which is stored as an upload of "
        "the caller.",
        answer=ImagesAnswer,
        json_body=VariationRequest,
        json_example={"model": MODEL, "image": _REFERENCE},
        form_body=FormBody(parameters=VariationParameters, files={"image": _IMAGE}),
        refusals=OF_SPENDING,
    ),
    Operation(
        id="listModels",
        method="GET",
        path="/v1/models",
        endpoint=models.list_models,
        permission=_READ,
        same_as="models",
        tag="models",
        summary="List the models",
        description="All models, and the names that stand for them.",
        answer=ModelsAnswer,
    ),
    Operation(
        id="retrieveModel",
        method="GET",
        path="/v1/models/{model:path}",
        endpoint=models.get_model,
        permission=_READ,
        same_as="model",
        tag="models",
        summary="Read a model",
        description="A model by its ID or by a name that stands for it.",
        answer=ModelAnswer,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
)
