"""Limits of a setting that depend on other settings, or on the source image."""

from pydantic import Field

from gql_server.inference.entries import Entry
from gql_server.inference.unit_prices import Conditions


class ParameterLimit(Entry):
    """The largest value of a numeric setting.

    Attributes:
        parameter: The setting.
        maximum: Its largest value.
        when: Settings that the limit applies to. Of the limits of a setting the first that applies
            counts.
    """

    parameter: str
    maximum: int
    when: Conditions = Field(default_factory=dict)
