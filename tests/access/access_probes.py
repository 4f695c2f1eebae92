"""How to reach the objects of a user by each root field of the schema."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from gql_server.access.keys import KeyDraft, create_key
from gql_server.database.queries.erasures import insert_erasure
from gql_server.database.queries.source_images import insert_source_image
from gql_server.database.tables.erasures import ErasureRow
from gql_server.database.tables.images import SourceImageRow
from gql_server.domain.batches import ItemStatus
from gql_server.domain.budgets import BudgetPeriod, BudgetScope
from gql_server.domain.clock import now
from gql_server.domain.erasures import ErasureKind
from gql_server.domain.ids import generation_of_batch, new_id
from gql_server.domain.parameters import Parameters
from gql_server.domain.principal import Role
from gql_server.domain.webhooks import WebhookKind
from gql_server.generation.services import Services
from gql_server.ledger.budgets.budgets import BudgetRequest
from gql_server.storage.store import StoredObject
from gql_server.webhooks.outbox import record_webhook
from tests.database.batch_rows import add_batch
from tests.database.rows import add_image, add_template
from tests.support.running_app import FLUX, SDXL, png

_STORAGE_KEY: Final = "uploads/src_everyones.png"
_SMALL: Final = {"width": 256, "height": 256}
IMG2IMG: Final = "@cf/runwayml/stable-diffusion-v1-5-img2img"
INPAINTING: Final = "@cf/runwayml/stable-diffusion-v1-5-inpainting"


@dataclass(frozen=True)
class OwnedObjects:
    """IDs of the objects of a user, one of each kind."""

    user_id: str
    image_id: str
    deleted_id: str
    template_id: str
    source_id: str
    key_id: str
    budget_id: str
    batch_id: str
    paused_id: str
    failed_id: str
    item_id: str
    webhook_id: str
    generation_id: str
    erasure_id: str


async def make_objects(services: Services, user_id: str) -> OwnedObjects:
    """Insert one object of each kind."""
    given: dict[str, Any] = {"user_id": user_id, "parameters": asdict(Parameters())}
    template = await add_template(services.database, **given)
    own = given | {"template_id": template.id, "is_preview": True}
    image = await add_image(services.database, **own, prompt=f"A fox of {user_id}", tags=[user_id])
    deleted = await add_image(services.database, **own, deleted_at=now())
    source_id = new_id("src")
    source = SourceImageRow(
        id=source_id,
        user_id=user_id,
        storage_key=_STORAGE_KEY,
        width=64,
        height=64,
        content_type="image/png",
        size_bytes=1,
        created_at=now(),
    )
    async with services.database.write() as connection:
        await insert_source_image(connection, source)
    if await services.store.get(_STORAGE_KEY) is None:
        stored = StoredObject(data=png(64, 64), content_type="image/png")
        await services.store.put(_STORAGE_KEY, stored)
    key = await create_key(services.database, KeyDraft(user_id=user_id, role=Role.READER))
    budget = await services.budgets.set(
        BudgetRequest(
            limit=1000, period=BudgetPeriod.MONTHLY, scope=BudgetScope.USER, subject_id=user_id
        )
    )
    batch, (item,) = await add_batch(services.database, user_id=user_id)
    paused, _ = await add_batch(services.database, user_id=user_id, status="paused")
    failed, _ = await add_batch(
        services.database, ItemStatus.FAILED, user_id=user_id, status="failed", finished_at=now()
    )
    single, _ = await add_batch(services.database, user_id=user_id, is_single=True)
    async with services.database.write() as connection:
        webhook_id = await record_webhook(
            connection,
            url="https://example.com/hook",
            kind=WebhookKind.BATCH_FINISHED,
            payload={},
            user_id=user_id,
            subject_id=batch.id,
        )
        erasure = ErasureRow(
            id=new_id("ers"),
            kind=ErasureKind.IMAGES,
            user_id=user_id,
            total=1,
            created_at=now(),
            finished_at=now(),
        )
        await insert_erasure(connection, erasure)
    return OwnedObjects(
        user_id,
        image.id,
        deleted.id,
        template.id,
        source_id,
        key.key.id,
        budget.window.budget.id,
        batch.id,
        paused.id,
        failed.id,
        item.id,
        webhook_id,
        generation_of_batch(single.id),
        erasure.id,
    )


MISSING: Final = OwnedObjects(
    "nobody",
    *(
        new_id(prefix)
        for prefix in (
            "img",
            "img",
            "tpl",
            "src",
            "key",
            "bdg",
            "bat",
            "bat",
            "bat",
            "itm",
            "whk",
            "gen",
            "ers",
        )
    ),
)
"""IDs of objects that do not exist."""


def anonymous(text: str, owned: OwnedObjects) -> str:
    """Replace the IDs in a response by placeholders, so that responses can be compared."""
    named = {getattr(owned, field.name): f"<{field.name}>" for field in fields(owned)}
    for value, name in named.items():
        text = text.replace(value, name)
    return text


@dataclass(frozen=True)
class AccessProbe:
    """One way to reach the objects of a user."""

    query: str
    variables: Callable[[OwnedObjects], Mapping[str, Any]]
    is_found: Callable[[Any, OwnedObjects], bool]
    """From the field's value: whether it told or changed anything of theirs."""
    uploads: bool = False


def by_id(kind: str, selection: str = "id") -> AccessProbe:
    query = "query ($id: ID!) { FIELD(id: $id) { %s } }" % selection
    return AccessProbe(
        query, lambda owned: {"id": getattr(owned, kind)}, lambda found, _: found is not None
    )


def listed(
    kind: str, filters: Callable[[OwnedObjects], Mapping[str, Any]] | None, of: str
) -> AccessProbe:
    query = """query ($filter: %s) {
      FIELD(first: 100, filter: $filter) { edges { node { id } } totalCount }
    }"""
    return AccessProbe(
        query % of,
        lambda owned: {"filter": filters(owned) if filters else None},
        lambda found, owned: (
            getattr(owned, kind) in {edge["node"]["id"] for edge in found["edges"]}
            or (filters is not None and found["totalCount"] > 0)
        ),
    )


def changing(
    given: Callable[[OwnedObjects], Mapping[str, Any]], result: str, of: str
) -> AccessProbe:
    query = "mutation ($input: %s!) { FIELD(input: $input) { %s userErrors { %s } } }"
    return AccessProbe(
        query % (of, result, "__typename message code path"),
        lambda owned: {"input": given(owned)},
        lambda found, _: found["userErrors"] == [],
    )


def estimating(given: Callable[[OwnedObjects], Mapping[str, Any]]) -> AccessProbe:
    return AccessProbe(
        """query ($input: CostEstimateInput!) {
          FIELD(input: $input) { estimate { cost } userErrors { __typename message code path } }
        }""",
        lambda owned: {"input": {"image": image_input(**given(owned))}},
        lambda found, _: found["userErrors"] == [],
    )


def image_input(**given: Any) -> dict[str, Any]:
    return {"prompt": "A red fox", "model": FLUX} | given


def costs(
    selection: str, is_found: Callable[[Any, OwnedObjects], bool], *, of_users: bool
) -> AccessProbe:
    return AccessProbe(
        "query ($filter: CostFilter) { FIELD(filter: $filter) { %s } }" % selection,
        lambda owned: {"filter": {"userIds": [owned.user_id]} if of_users else {}},
        is_found,
    )


EVERY_NODE: Final = (
    "image_id",
    "deleted_id",
    "template_id",
    "source_id",
    "key_id",
    "budget_id",
    "webhook_id",
    "batch_id",
    "item_id",
    "generation_id",
)

PROBES: Final[Mapping[str, list[AccessProbe]]] = {
    "Query.node": [by_id(kind) for kind in EVERY_NODE],
    "Query.nodes": [
        AccessProbe(
            "query ($ids: [ID!]!) { FIELD(ids: $ids) { id } }",
            lambda owned: {"ids": [getattr(owned, kind) for kind in EVERY_NODE]},
            lambda found, _: any(one is not None for one in found),
        )
    ],
    "Query.viewer": [
        AccessProbe("{ FIELD { userId } }", lambda _: {}, lambda found, _: bool(found["userId"]))
    ],
    "Query.image": [
        by_id("image_id", "id r2Url url prompt derived { totalCount edges { node { id } } }"),
        by_id("deleted_id"),
    ],
    "Query.images": [
        listed("image_id", None, "ImageFilter"),
        *(
            listed("image_id", filters, "ImageFilter")
            for filters in (
                lambda owned: {"userId": owned.user_id},
                lambda owned: {"templates": [owned.template_id]},
                lambda owned: {"tags": [owned.user_id]},
                lambda owned: {"search": f"fox of {owned.user_id}"},
                lambda owned: {"deleted": "ONLY", "userId": owned.user_id},
            )
        ),
    ],
    "Query.tags": [
        AccessProbe(
            "query ($user: ID) { FIELD(userId: $user, limit: 1000) { tag } }",
            lambda owned: {"user": owned.user_id},
            lambda found, owned: {"tag": owned.user_id} in found,
        )
    ],
    "Query.sourceImages": [
        listed("source_id", None, "SourceImageFilter"),
        listed("source_id", lambda owned: {"userId": owned.user_id}, "SourceImageFilter"),
    ],
    "Query.model": [
        AccessProbe(
            "query ($id: ID!) { FIELD(id: $id) { id } }",
            lambda _: {"id": FLUX},
            lambda found, _: found is not None,
        )
    ],
    "Query.models": [AccessProbe("{ FIELD { id } }", lambda _: {}, lambda found, _: bool(found))],
    "Query.template": [
        by_id("template_id", "id images { totalCount edges { node { id } } }"),
    ],
    "Query.templates": [
        listed("template_id", None, "TemplateFilter"),
        listed("template_id", lambda owned: {"userId": owned.user_id}, "TemplateFilter"),
    ],
    "Query.batch": [
        by_id("batch_id", "id items { edges { node { id } } } images { totalCount }"),
    ],
    "Query.generation": [by_id("generation_id", "id prompt userId image { id }")],
    "Query.erasure": [by_id("erasure_id", "id status total userId")],
    "Query.batches": [
        listed("batch_id", None, "BatchFilter"),
        listed("batch_id", lambda owned: {"userId": owned.user_id}, "BatchFilter"),
        listed(
            "paused_id",
            lambda owned: {"userId": owned.user_id, "status": ["PAUSED"]},
            "BatchFilter",
        ),
    ],
    "Query.apiKeys": [
        listed("key_id", None, "ApiKeyFilter"),
        listed("key_id", lambda owned: {"userId": owned.user_id}, "ApiKeyFilter"),
    ],
    "Query.webhooks": [
        listed("webhook_id", None, "WebhookFilter"),
        listed("webhook_id", lambda owned: {"userId": owned.user_id}, "WebhookFilter"),
    ],
    "Query.budgets": [
        AccessProbe(
            "{ FIELD { id limit } }",
            lambda _: {},
            lambda found, owned: owned.budget_id in {one["id"] for one in found},
        )
    ],
    "Query.costAnalytics": [
        costs("totalImages", lambda found, _: found["totalImages"] > 0, of_users=True),
        costs(
            "byUser { userId }",
            lambda found, owned: {"userId": owned.user_id} in found["byUser"],
            of_users=False,
        ),
        costs(
            "byTemplate { templateId template { id } }",
            lambda found, owned: (
                owned.template_id in {one["templateId"] for one in found["byTemplate"]}
            ),
            of_users=False,
        ),
        costs("timeline { totalCost }", lambda found, _: found["timeline"] != [], of_users=True),
    ],
    "Query.costEstimate": [
        estimating(lambda owned: {"templateId": owned.template_id}),
        estimating(lambda owned: {"model": IMG2IMG, "sourceImageIds": [owned.source_id]}),
        estimating(lambda owned: {"model": IMG2IMG, "sourceImageIds": [owned.image_id]}),
        estimating(
            lambda owned: {
                "model": INPAINTING,
                "sourceImageIds": [owned.image_id],
                "maskImageId": owned.source_id,
            }
        ),
    ],
    "Mutation.generateImage": [
        changing(
            lambda owned: image_input(model=SDXL, **_SMALL, templateId=owned.template_id),
            "image { userId template { name } }",
            "GenerateImageInput",
        ),
        changing(
            lambda owned: image_input(model=IMG2IMG, **_SMALL, sourceImageIds=[owned.source_id]),
            "image { userId }",
            "GenerateImageInput",
        ),
    ],
    "Mutation.remakeImage": [
        changing(lambda owned: {"id": owned.image_id}, "image { userId }", "RemakeImageInput")
    ],
    "Mutation.remakeImages": [
        changing(lambda owned: {"ids": [owned.image_id]}, "batch { userId }", "RemakeImagesInput")
    ],
    "Mutation.generateBatch": [
        changing(
            lambda owned: {
                "pictures": {"prompts": ["A red fox"]},
                "model": SDXL,
                **_SMALL,
                "templateId": owned.template_id,
            },
            "batch { userId }",
            "GenerateBatchInput",
        ),
        changing(
            lambda owned: {
                "pictures": {
                    "items": [{"prompt": "A red fox", "sourceImageIds": [owned.image_id]}]
                },
                "model": IMG2IMG,
                **_SMALL,
            },
            "batch { userId }",
            "GenerateBatchInput",
        ),
    ],
    "Mutation.cancelBatch": [
        changing(lambda owned: {"id": owned.batch_id}, "batch { id userId }", "CancelBatchInput")
    ],
    "Mutation.cancelGeneration": [
        changing(
            lambda owned: {"id": owned.generation_id},
            "generation { id userId }",
            "CancelGenerationInput",
        )
    ],
    "Mutation.resumeBatch": [
        changing(lambda owned: {"id": owned.paused_id}, "batch { id userId }", "ResumeBatchInput")
    ],
    "Mutation.retryBatch": [
        changing(lambda owned: {"id": owned.failed_id}, "batch { userId }", "RetryBatchInput")
    ],
    "Mutation.updateImage": [
        changing(
            lambda owned: {"id": owned.image_id, "tags": ["changed"]},
            "image { id tags userId }",
            "UpdateImageInput",
        )
    ],
    "Mutation.deleteImage": [
        changing(lambda owned: {"id": owned.image_id}, "image { id }", "DeleteImageInput")
    ],
    "Mutation.restoreImage": [
        changing(lambda owned: {"id": owned.deleted_id}, "image { id }", "RestoreImageInput")
    ],
    "Mutation.purgeImage": [
        changing(lambda owned: {"id": owned.image_id}, "purgedId", "PurgeImageInput")
    ],
    "Mutation.purgeImages": [
        AccessProbe(
            """mutation ($input: PurgeImagesInput!) {
              FIELD(input: $input) { erasure { total } userErrors { message } }
            }""",
            lambda owned: {"input": {"filter": {"userId": owned.user_id}}},
            lambda found, _: found["erasure"]["total"] > 0,
        )
    ],
    "Mutation.uploadSourceImage": [
        AccessProbe(
            """mutation ($file: Upload!) {
              FIELD(input: {file: $file}) { sourceImage { userId } userErrors { message } }
            }""",
            lambda _: {"file": None},
            lambda found, _: found["userErrors"] == [],
            uploads=True,
        )
    ],
    "Mutation.deleteSourceImage": [
        changing(lambda owned: {"id": owned.source_id}, "deletedId", "DeleteSourceImageInput")
    ],
    "Mutation.createTemplate": [
        changing(
            lambda _: {"name": "New", "model": FLUX}, "template { userId }", "CreateTemplateInput"
        )
    ],
    "Mutation.updateTemplate": [
        changing(
            lambda owned: {"id": owned.template_id, "name": "Changed"},
            "template { id userId }",
            "UpdateTemplateInput",
        )
    ],
    "Mutation.deleteTemplate": [
        changing(lambda owned: {"id": owned.template_id}, "deletedId", "DeleteTemplateInput")
    ],
    "Mutation.setBudget": [
        changing(
            lambda owned: {"userId": owned.user_id, "limit": 2000, "period": "MONTHLY"},
            "budget { id limit }",
            "SetBudgetInput",
        )
    ],
    "Mutation.removeBudget": [
        changing(lambda owned: {"id": owned.budget_id}, "removedId", "RemoveBudgetInput")
    ],
    "Mutation.redeliverWebhook": [
        changing(lambda owned: {"id": owned.webhook_id}, "webhook { id }", "RedeliverWebhookInput")
    ],
    "Mutation.createApiKey": [
        changing(
            lambda owned: {"userId": owned.user_id, "role": "ADMIN"},
            "secret",
            "CreateApiKeyInput",
        )
    ],
    "Mutation.revokeApiKey": [
        changing(lambda owned: {"id": owned.key_id}, "apiKey { id userId }", "RevokeApiKeyInput")
    ],
    "Subscription.generationProgress": [
        AccessProbe(
            "subscription ($id: ID!) { FIELD(id: $id) { id } }",
            lambda owned: {"id": owned.generation_id},
            lambda found, _: found is not None,
        )
    ],
    "Subscription.batchProgress": [
        AccessProbe(
            "subscription ($id: ID!) { FIELD(id: $id) { sequence } }",
            lambda owned: {"id": owned.batch_id},
            lambda found, _: found is not None,
        )
    ],
    "Subscription.imageCreated": [
        AccessProbe(
            """subscription ($after: ID, $filter: ImageFilter) {
              FIELD(after: $after, filter: $filter) { id }
            }""",
            lambda owned: {"after": owned.image_id, "filter": {"userId": owned.user_id}},
            lambda found, _: found is not None,
        )
    ],
}
