"""What is done to templates: created, changed, deleted."""

from collections.abc import Awaitable
from typing import Annotated, Any

import strawberry

from gql_server.api.budgets.types import MAX_WARNINGS, PayloadWarning
from gql_server.api.context import Info
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.images.parameters import TemplateParametersInput, parameters_from
from gql_server.api.templates.types import Template, template_from
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.database.engine.pages import Facts
from gql_server.domain.parameters import Parameters
from gql_server.generation import templates as use_cases
from gql_server.generation.prompts import placeholder_warning, unknown_placeholders
from gql_server.graphql.execution.weights import list_size

_NAME = "For people: 1 to 100 characters."
_DESCRIPTION = "For people: at most 1000 characters."
_MODEL = "The model, where a request names no other."
_PROMPT = (
    "Words that follow a prompt, or stand around it where they say `{prompt}`: at most 2048 "
    "characters."
)
_PARAMETERS = "Settings, where a request names no others; the model must take them."
_ERRORS = "Everything that is wrong with the request, at once."
_WARNINGS = "What to know although the template was saved, such as a placeholder that is not known."


@strawberry.input(description="A template to save.")
class CreateTemplateInput:
    """A template to save."""

    name: str = strawberry.field(description=_NAME)
    model: strawberry.ID = strawberry.field(description=_MODEL)
    default_prompt: str = strawberry.field(default="", description=_PROMPT)
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)
    parameters: TemplateParametersInput | None = strawberry.field(
        default=None, description=_PARAMETERS
    )


@strawberry.input(description="What is to change in a template; what is left out or null stays.")
class UpdateTemplateInput:
    """What is to change in a template; what is left out stays."""

    id: strawberry.ID = strawberry.field(description="The template.")
    name: strawberry.Maybe[str | None] = strawberry.field(description=_NAME)
    model: strawberry.Maybe[strawberry.ID | None] = strawberry.field(description=_MODEL)
    default_prompt: strawberry.Maybe[str | None] = strawberry.field(description=_PROMPT)
    description: strawberry.Maybe[str | None] = strawberry.field(
        description=f"{_DESCRIPTION} Null takes it away."
    )
    parameters: strawberry.Maybe[TemplateParametersInput | None] = strawberry.field(
        description=f"{_PARAMETERS} They are replaced whole."
    )


@strawberry.input(description="The template to delete.")
class DeleteTemplateInput:
    """The template to delete."""

    id: strawberry.ID = strawberry.field(description="The template.")


@strawberry.type(
    description="A template has a placeholder that nothing replaces; only `{prompt}` is replaced."
)
class UnknownPlaceholderWarning(PayloadWarning):
    """A template has a placeholder that nothing replaces."""

    placeholder: str = strawberry.field(description="The placeholder, such as `{subject}`.")


@strawberry.type(description="The template that was saved, or what kept it from being saved.")
class CreateTemplatePayload:
    """The template that was saved, or what kept it from being saved."""

    template: Template | None = strawberry.field(
        description="The template; none when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )
    warnings: list[PayloadWarning] = strawberry.field(
        description=_WARNINGS,
        metadata=list_size(MAX_WARNINGS),
    )


@strawberry.type(description="The template as it is now, or what kept it from being changed.")
class UpdateTemplatePayload:
    """The template as it is now, or what kept it from being changed."""

    template: Template | None = strawberry.field(
        description="The template; none when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )
    warnings: list[PayloadWarning] = strawberry.field(
        description=_WARNINGS,
        metadata=list_size(MAX_WARNINGS),
    )


@strawberry.type(description="The template that is gone, or what kept it from being deleted.")
class DeleteTemplatePayload:
    """The template that is gone, or what kept it from being deleted."""

    deleted_id: strawberry.ID | None = strawberry.field(
        description="The id of the deleted template; none when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@strawberry.type
class TemplateMutations:
    """What is done to templates."""

    @strawberry.mutation(description="Save a model, words and settings for reuse.")
    async def create_template(
        self,
        info: Info,
        input: Annotated[
            CreateTemplateInput, strawberry.argument(description="The template to save.")
        ],
    ) -> CreateTemplatePayload:
        """Save a template."""
        context = info.context
        draft = use_cases.TemplateDraft(
            name=input.name,
            description=input.description,
            model_id=input.model,
            default_prompt=input.default_prompt,
            parameters=parameters_from(input.parameters) if input.parameters else Parameters(),
        )
        work = use_cases.create_template(context.parts, context.principal, draft)
        template, errors = await _outcome(info, work)
        return CreateTemplatePayload(
            template=template, user_errors=errors, warnings=_warnings(template)
        )

    @strawberry.mutation(
        description="Change a template. Images that were made with it stay as they are."
    )
    async def update_template(
        self,
        info: Info,
        input: Annotated[
            UpdateTemplateInput, strawberry.argument(description="What is to change.")
        ],
    ) -> UpdateTemplatePayload:
        """Change a template."""
        context = info.context
        work = use_cases.change_template(
            context.parts, context.principal, input.id, _changes(input)
        )
        template, errors = await _outcome(info, work)
        return UpdateTemplatePayload(
            template=template, user_errors=errors, warnings=_warnings(template)
        )

    @strawberry.mutation(description="Delete a template. Images that were made with it stay.")
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
            await use_cases.delete_template(context.parts, context.principal, input.id)
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
    if source.description is not None:
        found["description"] = source.description.value
    if source.parameters is not None and source.parameters.value is not None:
        found["parameters"] = parameters_from(source.parameters.value)
    return found


async def _outcome(info: Info, work: Awaitable[Facts]) -> tuple[Template | None, list[UserError]]:
    try:
        facts = await work
    except REPORTABLE as error:
        return None, user_errors(error)
    return template_from(info.context, facts), []


def _warnings(template: Template | None) -> list[PayloadWarning]:
    if template is None:
        return []
    return [
        UnknownPlaceholderWarning(message=placeholder_warning(placeholder), placeholder=placeholder)
        for placeholder in unknown_placeholders(template.default_prompt)
    ]
