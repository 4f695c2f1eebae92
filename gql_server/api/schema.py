"""The schema: its roots, and how its operations are executed."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Final

import strawberry
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from gql_server.api.api_keys.mutations import ApiKeyMutations
from gql_server.api.api_keys.types import ApiKey, ApiKeyFilter, api_key_connection, find_api_keys
from gql_server.api.batches.items import BatchItem, find_batch_items
from gql_server.api.batches.mutations import BatchMutations
from gql_server.api.batches.subscriptions import BatchSubscriptions
from gql_server.api.batches.types import Batch, BatchFilterArgument, batch_connection, find_batches
from gql_server.api.budgets.types import (
    Budget,
    BudgetMutations,
    BudgetWarning,
    UnknownSubjectWarning,
    budget_from,
    find_budgets,
)
from gql_server.api.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    ListOrder,
    check_limit,
)
from gql_server.api.context import Info
from gql_server.api.costs.analytics import (
    CostAnalytics,
    CostFilterArgument,
    Since,
    Until,
    cost_analytics,
)
from gql_server.api.costs.estimates import (
    CostEstimateInput,
    CostEstimatePayload,
    cost_estimate,
    estimate_work,
)
from gql_server.api.described import described
from gql_server.api.errors import border_error
from gql_server.api.images.filters import FilterArgument, OrderArgument
from gql_server.api.images.mutations import ImageMutations
from gql_server.api.images.rows import IMAGES
from gql_server.api.images.subscriptions import ImageSubscriptions
from gql_server.api.images.types import Image, find_images, image_connection
from gql_server.api.images.warnings import SizeWarning
from gql_server.api.models.types import MAX_MODELS, Model, ModelFilter, list_models
from gql_server.api.nodes import Node
from gql_server.api.permissions import guarded
from gql_server.api.scalars import DATE_TIME, JSON, SEED, Seed
from gql_server.api.source_images.mutations import SourceImageMutations
from gql_server.api.source_images.types import (
    SourceImage,
    SourceImageFilter,
    find_source_images,
    source_image_connection,
)
from gql_server.api.templates.mutations import TemplateMutations, UnknownPlaceholderWarning
from gql_server.api.templates.types import (
    Template,
    TemplateFilter,
    find_templates,
    template_connection,
)
from gql_server.api.user_error_types import USER_ERROR_TYPES
from gql_server.api.viewer import Viewer, find_viewer
from gql_server.api.webhooks.types import Webhook, WebhookMutations, find_webhooks
from gql_server.database.engine.pages import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from gql_server.domain.errors import ErrorCode, InvalidInput
from gql_server.graphql.execution.executor import PlainFieldExecutor
from gql_server.graphql.execution.limits import Limits
from gql_server.graphql.execution.query_cost import PageSizes
from gql_server.graphql.execution.schema import Schema
from gql_server.graphql.execution.weights import LIST_LIMIT, WORK, ListLimit, list_size
from gql_server.graphql.plans.fields import PLAN, ByResolver

_MAX_NODES: Final = 100
_BUDGETS: Final = ListLimit(default=100, maximum=1_000)


@described
@strawberry.type
class Query:
    """Root query type."""

    @strawberry.field(
        description="Any object by its ID. Null when the caller has no object with this ID."
    )
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="ID of the object.")],
    ) -> Node | None:
        """Find anything by its id."""
        return (await _find_nodes(info, [id]))[0]

    @strawberry.field(description="Several objects by their IDs, in the order of the IDs.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID],
            strawberry.argument(description=f"IDs of the objects, at most {_MAX_NODES}."),
        ],
    ) -> list[Node | None]:
        """Find several things by their ids."""
        if len(ids) > _MAX_NODES:
            raise InvalidInput(
                f"Ask for at most {_MAX_NODES} ids at once; {len(ids)} were given.",
                path=("ids",),
                code=ErrorCode.TOO_MANY,
            )
        return await _find_nodes(info, ids)

    @strawberry.field(
        description="The authenticated caller and their permissions.", metadata={PLAN: ByResolver()}
    )
    async def viewer(self, info: Info) -> Viewer:
        """Tell who asks."""
        return await find_viewer(info)

    @strawberry.field(
        description="An image of the caller, including deleted ones. Null when there is "
        "none with this ID. Admins can query any image.",
        metadata={PLAN: ByResolver()},
    )
    async def image(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="ID of the image, `img_…`.")],
    ) -> Image | None:
        """Find an image."""
        return (await find_images(info, [id])).get(id)

    @strawberry.field(
        description="The caller's images. Admins see everyone's.",
        metadata={PLAN: IMAGES},
    )
    async def images(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: FilterArgument = None,
        order_by: OrderArgument = ListOrder.NEWEST_FIRST,
    ) -> Connection[Image]:
        """List images."""
        return await image_connection(info, first, after, last, before, filter, order_by)

    @strawberry.field(
        description="Uploads of the caller, page by page. An admin sees those of all users."
    )
    async def source_images(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            SourceImageFilter | None, strawberry.argument(description="Filters the uploads.")
        ] = None,
        order_by: OrderArgument = ListOrder.NEWEST_FIRST,
    ) -> Connection[SourceImage]:
        """List uploads."""
        return await source_image_connection(info, first, after, last, before, filter, order_by)

    @strawberry.field(
        description="A model by its name. Null when there is none.",
        metadata={PLAN: ByResolver(is_constant=True)},
    )
    def model(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID,
            strawberry.argument(
                description="Name of the model, such as `@cf/black-forest-labs/flux-1-schnell`."
            ),
        ],
    ) -> Model | None:
        """Find a model."""
        return info.context.models.get(id)

    @strawberry.field(
        description="The models that can generate images.",
        metadata={**list_size(MAX_MODELS), PLAN: ByResolver(is_constant=True)},
    )
    def models(
        self,
        info: Info,
        filter: Annotated[
            ModelFilter | None, strawberry.argument(description="Filters the models.")
        ] = None,
    ) -> list[Model]:
        """List models."""
        return list_models(info.context.models, filter)

    @strawberry.field(
        description="A template of the caller. Null when there is none with this ID. Admins can"
        " query any template.",
        metadata={PLAN: ByResolver()},
    )
    async def template(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="ID of the template, `tpl_…`.")
        ],
    ) -> Template | None:
        """Find a template."""
        return (await find_templates(info, [id])).get(id)

    @strawberry.field(description="The caller's templates. Admins see everyone's.")
    async def templates(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            TemplateFilter | None, strawberry.argument(description="Filters the templates.")
        ] = None,
        order_by: OrderArgument = ListOrder.NEWEST_FIRST,
    ) -> Connection[Template]:
        """List templates."""
        return await template_connection(info, first, after, last, before, filter, order_by)

    @strawberry.field(
        description="A batch of the caller. Null when there is none with this ID. Admins can "
        "query any batch.",
        metadata={PLAN: ByResolver()},
    )
    async def batch(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="ID of the batch, `bat_…`.")],
    ) -> Batch | None:
        """Find a batch."""
        return (await find_batches(info, [id])).get(id)

    @strawberry.field(description="The caller's batches. Admins see everyone's.")
    async def batches(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: BatchFilterArgument = None,
        order_by: OrderArgument = ListOrder.NEWEST_FIRST,
    ) -> Connection[Batch]:
        """List batches."""
        return await batch_connection(info, first, after, last, before, filter, order_by)

    @strawberry.field(description="API keys, including revoked ones. Requires the admin role.")
    async def api_keys(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            ApiKeyFilter | None, strawberry.argument(description="Filters the API keys.")
        ] = None,
        order_by: OrderArgument = ListOrder.NEWEST_FIRST,
    ) -> Connection[ApiKey]:
        """List keys."""
        return await api_key_connection(info, first, after, last, before, filter, order_by)

    @strawberry.field(
        description="Costs of the caller's images, from the ledger. Admins see everyone's."
    )
    def cost_analytics(
        self,
        info: Info,
        since: Since = None,
        until: Until = None,
        filter: CostFilterArgument = None,
    ) -> CostAnalytics:
        """Report costs."""
        return cost_analytics(info, since, until, filter)

    @strawberry.field(
        description="All budgets, the server's first. Requires the admin role.",
        metadata={LIST_LIMIT: _BUDGETS},
    )
    async def budgets(
        self,
        info: Info,
        limit: Annotated[
            int, strawberry.argument(description="Maximum number of budgets, 1 to 1,000.")
        ] = _BUDGETS.default,
    ) -> list[Budget]:
        """List budgets."""
        check_limit(limit, _BUDGETS)
        found = await info.context.services.budgets.every(limit=limit)
        return [budget_from(info, state) for state in found]

    @strawberry.field(
        description="Estimates the cost of a request and validates it. Nothing is spent. "
        "Counts towards the operation's cost by the number of images in the "
        "request.",
        metadata={WORK: estimate_work},
    )
    async def cost_estimate(
        self,
        info: Info,
        input: Annotated[
            CostEstimateInput, strawberry.argument(description="The request to estimate.")
        ],
    ) -> CostEstimatePayload:
        """Estimate a request."""
        return await cost_estimate(info, input)


@described
@strawberry.type
class Mutation(
    ImageMutations,
    BatchMutations,
    SourceImageMutations,
    TemplateMutations,
    BudgetMutations,
    WebhookMutations,
    ApiKeyMutations,
):
    """Root mutation type."""


@described
@strawberry.type
class Subscription(BatchSubscriptions, ImageSubscriptions):
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
            scalar_map={datetime: DATE_TIME, strawberry.scalars.JSON: JSON, Seed: SEED},
            batching_config={"max_operations": limits.operations} if limits.operations else None,
        ),
        execution_context_class=PlainFieldExecutor,
    )


def schema_text() -> str:
    """Return the schema's definition, as schema.graphql has it."""
    return print_schema(build_schema()) + "\n"


async def _find_nodes(info: Info, ids: Sequence[strawberry.ID]) -> list[Node | None]:
    found: dict[str, Node] = {}
    for prefix, find in (
        ("img_", find_images),
        ("src_", find_source_images),
        ("tpl_", find_templates),
        ("bdg_", find_budgets),
        ("bat_", find_batches),
        ("itm_", find_batch_items),
        ("key_", find_api_keys),
        ("whk_", find_webhooks),
    ):
        wanted = [node_id for node_id in ids if node_id.startswith(prefix)]
        if wanted:
            found |= await find(info, wanted)
    for node_id in ids:
        model = info.context.models.get(node_id)
        if model is not None:
            found[node_id] = model
    return [found.get(node_id) for node_id in ids]
