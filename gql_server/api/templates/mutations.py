"""What is done to templates: created, changed, deleted."""

from collections.abc import Awaitable
from typing import Annotated, Any

import strawberry

from gql_server.api.budgets.warnings import MAX_WARNINGS, PayloadWarning
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.images.parameters import TemplateParametersInput, parameters_from
from gql_server.api.templates.types import Template, template_from
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.database.records.templates import PartialTemplate
from gql_server.domain.parameters import Parameters
from gql_server.domain.skipped_models import MAX_MODELS
from gql_server.generation import templates as use_cases
from gql_server.generation.requests.prompts import placeholder_warning, unknown_placeholders
from gql_server.graphql.execution.weights import list_size

_NAME = f"Display name, such as `Product photos`: 1 to {use_cases.MAX_NAME_LENGTH} characters."
_DESCRIPTION = f"Description for people, at most {use_cases.MAX_DESCRIPTION_LENGTH:,} characters."
_MODEL = (
    "Name of the default model of requests that use the template, such as "
    "`@cf/black-forest-labs/flux-1-schnell`."
)
_MODELS = (
    "IDs of models to try, in this order, when the default model does not generate the image of a "
    f"request that names no model. At most {MAX_MODELS} models, the default model included; each "
    "must support the settings."
)
_PROMPT = (
    f"Text added to the prompt, at most {use_cases.MAX_PROMPT_LENGTH:,} characters, such as "
    "`{prompt}, studio lighting`. `{prompt}` marks where the user's prompt goes; without it, the "
    "text follows the prompt."
)
_PARAMETERS = "Default settings of requests that use the template. The model must support them."
_UNCHANGED = "Unchanged when omitted or null."
_ERRORS = "Every error in the request. Empty when the request succeeded."
_WARNINGS = "Warnings about the saved template, such as an unknown placeholder."


@described
@strawberry.input
class CreateTemplateInput:
    """A template to create."""

    name: str = strawberry.field(description=_NAME)
    model: strawberry.ID = strawberry.field(description=_MODEL)
    models: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"{_MODELS} None when omitted."
    )
    default_prompt: str = strawberry.field(default="", description=f"{_PROMPT} Empty when omitted.")
    description: str | None = strawberry.field(
        default=None, description=f"{_DESCRIPTION} None when omitted."
    )
    parameters: TemplateParametersInput | None = strawberry.field(
        default=None, description=f"{_PARAMETERS} When omitted, the model's defaults apply."
    )


@described
@strawberry.input
class UpdateTemplateInput:
    """Changes to a template.

    Fields that are omitted or null stay unchanged.
    """

    id: strawberry.ID = strawberry.field(description="ID of the template, `tpl_…`.")
    name: strawberry.Maybe[str | None] = strawberry.field(description=f"{_NAME} {_UNCHANGED}")
    model: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description=f"{_MODEL} {_UNCHANGED}"
    )
    models: strawberry.Maybe[list[strawberry.ID] | None] = strawberry.field(
        description=f"{_MODELS} They replace all existing ones. {_UNCHANGED}"
    )
    default_prompt: strawberry.Maybe[str | None] = strawberry.field(
        description=f"{_PROMPT} {_UNCHANGED}"
    )
    description: strawberry.Maybe[str | None] = strawberry.field(
        description=f"{_DESCRIPTION} Unchanged when omitted; null removes it."
    )
    parameters: strawberry.Maybe[TemplateParametersInput | None] = strawberry.field(
        description=f"{_PARAMETERS} They replace all existing ones. {_UNCHANGED}"
    )


@described
@strawberry.input
class DeleteTemplateInput:
    """The template to delete."""

    id: strawberry.ID = strawberry.field(description="ID of the template, `tpl_…`.")


@described
@strawberry.type
class UnknownPlaceholderWarning(PayloadWarning):
    """A template has a placeholder that nothing replaces; only `{prompt}` is replaced."""

    placeholder: str = strawberry.field(description="The placeholder, such as `{subject}`.")


@described
@strawberry.type
class CreateTemplatePayload:
    """The created template, or the errors that prevented it."""

    template: Template | None = strawberry.field(
        description="The template. Null when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )
    warnings: list[PayloadWarning] = strawberry.field(
        description=_WARNINGS,
        metadata=list_size(MAX_WARNINGS),
    )


@described
@strawberry.type
class UpdateTemplatePayload:
    """The updated template, or the errors that prevented it."""

    template: Template | None = strawberry.field(
        description="The template. Null when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )
    warnings: list[PayloadWarning] = strawberry.field(
        description=_WARNINGS,
        metadata=list_size(MAX_WARNINGS),
    )


@described
@strawberry.type
class DeleteTemplatePayload:
    """The result of deleting a template, or the errors that prevented it."""

    deleted_id: strawberry.ID | None = strawberry.field(
        description="ID of the deleted template. Null when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@strawberry.type
class TemplateMutations:
    """What is done to templates."""

    @strawberry.mutation(
        description="Creates a template: a model, prompt text and settings for reuse."
    )
    async def create_template(
        self,
        info: Info,
        input: Annotated[
            CreateTemplateInput, strawberry.argument(description="The template to create.")
        ],
    ) -> CreateTemplatePayload:
        """Save a template."""
        context = info.context
        draft = use_cases.TemplateDraft(
            name=input.name,
            description=input.description,
            model_id=input.model,
            fallback_model_ids=tuple(input.models or ()),
            default_prompt=input.default_prompt,
            parameters=parameters_from(input.parameters) if input.parameters else Parameters(),
        )
        work = use_cases.create_template(context.services, context.principal, draft)
        template, errors = await _outcome(info, work)
        return CreateTemplatePayload(
            template=template, user_errors=errors, warnings=_warnings(template)
        )

    @strawberry.mutation(
        description="Updates a template. Images generated with it are not affected."
    )
    async def update_template(
        self,
        info: Info,
        input: Annotated[UpdateTemplateInput, strawberry.argument(description="The changes.")],
    ) -> UpdateTemplatePayload:
        """Change a template."""
        context = info.context
        work = use_cases.change_template(
            context.services, context.principal, input.id, _changes(input)
        )
        template, errors = await _outcome(info, work)
        return UpdateTemplatePayload(
            template=template, user_errors=errors, warnings=_warnings(template)
        )

    @strawberry.mutation(
        description="Deletes a template. Images generated with it are not affected."
    )
    async def delete_template(
        self,
        info: Info,
        input: Annotated[
            DeleteTemplateInput, strawberry.argument(description="The template to delete.")
        ],
    ) -> DeleteTemplatePayload:
        """Delete a template."""
        context = info.context
        try:
            await use_cases.delete_template(context.services, context.principal, input.id)
        except REPORTABLE as error:
            return DeleteTemplatePayload(deleted_id=None, user_errors=user_errors(error))
        return DeleteTemplatePayload(deleted_id=input.id, user_errors=[])


def _changes(source: UpdateTemplateInput) -> dict[str, Any]:
    """Read what is given; null takes the description away, and leaves everything else."""
    found: dict[str, Any] = {}
    for attribute, name in (
        ("name", "name"),
        ("model", "model_id"),
        ("default_prompt", "default_prompt"),
    ):
        given = getattr(source, attribute)
        if given is not None and given.value is not None:
            found[name] = given.value
    if source.models is not None and source.models.value is not None:
        found["fallback_model_ids"] = tuple(source.models.value)
    if source.description is not None:
        found["description"] = source.description.value
    if source.parameters is not None and source.parameters.value is not None:
        found["parameters"] = parameters_from(source.parameters.value)
    return found


async def _outcome(
    info: Info, work: Awaitable[PartialTemplate]
) -> tuple[Template | None, list[UserError]]:
    try:
        row = await work
    except REPORTABLE as error:
        return None, user_errors(error, json_at=("parameters", "parameters"))
    return template_from(info.context, row), []


def _warnings(template: Template | None) -> list[PayloadWarning]:
    if template is None:
        return []
    return [
        UnknownPlaceholderWarning(message=placeholder_warning(placeholder), placeholder=placeholder)
        for placeholder in unknown_placeholders(template.default_prompt)
    ]
