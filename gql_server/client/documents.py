"""The operations that the client sends, each as a constant."""

from typing import Final

from gql_server.client.results.base import Result, selection
from gql_server.client.results.batches import Batch, BatchItem
from gql_server.client.results.costs import (
    CostEstimate,
    CostPeriod,
    CostTotals,
    ModelCosts,
    UserCosts,
    Viewer,
)
from gql_server.client.results.images import Generation, Image, ImageFile, Notice, SourceImage
from gql_server.client.results.models import Model, Template
from gql_server.client.results.user_errors import UserError


def _mutation(
    field: str, kind: str, result: type[Result], *, named: str = "", has_warnings: bool = False
) -> str:
    warnings = f" warnings {{ {selection(Notice)} }}" if has_warnings else ""
    return (
        f"mutation ($input: {kind}!) {{ payload: {field}(input: $input) {{ "
        f"result: {named or field} {{ {selection(result)} }} "
        f"userErrors {{ {selection(UserError)} }}{warnings} }} }}"
    )


def _lookup(field: str, result: type[Result]) -> str:
    return f"query ($id: ID!) {{ result: {field}(id: $id) {{ {selection(result)} }} }}"


def _list(field: str, result: type[Result], filtered: str = "", order: str = "ListOrder") -> str:
    where = (f", $filter: {filtered}", ", filter: $filter") if filtered else ("", "")
    return (
        f"query ($first: Int!, $after: String{where[0]}, $orderBy: {order}!) {{ "
        f"page: {field}(first: $first, after: $after{where[1]}, orderBy: $orderBy) {{ "
        f"edges {{ node {{ {selection(result)} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )


PING: Final = "{ __typename }"

GENERATE_IMAGE: Final = _mutation(
    "generateImage", "GenerateImageInput", Image, named="image", has_warnings=True
)
START_GENERATION: Final = _mutation(
    "generateImage", "GenerateImageInput", Generation, named="generation"
)
CANCEL_GENERATION: Final = _mutation(
    "cancelGeneration", "CancelGenerationInput", Generation, named="generation"
)
REMAKE_IMAGE: Final = _mutation(
    "remakeImage", "RemakeImageInput", Image, named="image", has_warnings=True
)
UPDATE_IMAGE: Final = _mutation("updateImage", "UpdateImageInput", Image, named="image")
DELETE_IMAGE: Final = _mutation("deleteImage", "DeleteImageInput", Image, named="image")
RESTORE_IMAGE: Final = _mutation("restoreImage", "RestoreImageInput", Image, named="image")
UPLOAD: Final = _mutation(
    "uploadSourceImage", "UploadSourceImageInput", SourceImage, named="sourceImage"
)
DELETE_UPLOAD: Final = (
    "mutation ($input: DeleteSourceImageInput!) { payload: deleteSourceImage(input: $input) { "
    f"deletedId userErrors {{ {selection(UserError)} }} }} }}"
)
CREATE_BATCH: Final = _mutation("generateBatch", "GenerateBatchInput", Batch, named="batch")
CANCEL_BATCH: Final = _mutation("cancelBatch", "CancelBatchInput", Batch, named="batch")
RESUME_BATCH: Final = _mutation("resumeBatch", "ResumeBatchInput", Batch, named="batch")
RETRY_BATCH: Final = _mutation("retryBatch", "RetryBatchInput", Batch, named="batch")

READ_IMAGE: Final = _lookup("image", Image)
READ_FILE: Final = _lookup("image", ImageFile)
READ_UPLOAD: Final = (
    f"query ($id: ID!) {{ result: node(id: $id) {{ ... on SourceImage {{ {selection(SourceImage)} "
    "} } }"
)
READ_GENERATION: Final = _lookup("generation", Generation)
READ_BATCH: Final = _lookup("batch", Batch)
READ_MODEL: Final = _lookup("model", Model)
READ_TEMPLATE: Final = _lookup("template", Template)

LIST_IMAGES: Final = _list("images", Image, "ImageFilter", "ImageOrder")
LIST_UPLOADS: Final = _list("sourceImages", SourceImage)
LIST_TEMPLATES: Final = _list("templates", Template)
LIST_BATCHES: Final = _list("batches", Batch, "BatchFilter")
LIST_ITEMS: Final = (
    "query ($id: ID!, $first: Int!, $after: String, $status: [BatchItemStatus!]) { "
    "batch(id: $id) { page: items(first: $first, after: $after, status: $status) { "
    f"edges {{ node {{ {selection(BatchItem)} }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
)
LIST_MODELS: Final = f"{{ models {{ {selection(Model)} }} }}"

WATCH_BATCH: Final = (
    "subscription ($id: ID!, $after: Int!) { batchProgress(id: $id, after: $after) { sequence "
    f"batch {{ {selection(Batch)} }} finishedItems {{ {selection(BatchItem)} }} }} }}"
)
READ_PROGRESS: Final = (
    f"query ($id: ID!, $after: Int!) {{ batch(id: $id) {{ {selection(Batch)} "
    f"finishedItems(after: $after) {{ {selection(BatchItem)} }} }} }}"
)
WATCH_GENERATION: Final = (
    f"subscription ($id: ID!) {{ generationProgress(id: $id) {{ {selection(Generation)} }} }}"
)

ESTIMATE_COST: Final = (
    "query ($input: CostEstimateInput!) { payload: costEstimate(input: $input) { "
    f"result: estimate {{ {selection(CostEstimate)} }} "
    f"userErrors {{ {selection(UserError)} }} }} }}"
)
READ_COSTS: Final = (
    "query ($since: DateTime, $until: DateTime, $filter: CostFilter, "
    "$interval: TimelineInterval!, $timeZone: String!) { "
    "costs: costAnalytics(since: $since, until: $until, filter: $filter) { "
    f"{selection(CostTotals)} since until projectedMonthCost "
    f"byModel {{ {selection(ModelCosts)} }} byUser {{ {selection(UserCosts)} }} "
    f"timeline(interval: $interval, timeZone: $timeZone) {{ {selection(CostPeriod)} }} }} }}"
)
READ_VIEWER: Final = f"{{ viewer {{ {selection(Viewer)} }} }}"

DOCUMENTS: Final = {name: value for name, value in list(globals().items()) if name.isupper()}
"""Every operation by its name, such as for a manifest of trusted documents."""
