"""Images as plans read them: pages of rows, and how each field is written from its columns."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from gql_server.api.context import Context
from gql_server.api.images.filters import image_filter
from gql_server.api.images.parameters import GenerationParameters, generation_parameters
from gql_server.api.images.provenance import Provenance, provenance_from
from gql_server.api.models.types import Model
from gql_server.database.engine.cursors import cursor_at
from gql_server.domain.money import to_dollars, to_neurons
from gql_server.generation import images as use_cases
from gql_server.graphql.plans.fields import Arguments, RowField, RowPage, Uncovered


class ImageRows:
    """Reads pages of the caller's images."""

    @property
    def fields(self) -> Mapping[str, RowField]:
        """How the fields of an image are written."""
        return _FIELDS

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that a cursor is made of."""
        return ("created_at", "id")

    def cursor(self, context: Context) -> Callable[[Any, str], str]:
        """Return what makes a cursor."""
        microseconds = context.services.database.values.microseconds
        return lambda created_at, image_id: cursor_at(microseconds(created_at), image_id)

    async def page(
        self, context: Context, arguments: Arguments, columns: tuple[str, ...]
    ) -> RowPage:
        """Read a page.

        Raises:
            InvalidInput: The page arguments are invalid.
            Rejected: The filter cannot.
            DatabaseUnavailable: The database does not answer.
        """
        request = arguments["page"].request()
        if not request.order.is_by_time:
            raise Uncovered("another order, whose cursors are made of other columns")
        where = image_filter(arguments.get("filter"))
        page = await use_cases.list_raw_images(
            context.services, context.principal, columns or ("id",), where, request
        )
        rows = page.rows if columns else [()] * len(page.rows)
        if request.from_end:
            return RowPage(rows, request.before is not None, page.has_more)
        return RowPage(rows, page.has_more, request.after is not None)

    async def count(self, context: Context, arguments: Arguments) -> int:
        """Count the whole list."""
        where = image_filter(arguments.get("filter"))
        return await use_cases.image_count(context.services, context.principal, where)


def _model(context: Context) -> Callable[[str], Model]:
    return context.models.__getitem__


def _address(context: Context) -> Callable[[str], str]:
    store = context.services.store
    base = store.public_base
    if base is not None:
        return lambda key: f"{base}/{key}"

    def signed(key: str) -> str:
        signing = store.url(key)
        try:
            signing.send(None)
        except StopIteration as end:
            return str(end.value)
        signing.close()
        raise Uncovered("an address whose signing waits")

    return signed


def _moment(context: Context) -> Callable[[Any], str]:
    return context.services.database.values.moment


def _optional_moment(context: Context) -> Callable[[Any], str | None]:
    moment = context.services.database.values.moment
    return lambda value: None if value is None else moment(value)


def _boolean(context: Context) -> Callable[[Any], bool]:
    return context.services.database.values.boolean


def _json(context: Context) -> Callable[[Any], Any]:
    return context.services.database.values.json


def _parameters(context: Context) -> Callable[[Any], GenerationParameters]:
    json = context.services.database.values.json
    return lambda value: generation_parameters(json(value))


def _provenance(context: Context) -> Callable[[Any], Provenance | None]:
    json = context.services.database.values.json
    return lambda value: provenance_from(json(value))


def _is_deleted(_context: Context) -> Callable[[Any], bool]:
    return lambda deleted_at: deleted_at is not None


_FIELDS: Final[Mapping[str, RowField]] = {
    "id": RowField(("id",)),
    "prompt": RowField(("prompt",)),
    "renderedPrompt": RowField(("rendered_prompt",)),
    "model": RowField(("model_id",), _model, is_constant=True),
    "parameters": RowField(("parameters",), _parameters),
    "r2Key": RowField(("storage_key",)),
    "r2Url": RowField(("storage_key",), _address),
    "url": RowField(("storage_key",), _address),
    "width": RowField(("width",)),
    "height": RowField(("height",)),
    "contentType": RowField(("content_type",)),
    "sizeBytes": RowField(("size_bytes",)),
    "placeholder": RowField(("placeholder",)),
    "tags": RowField(("tags",), _json),
    "metadata": RowField(("attributes",), _json),
    "cost": RowField(("cost",), lambda _: to_dollars),
    "providerCost": RowField(("provider_cost",), lambda _: to_dollars),
    "neurons": RowField(("neurons",), lambda _: to_neurons),
    "seconds": RowField(("seconds",)),
    "gatewayLogId": RowField(("gateway_log_id",)),
    "templateVersion": RowField(("template_version",)),
    "provenance": RowField(("provenance",), _provenance),
    "isPreview": RowField(("is_preview",), _boolean),
    "userId": RowField(("user_id",)),
    "createdAt": RowField(("created_at",), _moment),
    "isDeleted": RowField(("deleted_at",), _is_deleted),
    "deletedAt": RowField(("deleted_at",), _optional_moment),
}

IMAGES: Final = ImageRows()
"""The caller's images."""
