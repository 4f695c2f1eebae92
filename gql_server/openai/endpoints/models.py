"""The models, and the names that stand for them."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gql_server.domain.errors import ModelNotFound
from gql_server.inference.model import Model
from gql_server.openai.context import Context
from gql_server.openai.schemas.responses import ModelAnswer, ModelsAnswer


async def list_models(context: Context, _request: Request) -> Response:
    """Return every model."""
    found = [_model(context, name, models) for name, models in context.names.all()]
    answer = ModelsAnswer(object="list", data=found)
    return JSONResponse(answer.model_dump(exclude_none=True))


async def get_model(context: Context, request: Request) -> Response:
    """Return one model."""
    name: str = request.path_params["model"]
    models = context.names.models_of(name)
    if not models:
        raise ModelNotFound(name, hint=context.services.catalogue.instead_of(name))
    return JSONResponse(_model(context, name, models).model_dump(exclude_none=True))


def _model(context: Context, name: str, models: tuple[Model, ...]) -> ModelAnswer:
    return ModelAnswer(
        id=name,
        object="model",
        created=0,
        owned_by=models[0].provider,
        stands_for=[model.id for model in models] if context.names.is_alias(name) else None,
    )
