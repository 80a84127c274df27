"""Who runs what a log tells of: `USER_INFO|[EXTERNAL]|005...|a@b.com|(GMT+00:00) Greenwich Mean Time (GMT)|GMT+00:00`.

The form is that of recorded logs; the id has 15 characters.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Protocol

from orgtwin.apex.library.zone_names import display_name


class User(Protocol):
    @property
    def user_id(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


def user_parts(user: User, zone: tzinfo, now: datetime) -> tuple[str, ...]:
    """What stands behind the bars."""
    offset = now.astimezone(zone).strftime("%z")
    named = display_name(user.time_zone, zone, now)
    return ("[EXTERNAL]", user.user_id[:15], user.username, named, f"GMT{offset[:3]}:{offset[3:5]}")
