"""The HTTP server: services become routes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, TypedDict
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute

from gql_server.access.allowances import Allowances
from gql_server.access.authentication import Authentication
from gql_server.access.connection_counts import ConnectionCounts
from gql_server.access.live_sessions import LiveSessions
from gql_server.access.sign_in import SignIn, open_sign_in
from gql_server.access.tokens import open_tokens
from gql_server.api.models.catalogue import ShapedCatalogue
from gql_server.api.request_contexts import ContextFactory
from gql_server.api.schema import build_schema
from gql_server.api.schema_route import schema_route
from gql_server.bootstrap.http_apis import mcp_routes, openai_routes, rest_routes
from gql_server.bootstrap.image_files import renditions_watched
from gql_server.bootstrap.metrics import ProcessMetrics
from gql_server.bootstrap.metrics_server import metrics_served
from gql_server.bootstrap.middleware import middleware_of, public_path_of
from gql_server.bootstrap.model_aliases import model_aliases
from gql_server.bootstrap.observed_caches import observed_caches
from gql_server.bootstrap.readiness import checks
from gql_server.bootstrap.resources import StartError
from gql_server.bootstrap.services import Wiring
from gql_server.domain.allowances import Allowance
from gql_server.generation.create_upload import MAX_UPLOAD_BYTES
from gql_server.generation.services import Services
from gql_server.graphql.execution.limits import Limits
from gql_server.graphql.execution.persisted import PersistedDocuments, load_trusted_documents
from gql_server.graphql.server.options import ViewOptions
from gql_server.graphql.server.playground import Playground
from gql_server.graphql.server.view import GraphQLView
from gql_server.pages.documentation import documentation_routes
from gql_server.pages.playground import PlaygroundInfo, playground
from gql_server.pages.sign_in import SIGNED_IN_PATH
from gql_server.pages.static_files import assets_route
from gql_server.pages.studio import StudioInfo, studio_routes
from gql_server.settings import Settings
from gql_server.telemetry import gauges
from gql_server.telemetry.quick_log import flush_quick_logs
from gql_server.web.health import Check, health, ready_route
from gql_server.web.images import images_route
from gql_server.web.load import Load
from gql_server.web.metrics import Collect, metrics_route
from gql_server.web.middleware.direct_paths import DirectPathsMiddleware
from gql_server.web.middleware.open_requests import OpenRequests
from gql_server.web.renditions import Renditions

log = structlog.get_logger(__name__)

_KEY_USE_SECONDS: Final = 60.0
_GRAPHQL_PATHS: Final = ("/graphql", "/graphql/")


class State(TypedDict):
    """What the lifespan passes to every request."""

    services: Services
    catalogue: ShapedCatalogue
    authentication: Authentication
    sessions: LiveSessions
    allowances: Allowances
    open_requests: OpenRequests
    sign_in: SignIn | None
    metrics: ProcessMetrics


def create_app(settings: Settings, *, runs_jobs: bool = True) -> Starlette:
    """Build the server from its settings; nothing is opened before it starts.

    Args:
        settings: The settings.
        runs_jobs: Whether it runs background jobs, too, or only enqueues them.

    Raises:
        CatalogueError: The catalogue of models is invalid.
        PriceBookError: The price book is invalid.
        StartError: Other machines can reach it and AUTH is not set; an alias names an unknown
            model; or the secret for signed URLs can neither be read nor created.
        TrustedDocumentsError: The manifest of trusted documents is invalid.
    """
    requires_auth = _requires_auth(settings)
    wiring = Wiring(settings)
    open_requests = OpenRequests()
    load = Load(
        max_requests=settings.max_open_requests, max_body_bytes=settings.max_open_body_bytes
    )
    subscriptions = ConnectionCounts(
        settings.subscriptions_per_user, total=settings.max_subscriptions
    )
    sockets = ConnectionCounts(settings.websockets_per_user)
    view = _view(
        settings,
        requires_auth=requires_auth,
        subscriptions=subscriptions,
        sockets=sockets,
        load=load,
    )
    renditions = Renditions(render=wiring.marker.render)
    observed = observed_caches(view, renditions if wiring.folder is not None else None)
    observed.counts = {
        gauges.OPEN_REQUESTS: lambda: len(open_requests),
        gauges.OPEN_BODY_BYTES: lambda: load.body_bytes,
        gauges.WEBSOCKETS: lambda: sockets.total,
        gauges.SUBSCRIPTIONS: lambda: subscriptions.total,
    }

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[State]:
        async with (
            wiring.open(runs_jobs=runs_jobs) as services,
            open_tokens(
                issuer=settings.oidc_issuer,
                audience=settings.oidc_audience,
                role_claim=settings.oidc_role_claim,
            ) as tokens,
            open_sign_in(
                issuer=settings.oidc_issuer,
                audience=settings.oidc_audience,
                client_id=settings.oidc_client_id,
                redirect_uri=f"{settings.server_url}{SIGNED_IN_PATH}",
            ) as sign_in,
        ):
            authentication = Authentication(
                services.database, is_required=requires_auth, tokens=tokens
            )
            sessions = LiveSessions(authentication)
            allowances = Allowances(services.database, _allowance(settings))
            metrics = ProcessMetrics(services, observed)
            async with (
                metrics_served(settings, services, metrics),
                authentication.recording(seconds=_KEY_USE_SECONDS),
                sessions.watched(services.progress),
                allowances.settling(),
                renditions_watched(services.progress, renditions),
            ):
                yield State(
                    services=services,
                    catalogue=ShapedCatalogue(wiring.catalogue, wiring.prices),
                    authentication=authentication,
                    sessions=sessions,
                    allowances=allowances,
                    open_requests=open_requests,
                    sign_in=sign_in,
                    metrics=metrics,
                )
            flush_quick_logs()

    routes: list[BaseRoute] = [
        *_studio_routes(settings, requires_auth=requires_auth),
        # No redirect for an extra slash: credentials would be sent along with it.
        *(Route(path, view) for path in _GRAPHQL_PATHS),
        *(WebSocketRoute(path, view) for path in _GRAPHQL_PATHS),
        Route("/health", health, methods=["GET"]),
        ready_route(_checks),
        metrics_route(_collect_of, is_for_admins=True),
        schema_route(is_shown=settings.introspection),
    ]
    if wiring.folder is not None:
        has_tags = settings.cloudflare_zone_id is not None
        routes.append(images_route(wiring.folder, renditions=renditions, has_tags=has_tags))
    if settings.shows_playground or settings.shows_studio:
        routes.append(assets_route())
    if settings.shows_documentation:
        routes.extend(documentation_routes())
    routes.extend(rest_routes(settings, requires_auth=requires_auth))
    aliases = model_aliases(settings.openai_model_aliases or {}, wiring.catalogue)
    routes.extend(openai_routes(settings, aliases, requires_auth=requires_auth))
    routes.extend(mcp_routes(settings))
    direct = Middleware(DirectPathsMiddleware, applications=dict.fromkeys(_GRAPHQL_PATHS, view))
    application = Starlette(
        routes=routes,
        middleware=[*middleware_of(settings, open_requests, load), direct],
        lifespan=lifespan,
    )
    application.router.redirect_slashes = False  # Starlette would redirect to any host
    return application


def _view(
    settings: Settings,
    *,
    requires_auth: bool,
    subscriptions: ConnectionCounts,
    sockets: ConnectionCounts,
    load: Load,
) -> GraphQLView:
    schema, trusted = build_schema(_limits(settings)), None
    if settings.trusted_documents is not None:
        trusted = load_trusted_documents(settings.trusted_documents, schema.documents)
    options = ViewOptions(
        max_body_bytes=settings.max_body_bytes,
        max_files=settings.max_files,
        max_file_bytes=MAX_UPLOAD_BYTES,
        body_seconds=settings.receive_timeout,
        operations=settings.max_operations,
        origins=(settings.server_origin, *settings.cors_origins),
        init_seconds=settings.subscription_init_timeout,
        send_seconds=settings.subscription_send_timeout,
        operations_at_once=settings.subscriptions_per_connection,
        playground=_playground(settings),
        takes_get=_or(settings.get_queries, not requires_auth),
        load=load,
    )
    persisted = PersistedDocuments(schema.documents, trusted, automatic=settings.persisted_queries)
    contexts = ContextFactory(
        subscriptions=subscriptions,
        sockets=sockets,
        sees_schema=settings.introspection,
        sees_suggestions=settings.suggestions,
    )
    return GraphQLView(schema, contexts, persisted, options)


def check_trusted_documents(settings: Settings) -> None:
    """Check that this server runs every document in the file of trusted documents.

    Raises:
        TrustedDocumentsError: The file cannot be read, or has a document that does not run.
    """
    if settings.trusted_documents is not None:
        documents = build_schema(_limits(settings)).documents
        load_trusted_documents(settings.trusted_documents, documents)


def _limits(settings: Settings) -> Limits:
    return Limits(
        characters=settings.max_query_length,
        tokens=settings.max_query_tokens,
        depth=settings.max_query_depth,
        aliases=settings.max_query_aliases,
        directives=settings.max_query_directives,
        repeats=settings.max_query_repeats,
        cost=settings.max_query_cost,
        operations=settings.max_operations,
    )


def _studio_routes(settings: Settings, *, requires_auth: bool) -> list[Route]:
    if not settings.shows_studio:
        return [Route("/", _to_playground, methods=["GET"])]
    return studio_routes(
        StudioInfo(requires_auth=requires_auth, has_provider=settings.oidc_client_id is not None),
        public_path=public_path_of(settings),
        image_origins=_image_origins(settings),
    )


def _image_origins(settings: Settings) -> tuple[str, ...]:
    """Return where a bucket's images come from; a folder's come from this server."""
    if settings.r2_bucket is None:
        return ()
    address = urlsplit(settings.r2_public_url or settings.r2_endpoint)
    return (f"{address.scheme}://{address.netloc}",)


def _requires_auth(settings: Settings) -> bool:
    is_required = settings.requires_auth
    if is_required is None:
        raise StartError(
            "AUTH: choose who may use the server, because other machines can reach "
            f"it ({settings.reached_by}): AUTH=keys (make one with `gql-server keys "
            "create`), or AUTH=none where something else authenticates callers"
        )
    if not is_required and settings.reached_by:
        log.warning(
            "open_to_everyone",
            by=settings.reached_by,
            hint="anyone who can reach the server can spend money",
        )
    return is_required


def _allowance(settings: Settings) -> Allowance | None:
    size = settings.allowance_size
    return Allowance(size, settings.allowance_per_second) if size else None


def _playground(settings: Settings) -> Playground | None:
    if not settings.shows_playground:
        return None
    only_trusted = settings.trusted_documents is not None
    info = PlaygroundInfo(
        takes_hashes=settings.persisted_queries or only_trusted,
        only_trusted=only_trusted,
        image_origins=_image_origins(settings),
    )
    return playground(info, public_path=public_path_of(settings))


def _or(setting: bool | None, otherwise: bool) -> bool:  # noqa: FBT001 - a switch and its default
    return otherwise if setting is None else setting


async def _to_playground(_request: Request) -> RedirectResponse:
    return RedirectResponse("/graphql")


def _collect_of(request: Request) -> Collect:
    metrics: ProcessMetrics = request.state.metrics
    return metrics.collect


def _checks(request: Request) -> Mapping[str, Check]:
    services: Services = request.state.services
    return checks(services)
