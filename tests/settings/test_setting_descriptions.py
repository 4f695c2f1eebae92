"""Descriptions of settings: bounds, units, and sentences that are whole without their links."""

import re
from datetime import timedelta
from typing import Final

from gql_server.generation.create_upload import MAX_UPLOAD_BYTES
from gql_server.settings import Settings
from gql_server.settings.fields import SettingFields
from gql_server.webhooks.webhooks import KEPT
from tools.reference.settings import env_example, settings_page

UNITS: Final = re.compile(
    r"\b(Maximum|seconds|milliseconds|bytes|days|Days|port|Port|cost|allowance)\b"
)
LINK: Final = re.compile(r"\[[^]]*\]\([^)]*\)")
ROW: Final = re.compile(r"^\| `([A-Z0-9_]+)` \| ([^|]*) \| ([^|]*) \| (.*) \|$", re.MULTILINE)
NUMBERS: Final = {
    name.upper()
    for name, field in SettingFields.model_fields.items()
    if re.search(r"\b(int|float)\b", str(field.annotation))
}


def test_numbers_state_their_range_default_and_unit() -> None:
    rows = {name: cells for name, *cells in ROW.findall(settings_page())}
    assert rows.keys() == {name.upper() for name in SettingFields.model_fields}
    for name in NUMBERS:
        default, values, text = rows[name]
        assert re.match(r"(from|above) [0-9]", values), f"{name}: {values}"
        assert default != "unset" or re.search("Default|Without", text), f"{name}: {text}"
        assert UNITS.search(text), f"{name}: a number without its unit: {text}"


def test_the_example_states_each_range() -> None:
    parts = env_example().split("\n\n")
    for name in NUMBERS:
        (part,) = (part for part in parts if f"\n#{name}=" in part)
        assert re.search(r"Values:\s(# )?(from|above)", part.replace("\n", " ")), part


def test_sentences_are_whole_without_their_links() -> None:
    for name, field in SettingFields.model_fields.items():
        text = field.description or ""
        for link in LINK.finditer(text):
            assert text[: link.start()].endswith(". "), f"{name}: {text}"
            assert text[link.end() :].startswith("."), f"{name}: {text}"


def test_numbers_of_other_modules_are_theirs() -> None:
    fields = SettingFields.model_fields
    assert f"of {MAX_UPLOAD_BYTES // 1024**2} MiB each" in (fields["max_files"].description or "")
    assert timedelta(days=fields["retention_webhooks_days"].default) == KEPT
    allowance = Settings(auth="keys").allowance_size
    assert f"Defaults to {allowance:,} when `AUTH=keys`" in (fields["allowance"].description or "")
