"""E-mail templates: their merge fields filled in for a recipient (who) and a record (what).

Source: "renderEmailTemplate()" (SOAP API Developer Guide): a merge field of a person's object is of the who, any other of the what;
"SingleEmailMessage Methods", "RenderEmailTemplateBodyResult Class" (Apex Reference Guide). {!User.x} is of who sends,
{!Receiving_User.x} of a user who receives, {!Organization.x} of the org, {{{Recipient.x}}} and {{{Sender.x}}} those of Lightning
templates. ASSUMED: what is null or not there is blank in a template that is sent, and an error where bodies alone are rendered,
whose text is ASSUMED too. Visualforce templates and formulas in merge fields are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from orgtwin.apex import context
from orgtwin.apex.database import to_record
from orgtwin.apex.faults import throw
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.org_port import QueryRow
from orgtwin.apex.text import to_text
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, Value

_FIELD = 20  # ticks of a merge field; ASSUMED, as the whole CPU model is
_MERGE = re.compile(r"\{\{\{([^{}]+)\}\}\}|\{!([^{}]+)\}")
_PATH = re.compile(r"\s*([A-Za-z]\w*)\.([\w.]+)\s*")
_COLUMNS = "Name, Subject, Body, HtmlValue, TemplateType"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template's parts, filled in."""

    name: str
    subject: str | None
    text: str | None
    html: str | None


class Merge:
    """The records that merge fields are read from, by the name that stands before the first dot."""

    def __init__(self, who_id: str | None, what_id: str | None) -> None:
        engine = context.engine()
        sender, org = engine.port.user().user_id, "Organization"
        self._ids: dict[str, tuple[str, str | None]] = {
            "user": ("User", sender),
            "sender": ("User", sender),
            "organization": (org, None),
        }
        for record_id, roles in ((what_id, ("related_to",)), (who_id, ("recipient", "receiving_user"))):
            described = engine.port.schema.find_by_prefix(record_id[:3]) if record_id else None
            if described is None:
                continue
            names = roles if described.api_name == "User" else (described.api_name.lower(), roles[0])
            self._ids.update(dict.fromkeys(names, (described.api_name, record_id)))
        self.missing: list[str] = []

    def fill(self, text: str | None) -> str | None:
        """A text with its merge fields replaced; `missing` gets those that are not there."""
        return None if text is None else _MERGE.sub(lambda found: self._value(found[1] or found[2]), text)

    def _value(self, expression: str) -> str:
        context.spend(_FIELD)
        path = _PATH.fullmatch(expression)
        if path is None:
            context.engine().refuse(
                "apex.Messaging.templates", f"the merge field {expression.strip()} in an e-mail template"
            )
            return ""
        name, record_id = self._ids.get(path[1].lower(), ("", None))
        value = _read(name, record_id, path[2]) if name else None
        if value is None:
            self.missing.append(expression.strip())
        return "" if value is None else to_text(value)


def _read(name: str, record_id: str | None, path: str) -> Value:
    """A field of a record, or None where there is no such field, record or value."""
    port = context.engine().port
    where = "" if record_id is None else " WHERE Id = :id"
    text = f"SELECT {path} FROM {name}{where} LIMIT 1"  # noqa: S608  (names of the schema by _PATH; the id is a bind)
    if port.check_query(text.replace(":id", "null")) is not None:
        return None
    rows = port.query(text, {"id": record_id}, user_mode=False)
    if not isinstance(rows, list) or not rows:
        return None
    return _along(rows[0], path)


def _along(row: QueryRow, path: str) -> Value:
    record: Value = to_record(context.engine(), row)
    *relationships, field = path.split(".")
    for relationship in relationships:
        record = record.related.get(relationship.lower())
        if record is None:
            return None
    return next((value for name, value in record.fields.items() if name.lower() == field.lower()), None)


def render(template_id: str, who_id: str | None, what_id: str | None) -> Rendered | None:
    """A stored template for a recipient and a record, or None when there is no such template."""
    port = context.engine().port
    rows = port.query(
        f"SELECT {_COLUMNS} FROM EmailTemplate WHERE Id = :id",  # noqa: S608  (columns above)
        {"id": template_id},
        user_mode=False,
    )
    if not isinstance(rows, list) or not rows:
        return None
    found: Mapping[str, Value] = rows[0].fields
    if found.get("TemplateType") == "visualforce":
        context.engine().refuse("apex.Messaging.templates", "Visualforce e-mail templates in Apex")
    merge = Merge(who_id, what_id)
    return Rendered(str(found.get("Name")), *(merge.fill(found.get(part)) for part in ("Subject", "Body", "HtmlValue")))


def render_stored(template_id: str | None, who_id: str | None, what_id: str | None, *_: Value) -> Value:
    """Messaging.renderStoredEmailTemplate: a message that has not been sent."""
    found = render(template_id or "", who_id, what_id)
    if found is None:
        raise throw("EmailException", f"Invalid id: {template_id}")  # ASSUMED text
    message = next(m for m in declare("SingleEmailMessage", namespace="Messaging").constructors).call()
    message.values.update(
        subject=found.subject,
        plaintextbody=found.text,
        htmlbody=found.html,
        templateid=template_id,
        targetobjectid=who_id,
        whatid=what_id,
    )
    return message


@dataclass(slots=True)
class BodyResult:
    """Messaging.RenderEmailTemplateBodyResult."""

    body: str | None
    missing: list[str]

    @property
    def apex_type(self) -> Type:
        return declare("RenderEmailTemplateBodyResult", namespace="Messaging").type


@dataclass(slots=True)
class BodyError:
    """Messaging.RenderEmailTemplateError."""

    field: str

    @property
    def apex_type(self) -> Type:
        return declare("RenderEmailTemplateError", namespace="Messaging").type


def render_bodies(who_id: str | None, what_id: str | None, bodies: ApexList) -> ApexList:
    """Messaging.renderEmailTemplate."""
    found: list[Value] = []
    for body in bodies.items:
        merge = Merge(who_id, what_id)
        text = merge.fill(body)
        found.append(BodyResult(None if merge.missing else text, merge.missing))
    return ApexList(type_of("List<Messaging.RenderEmailTemplateBodyResult>"), found)


def _errors(this: BodyResult) -> ApexList:
    return ApexList(type_of("List<Messaging.RenderEmailTemplateError>"), [BodyError(name) for name in this.missing])


system_class(
    "RenderEmailTemplateError",
    {
        "String getFieldName()": lambda this: this.field,
        "String getMessage()": lambda this: f"The merge field {this.field} has no value.",
        "StatusCode getStatusCode()": lambda this: declare("StatusCode").constants["email_template_mergefield_error"],
    },
    namespace="Messaging",
)
system_class(
    "RenderEmailTemplateBodyResult",
    {
        "Boolean getSuccess()": lambda this: not this.missing,
        "String getMergedBody()": lambda this: this.body,
        "List<Messaging.RenderEmailTemplateError> getErrors()": _errors,
    },
    namespace="Messaging",
)
