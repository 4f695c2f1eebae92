"""Each user's webhooks have a secret of their own."""

from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from gql_server.domain.clock import now
from gql_server.domain.principal import Role
from gql_server.webhooks.signatures import WebhookSigner, user_secret
from tests.support.clients import client_of
from tests.support.running_app import RunningApp

OLD, NEW = ("whsec_" + letter * 43 + "=" for letter in "AQ")
BODY = '{"type":"batch.finished"}'


def test_who_verifies_one_users_webhooks_can_forge_no_others() -> None:
    signer = WebhookSigner([NEW, OLD])
    headers = signer.headers("whk_1", now(), BODY, user_id="ann")
    for secret in (user_secret(NEW, "ann"), user_secret(OLD, "ann")):
        assert Webhook(secret).verify(BODY, headers)
    for secret in (NEW, OLD, user_secret(NEW, "bob"), user_secret(NEW, None)):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(BODY, headers)


def test_the_servers_own_are_no_users() -> None:
    signer = WebhookSigner([NEW])
    assert signer.secrets_of("server") != signer.secrets_of(None)
    assert signer.headers("whk_1", datetime(2026, 1, 1, tzinfo=UTC), BODY, user_id=None)


@pytest.mark.anyio
async def test_its_owner_is_shown_it_and_a_reader_is_not(app_with_keys: RunningApp) -> None:
    found = {}
    for user, role in (("ann", Role.CREATOR), ("bob", Role.CREATOR), ("ann", Role.READER)):
        async with client_of(app_with_keys, user, role) as one:
            found[user, role] = (await one.ask("{ viewer { webhookSecrets } }"))["viewer"][
                "webhookSecrets"
            ]
    anns, bobs = found["ann", Role.CREATOR], found["bob", Role.CREATOR]
    assert (len(anns), len(bobs), anns != bobs) == (1, 1, True)
    assert list(anns) == app_with_keys.services.webhooks.secrets_of("ann")
    assert found["ann", Role.READER] == []
