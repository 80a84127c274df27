"""The twin's clock: real time, moved by an administrator and possibly standing still, so that 400 days can pass in a second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def system_now() -> datetime:
    return datetime.now(tz=UTC)


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Clock:
    def __init__(self, source: Callable[[], datetime] = system_now) -> None:
        self._source = source
        self._offset = timedelta()
        self._frozen_at: datetime | None = None

    def now(self) -> datetime:
        return self._frozen_at if self._frozen_at is not None else self._source() + self._offset

    def real_now(self) -> datetime:
        """What webhook signatures are stamped with: a receiver checks them against its own clock."""
        return self._source()

    @property
    def is_frozen(self) -> bool:
        return self._frozen_at is not None

    @property
    def offset_seconds(self) -> float:
        return self._offset.total_seconds()

    def set(self, moment: datetime, *, frozen: bool) -> None:
        self._offset = moment - self._source()
        self._frozen_at = moment if frozen else None

    def restore(self, offset_seconds: float, frozen_at: datetime | None) -> None:
        self._offset = timedelta(seconds=offset_seconds)
        self._frozen_at = frozen_at
