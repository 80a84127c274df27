"""The CLM's change feed, page after page, and what stands in the way of the next one.

What does not read is asked for in smaller pages, so that only the very place is held up; a feed that leads back to where it was
read before is not followed. Both end the run with words for the CLM's operator, because what changed there, and in which order, is
not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from clmkit.clients.clm import ChangePage
from clmkit.clients.errors import Unexpected
from clmkit.sync.ports import ClmSystem


@dataclass(slots=True)
class Feed:
    clm: ClmSystem
    size: int
    _passed: set[str] = field(default_factory=set)
    """The cursors since the last page with something new."""

    def require_way_on(self, after: str, page: ChangePage, *, has_news: bool) -> None:
        """Raises Unexpected when pages without anything new lead back to a cursor that was passed, and not to an end."""
        if has_news or not page.more:
            self._passed.clear()
            return
        self._passed.add(after)
        if page.more and page.cursor in self._passed:
            raise Unexpected(
                f"The CLM's change feed turns in a circle: after the cursor {after!r} it tells {page.cursor!r} and that there is"
                " more, which was read before. Nothing is lost; have the CLM's operator look at the feed."
            )

    async def read(self, after: str) -> ChangePage:
        """The page after a cursor, full or not. Raises WireError."""
        size = self.size
        while True:
            try:
                return await self.clm.read_changes(after, size)
            except Unexpected as error:
                if size == 1:
                    raise Unexpected(
                        f"{error} That is what the CLM's change feed tells next after the cursor {after!r}. Which agreement changed"
                        " is not known, so the feed is not read past it; have the CLM's operator look at it."
                    ) from error
                size = -(-size // 2)
