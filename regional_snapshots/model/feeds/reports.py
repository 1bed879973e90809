"""What became of one feed in one run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FeedReport:
    """What became of one feed in one run. ``rejected`` holds (reason, count); ``age_min`` is None without a time.

    ``time`` is when it was made (ms), read from more fields than ``age_min`` (the former script does not know them);
    ``shaped`` is False for a document of the wrong shape altogether; ``digest`` is the SHA-256 (hex) of its bytes.
    """

    key: str
    name: str
    status: str
    age_min: float | None
    max_age_min: int
    used: int = 0
    rejected: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    sample: bool = False
    """Whether the document calls itself a sample: it has a member ``_sample``."""
    time: float | None = None
    shaped: bool = True
    digest: str = ""

    @property
    def state(self) -> str:
        """``status`` for people: ``rejected`` where a document is there and nothing can be read from it."""
        return "rejected" if not self.shaped or (self.status == "missing" and self.notes) else self.status

    def says_more_than(self, other: FeedReport) -> bool:
        """Whether this feed is the one to read of two that tell the same: it has rows, and newer ones."""
        if not self.used or not other.used:
            return bool(self.used) or (other.status == "missing" and self.status != "missing")
        return self.time is not None and (other.time is None or self.time > other.time)

    @property
    def remarks(self) -> list[str]:
        """What there is to say of it: notes first, then what was rejected and why."""
        return [*self.notes, *(f"{count} rejected: {reason}" for reason, count in self.rejected)]
