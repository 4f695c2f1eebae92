"""Who may use the server, and what they may see of its schema."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from gql_server.settings.types import AnyCase, Issuer, LongSecrets, Switch


class AccessSettings(BaseSettings):
    """Authentication and access."""

    auth: Annotated[Literal["none", "keys"], AnyCase] | None = Field(
        default=None,
        description="`keys`: callers need an API key. `none`: every caller is the same user, an "
        "admin. Defaults to `none` when the server is reachable only from this machine; must be "
        "set otherwise.",
    )
    oidc_issuer: Issuer | None = Field(
        default=None,
        description="OpenID Connect provider whose tokens are accepted beside API keys: the `iss` "
        "claim of its tokens, such as `https://login.example.com`. Requires `AUTH=keys` and "
        "`OIDC_AUDIENCE`.",
    )
    oidc_audience: str | None = Field(
        default=None,
        description="Audience of tokens that are meant for this server, such as "
        "`gql_server`: a value of their `aud` claim. Required with `OIDC_ISSUER`.",
    )
    oidc_role_claim: str = Field(
        default="role",
        description="Claim of a token that has the caller's role: `reader`, `creator` or `admin`, "
        "or a list of them. A name, or a path such as `realm_access.roles`.",
    )
    oidc_client_id: str | None = Field(
        default=None,
        description="Client ID of the studio at the OpenID Connect provider: a public client that "
        "uses PKCE, with the redirect URI `PUBLIC_URL/studio/signed-in`. With it, the studio "
        "offers to sign in at the provider. Requires `OIDC_ISSUER`.",
    )
    url_signing_secret: LongSecrets | None = Field(
        default=None,
        description="Secret that signs the URLs of images in a folder when `AUTH=keys`: at least "
        "32 characters without a space. Several, separated by spaces, while you rotate it: the "
        "first signs, all are accepted. Defaults to a secret generated once in `DATA_DIR`. Must be "
        "the same in every process. [Rotation](deploying.md#secrets).",
    )
    introspection: Switch = Field(
        default=None,
        description="Whether introspection and `/schema.graphql` are allowed. `auto`: for admins, "
        "which is everyone when `AUTH=none`.",
    )
    suggestions: Switch = Field(
        default=None,
        description="Whether error messages suggest names from the schema. `auto`: for admins.",
    )
    playground: Switch = Field(
        default=None,
        description="Whether browsers get the playground, whose page asks for an API key itself, "
        "and the OpenAPI descriptions of the other APIs. `auto`: both, but the descriptions only "
        "for admins unless `AUTH=none`; neither with `TRUSTED_DOCUMENTS`.",
    )
    studio: Switch = Field(
        default=None,
        description="Whether browsers get the studio at `/`, whose page asks for an API key "
        "itself. `auto`: as `PLAYGROUND`. It does not work with `TRUSTED_DOCUMENTS`.",
    )
    documentation: Switch = Field(
        default=None,
        description="Whether anyone may read the documentation of this version at `/docs/`. "
        "`auto`: as `PLAYGROUND`.",
    )
    get_queries: Switch = Field(
        default=None,
        description="Whether GET requests may contain query texts. If not, they may only name "
        "persisted documents by their hash. `auto`: allowed when `AUTH=none`.",
    )
    persisted_queries: bool = Field(
        default=True,
        description="Whether clients may register documents and send only their hash (automatic "
        "persisted queries).",
    )
