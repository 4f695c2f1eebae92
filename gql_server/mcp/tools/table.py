"""The table of tools, and the role each requires.

Only tools listed here are served.
"""

from typing import Any, Final

from gql_server.access.permissions import Permission, Visibility
from gql_server.domain.principal import Role
from gql_server.mcp.schemas.batches import Batch, BatchStatusArguments, CreateBatchArguments
from gql_server.mcp.schemas.costs import Costs, CostsArguments, Estimate, EstimateArguments
from gql_server.mcp.schemas.images import (
    EditArguments,
    FoundImages,
    GenerateArguments,
    GeneratedImage,
    GetArguments,
    Image,
    RemakeArguments,
    SearchArguments,
)
from gql_server.mcp.schemas.models import Models, ModelsArguments
from gql_server.mcp.tool import Tool
from gql_server.mcp.tools import batches, costs, images, models

_READ: Final = Permission(Role.READER, Visibility.HIDDEN)
_READ_COMMON: Final = Permission(Role.READER, Visibility.NONE)
_CREATE: Final = Permission(Role.CREATOR, Visibility.HIDDEN)

_COSTS_MONEY: Final = "Each call costs money, which is charged to the key's budget."

TOOLS: Final[tuple[Tool[Any], ...]] = (
    Tool(
        name="generate_image",
        title="Generate an image",
        description="Generates an image from a text prompt, stores it, and returns it "
        f"with a link. {_COSTS_MONEY} `list_models` has the models and their prices. To change an "
        "existing image, use `edit_image` or `remake_image`; for many images, `create_batch`.",
        arguments=GenerateArguments,
        result=GeneratedImage,
        run=images.generate,
        permission=_CREATE,
        same_as=("generateImage",),
        spends=True,
    ),
    Tool(
        name="edit_image",
        title="Edit an image",
        description="Generates a new image from a prompt and one or more existing images, with a "
        f"mask or without; the existing images stay unchanged. {_COSTS_MONEY} Only models whose "
        "`max_source_images` in `list_models` is at least 1 can do it.",
        arguments=EditArguments,
        result=GeneratedImage,
        run=images.edit,
        permission=_CREATE,
        same_as=("generateImage",),
        spends=True,
    ),
    Tool(
        name="remake_image",
        title="Remake an image",
        description="Generates a stored image again with the same prompt and settings, except for "
        f"those given here; the first image stays. {_COSTS_MONEY} For a variation, set `new_seed`.",
        arguments=RemakeArguments,
        result=GeneratedImage,
        run=images.remake,
        permission=_CREATE,
        same_as=("remakeImage",),
        spends=True,
    ),
    Tool(
        name="list_models",
        title="List models",
        description="Lists the models that generate images, with their prices and the names of "
        "their settings; with `model`, describes the settings of one model in full.",
        arguments=ModelsArguments,
        result=Models,
        run=models.list_models,
        permission=_READ_COMMON,
        same_as=("models", "model"),
    ),
    Tool(
        name="estimate_cost",
        title="Estimate a cost",
        description="Returns what an image or a batch would cost, without generating anything. "
        "Reports the errors that the request would have, exceeded budgets included.",
        arguments=EstimateArguments,
        result=Estimate,
        run=costs.estimate,
        permission=_READ,
        same_as=("costEstimate",),
    ),
    Tool(
        name="search_images",
        title="Search images",
        description="Finds stored images by words in their prompts, model, template, batch, tags "
        "and time, newest first. Returns descriptions and links; `get_image` returns "
        "an image.",
        arguments=SearchArguments,
        result=FoundImages,
        run=images.search,
        permission=_READ,
        same_as=("images",),
    ),
    Tool(
        name="get_image",
        title="Get an image",
        description="Returns a stored image by its ID, with its description and a link.",
        arguments=GetArguments,
        result=Image,
        run=images.get,
        permission=_READ,
        same_as=("image",),
    ),
    Tool(
        name="create_batch",
        title="Create a batch",
        description="Requests many images at once, which are generated in the background, and "
        "returns the ID of the batch immediately. The whole request is checked first. Each image "
        "costs money, which is charged to the key's budget. `batch_status` reports progress.",
        arguments=CreateBatchArguments,
        result=Batch,
        run=batches.create,
        permission=_CREATE,
        same_as=("generateBatch",),
        spends=True,
    ),
    Tool(
        name="batch_status",
        title="Get the status of a batch",
        description="Returns how far a batch is, what it has cost, and why images failed. With "
        "`wait_seconds` it waits for the end. `search_images` with `batch_id` lists its images.",
        arguments=BatchStatusArguments,
        result=Batch,
        run=batches.status,
        permission=_READ,
        same_as=("batch", "batchProgress"),
    ),
    Tool(
        name="costs",
        title="Report costs",
        description="Returns what the caller's images have cost in a time range, in total and by "
        "model. Admins see the costs of all users.",
        arguments=CostsArguments,
        result=Costs,
        run=costs.costs,
        permission=_READ,
        same_as=("costAnalytics",),
    ),
)
