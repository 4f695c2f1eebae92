import re

from gql_server.access.key_secrets import is_secret_of, new_secret, prefix_of


def test_a_secret_has_a_form_that_scanners_can_look_for() -> None:
    secret = new_secret()
    assert re.fullmatch(r"gqls_[0-9a-z]{12}_[0-9A-Za-z]{43}", secret.text)
    assert secret.text.startswith(f"{secret.prefix}_")
    assert prefix_of(secret.text) == secret.prefix


def test_a_secret_is_distinguished_from_every_other_by_its_digest() -> None:
    one, other = new_secret(), new_secret()
    assert is_secret_of(one.text, one.digest)
    assert not is_secret_of(one.text, other.digest)
    last = one.text[-1]
    assert not is_secret_of(one.text[:-1] + ("a" if last != "a" else "b"), one.digest)


def test_what_is_kept_and_shown_of_a_secret_does_not_have_it() -> None:
    secret = new_secret()
    assert secret.text not in f"{secret!r} {secret.prefix} {secret.digest}"
    assert secret.text.removeprefix(secret.prefix) not in repr(secret)


def test_what_has_another_form_has_no_prefix() -> None:
    text = new_secret().text
    for other in ("", "gqls_", text[:-1], text + "a", text.upper(), f" {text}", text + "\n", "ü"):
        assert prefix_of(other) is None
