"""Pure: what the system's documents say, in the sync's terms, and the sync's changes, in the system's terms."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from clmkit.clients.clm import Change, JsonObject, Unread
from clmkit.clients.errors import Unexpected
from clmkit.connectors.description import Description, Document, EventFeed, PropertyPatch
from clmkit.connectors.lenient import Absurd

LARGEST_REVISION = 2**63 - 1
LONGEST_NAME = 255
_JSON_TYPES = {bool: "boolean", int: "number", float: "number"}


def member(document: Any, path: str) -> Any:
    """The member at a dotted path; None where the path ends early."""
    for name in path.split("."):
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def to_agreement(described: Document, document: Any) -> JsonObject:
    """The agreement that the spec's paths read: wrapped properties plain, and where the sync expects them `id`, `revision`,
    `updated_at` and `updated_by`, the last two as far as the description says where they are.

    Raises Unexpected.
    """
    if isinstance(document, Absurd):
        raise Unexpected(f"The CLM told {document.words} of an agreement, which is no value")
    if not isinstance(document, dict):
        raise Unexpected(f"The CLM told {_short(document)} where an agreement was expected")
    agreement = dict(document)
    if described.properties is not None:
        at = described.properties
        wrapped = document.get(at.under) or {}
        if not isinstance(wrapped, dict):
            raise Unexpected(f"The CLM told {_short(wrapped)} at {at.under!r} where properties were expected")
        agreement[at.under] = {name: member(one, at.value) for name, one in wrapped.items()}
    changed = {"updated_at": described.changed_at, "updated_by": described.changed_by}
    told = {name: member(document, path) for name, path in changed.items() if path}
    return {**agreement, **told, "id": _text(document, described.id), "revision": revision_of(described, document)}


def revision_of(described: Document, document: Any) -> int:
    """The number that grows with every change: the system's own, or the moment of the last change in milliseconds."""
    if described.revision:
        return _whole(document, described.revision)
    return milliseconds(_text(document, described.changed_at))


def milliseconds(moment: str) -> int:
    try:
        return round(datetime.fromisoformat(moment).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise Unexpected(f"The CLM told {_short(moment)} where a moment (ISO 8601 with zone) was expected") from error


def to_moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sort_out(
    events: list[Any], read: Callable[[Any], Change], event_id: Callable[[Any], Any], agreement_id: Callable[[Any], Any]
) -> tuple[list[Change], list[Unread]]:
    """The events that read, and of those that do not what can still be said: one of them holds up no other."""
    changes: list[Change] = []
    unread: list[Unread] = []
    for event in events:
        told = event.document if isinstance(event, Absurd) else event
        try:
            changes.append(read(event))
        except Unexpected as error:
            unread.append(Unread(_name(event_id(told)) or _digest(told), _name(agreement_id(told)), str(error)))
    return changes, unread


def try_agreement(described: Document, document: Any) -> JsonObject | Unread:
    """An agreement of a list, or what can still be said of it."""
    told = document.document if isinstance(document, Absurd) else document
    try:
        return to_agreement(described, document)
    except Unexpected as error:
        known = _name(member(told, described.id))
        return Unread(known or _digest(told), known, str(error))


def to_change(description: Description, feed: EventFeed, event: Any) -> Change:
    """Raises Unexpected."""
    if isinstance(event, Absurd):
        raise Unexpected(f"The CLM told {event.words} of a change, which is no value")
    agreement = to_agreement(description.document, member(event, feed.agreement))
    return Change(
        event_id=_text(event, feed.event_id),
        sequence=_whole(event, feed.sequence),
        type=str(member(event, feed.type)),
        agreement_id=agreement["id"],
        revision=agreement["revision"],
        occurred_at=str(member(event, feed.occurred_at)),
        actor=str(member(event, feed.actor)),
        agreement=agreement,
    )


def to_observed_change(description: Description, document: Any) -> Change:
    """A change that was not told but seen: the document is newer than the last look. Raises Unexpected."""
    agreement = to_agreement(description.document, document)
    at, revision = _text(document, description.document.changed_at), agreement["revision"]
    event_id, actor = f"{agreement['id']}@{revision}", str(agreement.get("updated_by") or "")
    return Change(event_id, revision, "changed", agreement["id"], revision, at, actor, agreement)


def to_patch_body(description: Description, change: JsonObject, current: JsonObject) -> JsonObject:
    """The body of the patch. Members outside of the wrapped properties go as they are."""
    body, properties = description.patch.body, description.document.properties
    if not isinstance(body, PropertyPatch) or properties is None:
        return change
    rest = {name: value for name, value in change.items() if name != properties.under}
    wrapped: JsonObject = current.get(properties.under) or {}
    wanted: JsonObject = change.get(properties.under) or {}
    kept = {name: value for name, value in wanted.items() if value is not None}
    patch: JsonObject = {
        body.set: {
            name: {properties.type: _type_of(wrapped.get(name), properties.type, value), properties.value: value}
            for name, value in kept.items()
        },
        body.remove: sorted(name for name, value in wanted.items() if value is None),
    }
    return {**rest, **{name: value for name, value in patch.items() if value}}


def _type_of(known: Any, member_name: str, value: object) -> str:
    """The type that the property has; a new one gets that of its JSON value."""
    found = member(known, member_name)
    return found if isinstance(found, str) else _JSON_TYPES.get(type(value), "string")


def _whole(document: Any, path: str) -> int:
    found = member(document, path)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= LARGEST_REVISION:
        raise Unexpected(f"The CLM's document has no whole number at {path!r}, but {_short(found)}")
    return found


def _text(document: Any, path: str) -> str:
    found = member(document, path)
    if not _name(found):
        raise Unexpected(f"The CLM's document has no text at {path!r}, but {_short(found)}")
    return str(found)


def _name(found: Any) -> str:
    """A text by which something can be known; empty for all else. PostgreSQL keeps no NUL."""
    return found if isinstance(found, str) and len(found) <= LONGEST_NAME and "\0" not in found else ""


def _digest(event: Any) -> str:
    """A name for what has none, the same whenever it comes."""
    try:
        text = json.dumps(event, sort_keys=True, default=str)
    except (RecursionError, ValueError, TypeError):
        text = ",".join(sorted(map(ascii, event))) if isinstance(event, dict) else type(event).__name__
    return f"unread:{sha256(text.encode()).hexdigest()[:32]}"


def _short(found: Any) -> str:
    try:
        words = repr(found)
    except RecursionError:
        words = f"{type(found).__name__} within {type(found).__name__} without end"
    return words if len(words) <= LONGEST_NAME else f"{words[:LONGEST_NAME]}..."
