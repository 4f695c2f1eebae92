"""Descriptions that fields of several types share."""

from datetime import timedelta
from typing import Final

from gql_server.generation.requests.tags_and_metadata import describe_metadata, describe_tags
from gql_server.idempotency.keys import KEY_LIFETIME
from gql_server.idempotency.operations import MAX_KEY_LENGTH
from gql_server.inference.setting_descriptions import models_description
from gql_server.ledger.budgets.budgets import MAX_DOLLARS
from gql_server.webhooks.addresses import MAX_URL_LENGTH

IDEMPOTENCY_KEY: Final = (
    f"Idempotency key, such as `order-42-cover`: 1 to {MAX_KEY_LENGTH} printable ASCII characters, "
    "unique for each new request. Repeating a request with its key neither runs nor charges it "
    f"again, until {KEY_LIFETIME // timedelta(hours=1)} hours after it finished. Without a key, "
    "each request runs."
)
MODELS: Final = models_description("maxCost")
TAGS: Final = describe_tags("Tags to find the image by, such as `shop`")
METADATA: Final = describe_metadata(
    'Client-defined metadata stored with the image, such as `{"order": 42}`'
)
SOURCE_IMAGES: Final = (
    "IDs of generated images (`img_…`) or uploads (`src_…`) to transform or to use as references. "
    "The number depends on the model: see `Model.imageInputs`."
)
MASK_IMAGE: Final = (
    "ID of a mask: a generated image (`img_…`) or an upload (`src_…`). White areas of the source "
    "image are repainted, black and transparent areas are kept. `Model.imageInputs` says whether a "
    "model accepts one."
)
MAX_COST: Final = (
    "Maximum cost of the image in US dollars, 0 or more, such as 0.05. A request that would cost "
    "more is refused. No maximum when omitted."
)
BATCH_MAX_COST: Final = (
    "Maximum cost of the whole batch in US dollars, 0 or more, such as 25. A batch that would cost "
    "more is refused. No maximum when omitted."
)
PRIORITY: Final = "Priority among your own batches. Defaults to `NORMAL`."
WEBHOOK_URL: Final = f"Public `https://` URL of at most {MAX_URL_LENGTH:,} characters that receives"
BATCH_WEBHOOK_URL: Final = (
    f"{WEBHOOK_URL} a signed `batch.finished` webhook with the batch's status and counts, "
    "retried for a day until it is delivered. No webhook is sent when omitted."
)
BUDGET_LIMIT: Final = (
    f"Maximum spending per period in US dollars, 0 to {MAX_DOLLARS:,}, such as 25."
)
BUDGET_ENFORCEMENT: Final = (
    "Whether requests that would exceed the limit are refused or only produce a warning. Defaults "
    "to `HARD`: they are refused."
)
TIME_ZONE: Final = (
    "IANA time zone whose midnights start the periods, such as `Europe/Berlin`. Defaults to `UTC`."
)
