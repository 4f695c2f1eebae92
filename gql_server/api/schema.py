"""The schema: its root types, and how its operations are executed."""

from datetime import datetime
from functools import cache

import strawberry
from strawberry.file_uploads import Upload
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from gql_server.api.api_keys.mutations import ApiKeyMutations
from gql_server.api.api_keys.queries import ApiKeyQueries
from gql_server.api.api_keys.types import ApiKey
from gql_server.api.batches.items import BatchItem
from gql_server.api.batches.mutations import BatchMutations
from gql_server.api.batches.queries import BatchQueries
from gql_server.api.batches.remake import RemakeBatchMutations
from gql_server.api.batches.subscriptions import BatchSubscriptions
from gql_server.api.batches.types import Batch
from gql_server.api.budgets.mutations import BudgetMutations
from gql_server.api.budgets.queries import BudgetQueries
from gql_server.api.budgets.types import Budget
from gql_server.api.budgets.warnings import BudgetWarning, UnknownSubjectWarning
from gql_server.api.costs.queries import CostAnalyticsQueries, CostEstimateQueries
from gql_server.api.described import described
from gql_server.api.erasures.fields import ErasureMutations, ErasureQueries
from gql_server.api.erasures.types import Erasure
from gql_server.api.errors import border_error
from gql_server.api.generations.fields import (
    GenerationMutations,
    GenerationQueries,
    GenerationSubscriptions,
)
from gql_server.api.generations.types import Generation
from gql_server.api.images.mutations import ImageMutations
from gql_server.api.images.queries import ImageQueries
from gql_server.api.images.remake import RemakeMutations
from gql_server.api.images.subscriptions import ImageSubscriptions
from gql_server.api.images.tags import TagQueries
from gql_server.api.images.types import Image
from gql_server.api.images.warnings import SizeWarning
from gql_server.api.models.queries import ModelQueries
from gql_server.api.models.types import Model
from gql_server.api.node_queries import NodeQueries
from gql_server.api.permissions import guarded
from gql_server.api.scalars import DATE_TIME, JSON, SEED, UPLOAD, Seed
from gql_server.api.source_images.mutations import SourceImageMutations
from gql_server.api.source_images.queries import SourceImageQueries
from gql_server.api.source_images.types import SourceImage
from gql_server.api.templates.mutations import TemplateMutations, UnknownPlaceholderWarning
from gql_server.api.templates.queries import TemplateQueries
from gql_server.api.templates.types import Template
from gql_server.api.user_error_types import USER_ERROR_TYPES
from gql_server.api.viewer import ViewerQueries
from gql_server.api.webhooks.queries import WebhookQueries
from gql_server.api.webhooks.types import Webhook, WebhookMutations
from gql_server.database.engine.pages import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from gql_server.graphql.execution.executor import PlainFieldExecutor
from gql_server.graphql.execution.limits import Limits
from gql_server.graphql.execution.query_cost import PageSizes
from gql_server.graphql.execution.schema import Schema


@described
@strawberry.type
class Query(
    NodeQueries,
    ViewerQueries,
    ImageQueries,
    TagQueries,
    SourceImageQueries,
    ModelQueries,
    TemplateQueries,
    BatchQueries,
    GenerationQueries,
    ErasureQueries,
    ApiKeyQueries,
    WebhookQueries,
    CostAnalyticsQueries,
    BudgetQueries,
    CostEstimateQueries,
):
    """Root query type."""


@described
@strawberry.type
class Mutation(
    ImageMutations,
    RemakeMutations,
    RemakeBatchMutations,
    BatchMutations,
    GenerationMutations,
    ErasureMutations,
    SourceImageMutations,
    TemplateMutations,
    BudgetMutations,
    WebhookMutations,
    ApiKeyMutations,
):
    """Root mutation type."""


@described
@strawberry.type
class Subscription(BatchSubscriptions, GenerationSubscriptions, ImageSubscriptions):
    """Root subscription type."""


@cache
def build_schema(limits: Limits | None = None) -> Schema:
    """Build the schema that the server serves, within these limits; once for the same limits."""
    limits = limits or Limits()
    return Schema(
        limits,
        translate=border_error,
        page_sizes=PageSizes(DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE),
        query=guarded(Query),
        mutation=guarded(Mutation),
        subscription=guarded(Subscription),
        types=[
            Image,
            Batch,
            BatchItem,
            Generation,
            Erasure,
            SourceImage,
            Template,
            Model,
            Budget,
            BudgetWarning,
            SizeWarning,
            UnknownPlaceholderWarning,
            UnknownSubjectWarning,
            ApiKey,
            Webhook,
            *USER_ERROR_TYPES,
        ],
        config=StrawberryConfig(
            scalar_map={
                datetime: DATE_TIME,
                strawberry.scalars.JSON: JSON,
                Seed: SEED,
                Upload: UPLOAD,
            },
            batching_config={"max_operations": limits.operations} if limits.operations else None,
        ),
        execution_context_class=PlainFieldExecutor,
    )


def schema_text() -> str:
    """Return the schema's definition, as schema.graphql has it."""
    return print_schema(build_schema()) + "\n"
