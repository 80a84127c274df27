"""Time zones by name."""

from __future__ import annotations

from datetime import UTC, tzinfo


def zone_of(name: str) -> tzinfo:
    """UTC when no zone has that name."""
    from zoneinfo import (  # which reads how Python was built: a start does not wait for it
        ZoneInfo,
        ZoneInfoNotFoundError,
    )

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # of a name that is a folder or too long for a file
        return UTC
