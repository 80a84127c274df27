"""English names of time zones, as java.util.TimeZone has them: zone_names.txt, `Standard|Daylight: zone zone`, a line each.

Source: "TimeZone Class" (Apex Reference Guide): since API 45 the display name is that of daylight saving time while that is in
effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from functools import cache
from importlib.resources import files


@cache
def _names() -> Mapping[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for line in files("orgtwin.apex.library").joinpath("zone_names.txt").read_text(encoding="utf-8").splitlines():
        names, _, zones = line.partition(": ")
        standard, _, daylight = names.partition("|")
        found.update(dict.fromkeys(zones.split(), (standard, daylight)))
    return found


SHORT_IDS = {
    "ACT": "Australia/Darwin",
    "AET": "Australia/Sydney",
    "AGT": "America/Argentina/Buenos_Aires",
    "ART": "Africa/Cairo",
    "AST": "America/Anchorage",
    "BET": "America/Sao_Paulo",
    "BST": "Asia/Dhaka",
    "CAT": "Africa/Harare",
    "CNT": "America/St_Johns",
    "CST": "America/Chicago",
    "CTT": "Asia/Shanghai",
    "EAT": "Africa/Addis_Ababa",
    "ECT": "Europe/Paris",
    "IET": "America/Indiana/Indianapolis",
    "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo",
    "MIT": "Pacific/Apia",
    "NET": "Asia/Yerevan",
    "NST": "Pacific/Auckland",
    "PLT": "Asia/Karachi",
    "PNT": "America/Phoenix",
    "PRT": "America/Puerto_Rico",
    "PST": "America/Los_Angeles",
    "SST": "Pacific/Guadalcanal",
    "VST": "Asia/Ho_Chi_Minh",
}
"""Three letters for a zone. Source: java.time.ZoneId.SHORT_IDS."""


def zone_name(zone_id: str, moment: datetime) -> str:
    """`Eastern Daylight Time`; the id of a zone that has no name. The moment is one of that zone."""
    names = _names().get(zone_id)
    return zone_id if names is None else names[bool(moment.dst())]


def display_name(zone_id: str, zone: tzinfo, now: datetime) -> str:
    """`(GMT-04:00) Eastern Daylight Time (America/New_York)`: ASSUMED to be what the user interface and debug logs print."""
    moment = now.astimezone(zone)
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    return f"(GMT{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}) {zone_name(zone_id, moment)} ({zone_id})"
