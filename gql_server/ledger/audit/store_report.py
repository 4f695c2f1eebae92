"""What a comparison of the store with the database found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

MAX_NAMED: Final = 100


@dataclass(slots=True)
class Finding:
    """One kind of finding: how often, and the first 100 names.

    Attributes:
        count: How often it was found.
        names: Keys of objects, or IDs of images and uploads.
    """

    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.names) < MAX_NAMED:
            self.names.append(name)


@dataclass(slots=True)
class StoreReport:
    """The result of an audit of the store.

    Attributes:
        rows: Images and uploads that should have a file.
        objects: Objects in the store.
        missing: Images and uploads whose file is missing.
        damaged: Those whose file has another size than was written.
        known: Those that were marked as missing before, and still are.
        returned: Those that were marked as missing and whose file exists again.
        orphans: Objects that belong to no image and no upload.
        orphan_bytes: Total size of the orphans.
        is_repaired: Whether rows were marked and orphans moved aside.
    """

    rows: int = 0
    objects: int = 0
    missing: Finding = field(default_factory=Finding)
    damaged: Finding = field(default_factory=Finding)
    known: int = 0
    returned: Finding = field(default_factory=Finding)
    orphans: Finding = field(default_factory=Finding)
    orphan_bytes: int = 0
    is_repaired: bool = False

    @property
    def agrees(self) -> bool:
        """Whether no difference was found."""
        found = (self.missing, self.damaged, self.returned, self.orphans)
        return not any(finding.count for finding in found)

    @property
    def is_clean(self) -> bool:
        """Whether the store and the database match, or differences are marked."""
        return self.is_repaired or self.agrees

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` wrote; nothing is a report of nothing."""
        values: dict[str, Any] = {
            name: Finding(**value) if isinstance(value, Mapping) else value
            for name, value in written.items()
        }
        return cls(**values)
