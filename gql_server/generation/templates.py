"""Templates: a model, text and settings saved for reuse.

Users see and change their own templates; admins those of all users, who stay the owners.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from gql_server.database.engine.pages import Page, PageRequest
from gql_server.database.queries.templates import (
    TEMPLATE_COLUMNS,
    count_templates,
    find_templates,
    insert_template,
    template_page,
    update_template,
)
from gql_server.database.records.templates import PartialTemplate, TemplateChanges
from gql_server.database.tables.templates import TemplateRow
from gql_server.domain.clock import now
from gql_server.domain.errors import (
    DomainError,
    ErrorCode,
    InvalidInput,
    ModelNotFound,
    Rejected,
    TemplateNotFound,
)
from gql_server.domain.ids import new_id
from gql_server.domain.parameters import (
    Parameters,
    parameters_from_json,
    parameters_to_json,
)
from gql_server.domain.principal import Principal
from gql_server.domain.skipped_models import MAX_MODELS
from gql_server.domain.text import text_errors
from gql_server.generation.requests.rules import resolve_parameters
from gql_server.generation.services import Services

MAX_NAME_LENGTH: Final = 100
MAX_DESCRIPTION_LENGTH: Final = 1000
MAX_PROMPT_LENGTH: Final = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDraft:
    """The values of a template.

    Attributes:
        name: Display name.
        description: Description for people.
        model_id: The default model.
        fallback_model_ids: Models to try after it, in this order.
        default_prompt: Text added to the prompt, at ``{prompt}`` if it contains that.
        parameters: Settings; those that are None are the model's defaults.
    """

    name: str
    description: str | None
    model_id: str
    default_prompt: str
    parameters: Parameters
    fallback_model_ids: tuple[str, ...] = ()


async def list_templates(
    services: Services,
    principal: Principal,
    columns: Collection[str],
    request: PageRequest,
    *,
    user_id: str | None = None,
) -> Page[PartialTemplate]:
    """Return one page of the templates that the caller sees, or of one user's."""
    owner = principal.owner_filter(user_id)
    async with services.database.read() as connection:
        return await template_page(connection, columns, request, user_id=owner)


async def template_count(
    services: Services, principal: Principal, *, user_id: str | None = None
) -> int:
    """Count the templates of such a list."""
    async with services.database.read() as connection:
        return await count_templates(connection, user_id=principal.owner_filter(user_id))


async def get_templates(
    services: Services,
    principal: Principal,
    ids: Collection[str],
    columns: Collection[str] = TEMPLATE_COLUMNS,
) -> Mapping[str, PartialTemplate]:
    """Return the caller's templates with these IDs; deleted ones are left out."""
    async with services.database.read() as connection:
        return await find_templates(
            connection, ids, user_id=principal.owner_filter(), columns=columns
        )


async def create_template(
    services: Services, principal: Principal, draft: TemplateDraft
) -> PartialTemplate:
    """Save a template.

    Raises:
        Rejected: The values are invalid; contains every error.
    """
    _check(services, draft)
    moment = now()
    values: TemplateChanges = {**_values(draft), "updated_at": moment}
    row = TemplateRow(id=new_id("tpl"), user_id=principal.user_id, created_at=moment, **values)
    async with services.database.write() as connection:
        await insert_template(connection, row)
    return cast("PartialTemplate", row.model_dump())


async def change_template(
    services: Services, principal: Principal, template_id: str, changes: Mapping[str, Any]
) -> PartialTemplate:
    """Change values of a template; existing images are not affected.

    Args:
        services: The services of the server.
        principal: The caller.
        template_id: The template.
        changes: Fields of ``TemplateDraft`` by name; ``parameters`` are replaced as a whole.

    Raises:
        Rejected: The values are invalid; contains every error.
        TemplateNotFound: The caller has no such template.
    """
    async with services.database.write() as connection:
        found = await find_templates(
            connection, [template_id], user_id=principal.owner_filter(), for_update=True
        )
        template = found.get(template_id)
        if template is None:
            raise TemplateNotFound(template_id, path=("id",))
        draft = TemplateDraft(
            **{
                "name": template["name"],
                "description": template["description"],
                "model_id": template["model_id"],
                "fallback_model_ids": tuple(template["fallback_model_ids"] or ()),
                "default_prompt": template["default_prompt"],
                "parameters": parameters_from_json(template["parameters"]),
                **changes,
            }
        )
        _check(services, draft)
        values: TemplateChanges = {
            **_values(draft),
            "version": template["version"] + 1,
            "updated_at": now(),
        }
        await update_template(connection, template_id, user_id=template["user_id"], values=values)
    return {**template, **values}


async def delete_template(services: Services, principal: Principal, template_id: str) -> None:
    """Delete a template; its images stay.

    Raises:
        TemplateNotFound: The caller has no such template.
    """
    async with services.database.write() as connection:
        if not await update_template(
            connection,
            template_id,
            user_id=principal.owner_filter(),
            values={"deleted_at": now()},
        ):
            raise TemplateNotFound(template_id, path=("id",))


def _check(services: Services, draft: TemplateDraft) -> None:
    errors = list(_errors(services, draft))
    if errors:
        raise Rejected(errors)


def _errors(services: Services, draft: TemplateDraft) -> Iterator[DomainError]:
    yield from text_errors(
        draft.name, path=("name",), label="Name", minimum=1, maximum=MAX_NAME_LENGTH
    )
    if draft.description is not None:
        yield from text_errors(
            draft.description,
            path=("description",),
            label="Description",
            maximum=MAX_DESCRIPTION_LENGTH,
        )
    yield from text_errors(
        draft.default_prompt,
        path=("default_prompt",),
        label="Default prompt",
        maximum=MAX_PROMPT_LENGTH,
    )
    model = services.catalogue.get(draft.model_id)
    if model is None:
        yield ModelNotFound(draft.model_id, hint=services.catalogue.instead_of(draft.model_id))
    else:
        yield from resolve_parameters(model, draft.parameters, path=("parameters",)).errors
    if len(draft.fallback_model_ids) >= MAX_MODELS:
        yield InvalidInput(
            f"A template names at most {MAX_MODELS} models, its default model included.",
            path=("models",),
            code=ErrorCode.TOO_MANY,
        )
        return
    for index, model_id in enumerate(draft.fallback_model_ids):
        model = services.catalogue.get(model_id)
        if model is None:
            hint = services.catalogue.instead_of(model_id)
            yield ModelNotFound(model_id, path=("models", index), hint=hint)
            continue
        for error in resolve_parameters(model, draft.parameters, path=("parameters",)).errors:
            error.message = f"{model_id}: {error.message}"
            yield error


def _values(draft: TemplateDraft) -> TemplateChanges:
    return {
        "name": draft.name.strip(),
        "description": draft.description,
        "model_id": draft.model_id,
        "fallback_model_ids": list(draft.fallback_model_ids) or None,
        "default_prompt": draft.default_prompt,
        "parameters": parameters_to_json(draft.parameters),
    }
