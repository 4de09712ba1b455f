"""What goes wrong between a client and its server. Nothing here is about a submission: that is its result."""
from __future__ import annotations

from typing import Optional


class AssayError(Exception):
    """The base of what this package raises."""


class Refused(AssayError):
    """The server does not do what was asked for, and says why."""

    def __init__(self, status: int, error: str, remedy: str = "", retry_after: Optional[float] = None) -> None:
        super().__init__(f"{error} ({remedy})" if remedy else error)
        self.status = status
        self.error = error
        self.remedy = remedy
        self.retry_after = retry_after

    @property
    def passes(self) -> bool:
        """Whether the same request may be taken later: the queue or the disk is full, the server is about to end."""
        return self.status in (429, 503, 507)


class Unreachable(AssayError):
    """There is no server at the address, or it went away."""
