"""An agreement as a record, and a record's patch as an agreement's. One row of PROPERTIES per property."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from clmtwin.lifecycle import Stage
from clmtwin.model import Agreement
from clmtwin.periods import find_plain_date
from clmtwin.problem import Problem

JsonObject = dict[str, Any]
Kind = Literal["string", "email", "date", "monetary_amount"]


@dataclass(frozen=True, slots=True)
class Property:
    """Where a property stands in the agreement. `is_writable` ones may be set by a patch."""

    name: str
    kind: Kind
    path: tuple[str, ...]
    is_writable: bool = True


PROPERTIES = (
    Property("counterpartyName", "string", ("counterparty", "name")),
    Property("primaryContactEmail", "email", ("counterparty", "contact", "email")),
    Property("businessOwnerEmail", "email", ("business_owner", "email")),
    Property("agreementDate", "date", ("term", "signed")),
    Property("effectiveDate", "date", ("term", "start")),
    Property("expirationDate", "date", ("term", "end")),
    Property("renewalType", "string", ("renewal", "type")),
    Property("renewalTerm", "string", ("renewal", "term")),
    Property("noticePeriod", "string", ("renewal", "notice")),
    Property("governingLaw", "string", ("governing_law",)),
    Property("contractValue", "monetary_amount", ("value",)),
    Property("stage", "string", ("stage",), is_writable=False),
)
_BY_NAME = {one.name: one for one in PROPERTIES}

_STATUS = {
    Stage.EXECUTED: ("active", "executed"),
    Stage.ACTIVE: ("active", "active"),
    Stage.EXPIRED: ("inactive", "inactive"),
    Stage.TERMINATED: ("inactive", "inactive"),
}


def to_record(agreement: Agreement) -> JsonObject:
    document = msgspec.to_builtins(agreement)
    status, enhanced = _STATUS.get(agreement.stage, ("indeterminate", "unknown"))
    record: JsonObject = {
        "id": agreement.id,
        "ironcladId": f"IC-{int(agreement.id.removeprefix('AGR-'))}",
        "type": _camel(agreement.contract_type),
        "name": agreement.title,
        "lastUpdated": agreement.updated_at,
        "properties": _properties(document),
        "attachments": {},
        "links": [],
        "contractStatus": {"status": status, "enhancedStatus": enhanced},
    }
    parent = agreement.amends or agreement.renews
    return {**record, "parentId": parent} if parent else record


def to_patch(agreement: Agreement, body: JsonObject) -> JsonObject:
    """The merge patch of the agreement. Raises Problem for a property that this twin does not keep."""
    known = {"name", "addProperties", "removeProperties"}
    for member in body:
        if member not in known:
            raise Problem(
                "TWIN_UNSUPPORTED", f"The twin takes {', '.join(sorted(known))} of a record's patch, not {member}."
            )
    added, removed = body.get("addProperties") or {}, body.get("removeProperties") or []
    if not isinstance(added, dict) or not isinstance(removed, list):
        raise Problem("invalid", "addProperties is an object of properties, removeProperties a list of their names.")
    patch: JsonObject = {"title": body["name"]} if "name" in body else {}
    for name, wrapped in added.items():
        one = _writable(name)
        if not isinstance(wrapped, dict) or "value" not in wrapped or wrapped.get("type") != one.kind:
            raise Problem("invalid", f"{name} is written as {{type: {one.kind}, value: ...}}, not {wrapped!r}.")
        _put(patch, one.path, _WRITERS[one.kind](wrapped["value"]))
    for name in removed:
        _put(patch, _writable(name).path, None)
    return patch


def _properties(document: JsonObject) -> JsonObject:
    found: JsonObject = {}
    for one in PROPERTIES:
        value = _at(document, one.path)
        told = None if value is None else _READERS[one.kind](value)
        if told is not None:
            found[one.name] = {"type": told[0], "value": told[1]}
    return found


def _read_date(text: str) -> tuple[str, Any]:
    """A captured text that is no date is told as text: nothing is lost."""
    day = find_plain_date(text)
    return ("string", text) if day is None else ("date", f"{day}T00:00:00Z")


def _read_money(value: JsonObject) -> tuple[str, Any] | None:
    if value.get("total") is None:
        return None
    return "monetary_amount", {"amount": float(value["total"]), "currency": value["currency"]}


def _write_money(value: Any) -> JsonObject:
    amount = value.get("amount") if isinstance(value, dict) else None
    if set(value or ()) != {"amount", "currency"} or isinstance(amount, bool) or not isinstance(amount, int | float):
        raise Problem("invalid", f"A monetary_amount is {{amount: a number, currency}}, not {value!r}.")
    return {"total": f"{value['amount']:.2f}", "currency": value["currency"]}


_READERS: dict[Kind, Callable[[Any], tuple[str, Any] | None]] = {
    "string": lambda value: ("string", value),
    "email": lambda value: ("email", value),
    "date": _read_date,
    "monetary_amount": _read_money,
}
_WRITERS: dict[Kind, Callable[[Any], Any]] = {
    "string": lambda value: value,
    "email": lambda value: value,
    "date": lambda value: str(value)[:10],
    "monetary_amount": _write_money,
}


def _writable(name: str) -> Property:
    one = _BY_NAME.get(name) if isinstance(name, str) else None
    if one is None:
        raise Problem("invalid", f"There is no property {name!r}; there are {', '.join(_BY_NAME)}.")
    if not one.is_writable:
        raise Problem("read_only_field", f"{name} cannot be written: it follows the lifecycle.")
    return one


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _put(patch: JsonObject, path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        patch = patch.setdefault(name, {})
    patch[path[-1]] = value


def _camel(text: str) -> str:
    first, *rest = "".join(letter if letter.isalnum() else " " for letter in text).split() or ["record"]
    return first.lower() + "".join(word.capitalize() for word in rest)
