"""Entries for a SIEM, one line each: OCSF (Entity Management, class 3004) or CEF. Field names go out, digests of values do not.

Sources: OCSF schema 1.3 "Entity Management" (schema.ocsf.io); "ArcSight Common Event Format (CEF) Implementation Standard".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version

from clmkit.sync.audit.chain import Entry

# kind of entry -> OCSF activity of class 3004 (1 create, 2 read, 3 update, 4 delete, 99 other), severity 1 informational to 4 high
_ACTIVITIES = {
    "created": (1, 1),
    "updated": (3, 1),
    "deleted in Salesforce": (4, 2),
    "erased": (4, 2),
    "retention ended": (4, 1),
    "held": (99, 4),
    "allowed": (99, 3),
    "hold placed": (99, 2),
    "hold released": (99, 3),
}
_OTHER = (99, 1)
_CLASS, _CATEGORY = 3004, 3
_LONGEST_MESSAGE = 1023
_CEF_SEVERITIES = {1: 3, 2: 5, 3: 6, 4: 8}


def to_ocsf(entry: Entry) -> str:
    activity, severity = _ACTIVITIES.get(entry.kind, _OTHER)
    event = {
        "activity_id": activity,
        "category_uid": _CATEGORY,
        "class_uid": _CLASS,
        "type_uid": _CLASS * 100 + activity,
        "severity_id": severity,
        "time": _milliseconds(entry.at),
        "message": entry.kind,
        "entity": {
            "name": str(_told(entry).get("object", "sync")),
            "uid": str(_told(entry).get("key", "")),
            "type": "record",
        },
        "metadata": {
            "version": "1.3.0",
            "product": {"name": "clmkit", "vendor_name": "clmkit", "version": version("clmkit")},
            "uid": entry.hash,
            "sequence": entry.sequence,
        },
        "unmapped": _told(entry),
    }
    if activity == _OTHER[0]:
        event["activity_name"] = entry.kind
    return json.dumps(event, sort_keys=True, separators=(",", ":"))


def to_cef(entry: Entry) -> str:
    _, severity = _ACTIVITIES.get(entry.kind, _OTHER)
    head = ("CEF:0", "clmkit", "clmkit", version("clmkit"), entry.kind, entry.kind, str(_CEF_SEVERITIES[severity]))
    told = _told(entry)
    extension = {
        "rt": str(_milliseconds(entry.at)),
        "externalId": str(entry.sequence),
        "cs1Label": "hash",
        "cs1": entry.hash,
        **({"cs2Label": "key", "cs2": str(told["key"])} if told.get("key") else {}),
        "msg": _message(told),
    }
    pairs = " ".join(f"{name}={_escaped(value, '=')}" for name, value in extension.items())
    return "|".join([head[0], *(_escaped(part, "|") for part in head[1:]), pairs])


def _message(told: dict[str, object]) -> str:
    """What the entry says, within CEF's length of a message: long lists are counted then; OCSF has them whole."""
    text = _short(told)
    if len(text) > _LONGEST_MESSAGE:
        text = _short({name: len(one) if isinstance(one, list | dict) else one for name, one in told.items()})
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[: _LONGEST_MESSAGE - 3]}..."


def _short(told: dict[str, object]) -> str:
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


FORMATS: dict[str, Callable[[Entry], str]] = {"ocsf": to_ocsf, "cef": to_cef}


def _told(entry: Entry) -> dict[str, object]:
    """What the entry says, with the names of fields in place of their digests."""
    if entry.body is None:
        return {"erased": True}
    facts = dict(entry.facts)
    if isinstance(fields := facts.get("fields"), dict):
        facts["fields"] = sorted(fields)
    return facts


def _milliseconds(at: str) -> int:
    return round(datetime.fromisoformat(at).timestamp() * 1000)


def _escaped(text: str, separator: str) -> str:
    """CEF: backslash and separator are escaped, a line break is written as \\n."""
    return text.replace("\\", "\\\\").replace(separator, f"\\{separator}").replace("\r", "").replace("\n", "\\n")
