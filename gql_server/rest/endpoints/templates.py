"""Templates: listed, read, saved, changed, deleted."""

from typing import Annotated, Any, Final

from fastapi import Body, Path, Response
from fastapi.openapi.models import Example

from gql_server.database.queries.templates import TEMPLATE_COLUMNS
from gql_server.database.records.templates import PartialTemplate
from gql_server.domain.errors import TemplateNotFound
from gql_server.domain.parameters import Parameters
from gql_server.domain.skipped_models import MAX_MODELS
from gql_server.generation import templates as use_cases
from gql_server.generation.requests.prompts import placeholder_warning, unknown_placeholders
from gql_server.rest.context import ContextOfRequest
from gql_server.rest.schemas.fields import (
    FLUX,
    MOMENT_EXAMPLE,
    SDXL,
    TEMPLATE_ID,
    USER,
    Answer,
    Given,
    Moment,
    described,
)
from gql_server.rest.schemas.pages import (
    DEFAULT_LIMIT,
    NEXT_CURSOR,
    TOTAL,
    Cursor,
    Limit,
    next_cursor,
    page_request,
)
from gql_server.rest.schemas.parameters import (
    TemplateParameters,
    parameters_from,
    template_parameters,
)

_NAME: Final = "Product Photography"
_PROMPT: Final = "Professional product photography, studio lighting, 8k"
_NAME_RULE: Final = f"Display name, 1 to {use_cases.MAX_NAME_LENGTH} characters."
_DESCRIPTION_RULE: Final = (
    f"Description for people, at most {use_cases.MAX_DESCRIPTION_LENGTH:,} characters."
)
_PROMPT_RULE: Final = (
    f"Text added to the prompt, at most {use_cases.MAX_PROMPT_LENGTH:,} characters. `{{prompt}}` "
    "marks where the user's prompt goes; without it, the text follows the prompt."
)
_MODEL_RULE: Final = (
    "ID of the default model of requests that use the template; `/api/models` lists all."
)

_MODELS_RULE: Final = (
    "IDs of models to try, in this order, when the default model does not generate the image of a "
    f"request that names no model. At most {MAX_MODELS} models, the default model included; each "
    "must support the settings."
)

_UNCHANGED: Final = "Unchanged when omitted or null."

TemplateId = Annotated[
    str, Path(description="ID of the template, `tpl_…`.", examples=[TEMPLATE_ID])
]

_NEW_EXAMPLES: Final[dict[str, Example]] = {
    "A template": {
        "summary": "A template",
        "value": {"name": _NAME, "model": FLUX, "default_prompt": _PROMPT},
    }
}

_CHANGE_EXAMPLES: Final[dict[str, Example]] = {
    "Another name": {"summary": "Another name", "value": {"name": "Portraits"}}
}


class NewTemplate(Given):
    """A template to create."""

    name: str = described(_NAME_RULE, _NAME)
    model: str = described(_MODEL_RULE, FLUX)
    models: list[str] | None = described(
        f"{_MODELS_RULE} None when omitted.", [SDXL], None, fail_fast=True
    )
    default_prompt: str = described(f"{_PROMPT_RULE} Empty when omitted.", _PROMPT, "")
    description: str | None = described(
        f"{_DESCRIPTION_RULE} None when omitted.", "For the shop.", None
    )
    parameters: TemplateParameters | None = described(
        "Default settings of requests that use the template. The model must support them. When "
        "omitted, the model's defaults apply.",
        {"steps": 4},
        None,
    )


class TemplateChanges(Given):
    """Changes to a template. Fields that are omitted or null stay unchanged."""

    name: str | None = described(f"{_NAME_RULE} {_UNCHANGED}", _NAME, None)
    model: str | None = described(f"{_MODEL_RULE} {_UNCHANGED}", FLUX, None)
    models: list[str] | None = described(
        f"{_MODELS_RULE} They replace all existing ones. {_UNCHANGED}", [SDXL], None, fail_fast=True
    )
    default_prompt: str | None = described(f"{_PROMPT_RULE} {_UNCHANGED}", _PROMPT, None)
    description: str | None = described(
        f"{_DESCRIPTION_RULE} Unchanged when omitted; null removes it.", "For the shop.", None
    )
    parameters: TemplateParameters | None = described(
        "New default settings, which replace all existing ones. The model must support them. "
        f"{_UNCHANGED}",
        {"steps": 4},
        None,
    )


class Template(Answer):
    """A model, prompt text and settings saved for reuse."""

    id: str = described("ID of the template, `tpl_…`.", TEMPLATE_ID)
    name: str = described("Display name.", _NAME)
    description: str | None = described(
        "Description for people. Null when there is none.", "For the shop."
    )
    model: str = described("ID of the default model of requests that use the template.", FLUX)
    models: list[str] = described(
        "IDs of models to try, in this order, when the default model does not generate the image "
        "of a request that names no model.",
        [],
    )
    default_prompt: str = described(
        "Text added to the prompt. `{prompt}` marks where the user's "
        "prompt goes; without it, the text follows the prompt.",
        _PROMPT,
    )
    parameters: TemplateParameters = described(
        "Default settings of requests that use the template.", {"steps": 4}
    )
    user_id: str = described("ID of the user who owns the template.", USER)
    created_at: Moment = described("When the template was created.", MOMENT_EXAMPLE)
    updated_at: Moment = described("When the template was last updated.", MOMENT_EXAMPLE)


class SavedTemplate(Template):
    """The saved template."""

    warnings: list[str] = described(
        "Warnings about the saved template, such as an unknown placeholder. "
        "Omitted when there are none.",
        [placeholder_warning("{subject}")],
        [],
    )


class TemplateList(Answer):
    """A page of templates, newest first."""

    templates: list[Template] = described("The templates.", [])
    total: int = TOTAL
    next_cursor: str | None = NEXT_CURSOR


class DeletedTemplate(Answer):
    """The result of deleting a template."""

    id: str = described("ID of the deleted template.", TEMPLATE_ID)
    is_deleted: bool = described("Whether the template is deleted: always true.", True)


async def list_templates(
    context: ContextOfRequest, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> TemplateList:
    """Return a page of the caller's templates."""
    page = await use_cases.list_templates(
        context.services, context.principal, TEMPLATE_COLUMNS, page_request(limit, cursor)
    )
    return TemplateList(
        templates=[_template(row) for row in page.rows],
        total=await use_cases.template_count(context.services, context.principal),
        next_cursor=next_cursor(page),
    )


async def create_template(
    context: ContextOfRequest,
    given: Annotated[NewTemplate, Body(openapi_examples=_NEW_EXAMPLES)],
    response: Response,
) -> SavedTemplate:
    """Save a template."""
    draft = use_cases.TemplateDraft(
        name=given.name,
        description=given.description,
        model_id=given.model,
        fallback_model_ids=tuple(given.models or ()),
        default_prompt=given.default_prompt,
        parameters=parameters_from(given.parameters) if given.parameters else Parameters(),
    )
    row = await use_cases.create_template(context.services, context.principal, draft)
    response.headers["Location"] = f"/api/templates/{row['id']}"
    return _saved(row)


async def get_template(context: ContextOfRequest, id: TemplateId) -> Template:
    """Return one of the caller's templates."""
    found = await use_cases.get_templates(context.services, context.principal, [id])
    if id not in found:
        raise TemplateNotFound(id, path=("id",))
    return _template(found[id])


async def change_template(
    context: ContextOfRequest,
    id: TemplateId,
    given: Annotated[TemplateChanges, Body(openapi_examples=_CHANGE_EXAMPLES)],
) -> SavedTemplate:
    """Change one of the caller's templates."""
    return _saved(
        await use_cases.change_template(context.services, context.principal, id, _changes(given))
    )


async def delete_template(context: ContextOfRequest, id: TemplateId) -> DeletedTemplate:
    """Delete one of the caller's templates."""
    await use_cases.delete_template(context.services, context.principal, id)
    return DeletedTemplate(id=id, is_deleted=True)


def _changes(given: TemplateChanges) -> dict[str, Any]:
    """Read the changes; null removes the description and leaves every other field unchanged."""
    found: dict[str, Any] = {}
    for attribute, name in (
        ("name", "name"),
        ("model", "model_id"),
        ("default_prompt", "default_prompt"),
    ):
        value = getattr(given, attribute)
        if value is not None:
            found[name] = value
    if given.models is not None:
        found["fallback_model_ids"] = tuple(given.models)
    if "description" in given.model_fields_set:
        found["description"] = given.description
    if given.parameters is not None:
        found["parameters"] = parameters_from(given.parameters)
    return found


def _saved(row: PartialTemplate) -> SavedTemplate:
    saved = SavedTemplate(**dict(_template(row)))
    unknown = unknown_placeholders(saved.default_prompt)
    if unknown:
        saved.warnings = [placeholder_warning(placeholder) for placeholder in unknown]
    return saved


def _template(row: PartialTemplate) -> Template:
    return Template(
        id=row["id"],
        name=row["name"],
        description=row["description"],
        model=row["model_id"],
        models=row["fallback_model_ids"] or [],
        default_prompt=row["default_prompt"],
        parameters=template_parameters(row["parameters"]),
        user_id=row["user_id"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
