"""Who runs what a log tells of: `USER_INFO|[EXTERNAL]|005...|a@b.com|(GMT+00:00) Greenwich Mean Time (GMT)|GMT+00:00`.

The form is that of recorded logs; the id has 15 characters.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

_NAMES = {
    "PST": "Pacific Standard Time",
    "PDT": "Pacific Daylight Time",
    "MST": "Mountain Standard Time",
    "MDT": "Mountain Daylight Time",
    "CST": "Central Standard Time",
    "CDT": "Central Daylight Time",
    "EST": "Eastern Standard Time",
    "EDT": "Eastern Daylight Time",
    "GMT": "Greenwich Mean Time",
    "BST": "British Summer Time",
    "CET": "Central European Standard Time",
    "CEST": "Central European Summer Time",
    "JST": "Japan Standard Time",
    "IST": "India Standard Time",
    "AEST": "Australian Eastern Standard Time",
    "AEDT": "Australian Eastern Daylight Time",
    "UTC": "Greenwich Mean Time",
}
"""ASSUMED for zones that are not here: their short name."""
_NAMED_OTHERWISE = {("Asia/Shanghai", "CST"): "China Standard Time", ("Asia/Taipei", "CST"): "Taipei Standard Time"}


class User(Protocol):
    @property
    def user_id(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


def user_parts(user: User, now: datetime) -> tuple[str, ...]:
    """What stands behind the bars; `now` is in the user's zone."""
    offset = now.strftime("%z")
    shift, short = f"GMT{offset[:3]}:{offset[3:5]}", now.tzname() or "GMT"
    name = _NAMED_OTHERWISE.get((user.time_zone, short)) or _NAMES.get(short, short)
    return ("[EXTERNAL]", user.user_id[:15], user.username, f"({shift}) {name} ({user.time_zone})", shift)
