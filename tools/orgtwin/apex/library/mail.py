"""Messaging: single e-mails go to the twin's outbox, never to anybody.

Source: "Messaging Namespace" (Apex Reference Guide), "Outbound Email" (Apex Developer Guide). The outbox is read at
/twin/admin/outbox. A message with a template has its subject and bodies once it is sent, as public code reads them then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.mail_templates import render, render_bodies, render_stored
from orgtwin.apex.library.platform import ORG_LIMITS
from orgtwin.apex.library.properties import Properties, add_property, settable_class
from orgtwin.apex.library.signatures import declare, system_class, system_interface, type_of
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, Value
from orgtwin.errors import SaveError

_MOST_RECIPIENTS = {"toaddresses": 100, "ccaddresses": 25, "bccaddresses": 25}
_ADDRESS = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_RESULTS = "List<Messaging.SendEmailResult>"

EMAIL = system_class("Email", {}, namespace="Messaging")
EMAIL.abstract = True
_ATTACHMENT = {"body": "Blob", "contentType": "String", "fileName": "String", "inline": "Boolean"}
settable_class(
    "EmailFileAttachment",
    _ATTACHMENT,
    namespace="Messaging",
    getters=True,
    methods={"Id getId()": lambda this: this.values.get("id")},
)
add_property(declare("EmailFileAttachment", namespace="Messaging"), "id", type_of("Id"))
_COMMON = {
    "bccSender": "Boolean",
    "emailPriority": "String",
    "replyTo": "String",
    "saveAsActivity": "Boolean",
    "senderDisplayName": "String",
    "subject": "String",
    "useSignature": "Boolean",
}


def _attach_documents(this: Properties, ids: Value) -> None:
    this.values["documentattachments"] = ids


settable_class(
    "SingleEmailMessage",
    {
        **_COMMON,
        "bccAddresses": "List<String>",
        "ccAddresses": "List<String>",
        "charset": "String",
        "customHeaders": "Map<String,String>",
        "entityAttachments": "List<Id>",
        "fileAttachments": "List<Messaging.EmailFileAttachment>",
        "htmlBody": "String",
        "inReplyTo": "String",
        "oneClickPost": "Boolean",
        "optOutPolicy": "String",
        "orgWideEmailAddressId": "Id",
        "plainTextBody": "String",
        "references": "String",
        "targetObjectId": "Id",
        "templateId": "Id",
        "toAddresses": "List<String>",
        "treatBodiesAsTemplate": "Boolean",
        "treatTargetObjectAsRecipient": "Boolean",
        "unsubscribeComment": "String",
        "unsubscribeUrls": "List<String>",
        "whatId": "Id",
    },
    namespace="Messaging",
    getters=True,
    extends=EMAIL,
    methods={
        "String getTemplateName()": lambda this: this.values.get("templatename"),
        "Boolean isTreatBodiesAsTemplate()": lambda this: this.values.get("treatbodiesastemplate") is True,
        "Boolean isTreatTargetObjectAsRecipient()": lambda this: (
            this.values.get("treattargetobjectasrecipient") is True
        ),
        "void setDocumentAttachments(List<Id>)": _attach_documents,
    },
)
settable_class(
    "MassEmailMessage",
    {**_COMMON, "description": "String", "targetObjectIds": "List<Id>", "templateId": "Id", "whatIds": "List<Id>"},
    namespace="Messaging",
    getters=True,
    extends=EMAIL,
)


class SendResult:
    """Messaging.SendEmailResult."""

    def __init__(self, error: SaveError | None) -> None:
        self.error = error

    @property
    def apex_type(self) -> Type:
        return declare("SendEmailResult", namespace="Messaging").type


class SendError:
    """Messaging.SendEmailError."""

    def __init__(self, error: SaveError, target: Value) -> None:
        self.error = error
        self.target = target

    @property
    def apex_type(self) -> Type:
        return declare("SendEmailError", namespace="Messaging").type


def _errors(this: SendResult) -> ApexList:
    found = [] if this.error is None else [SendError(this.error, None)]
    return ApexList(type_of("List<Messaging.SendEmailError>"), list(found))


system_class(
    "SendEmailResult",
    {"Boolean isSuccess()": lambda this: this.error is None, "List<Messaging.SendEmailError> getErrors()": _errors},
    namespace="Messaging",
)
system_class(
    "SendEmailError",
    {
        "String getMessage()": lambda this: this.error.message,
        "List<String> getFields()": lambda this: ApexList(type_of("List<String>"), list(this.error.fields)),
        "StatusCode getStatusCode()": lambda this: declare("StatusCode").constants[this.error.status_code.lower()],
        "String getTargetObjectId()": lambda this: this.target,
    },
    namespace="Messaging",
)


def _send(messages: ApexList | None, all_or_none: bool | None = True) -> ApexList:
    """Charge one invocation, check every message; those that are right go to the outbox with the commit."""
    engine = context.engine()
    if messages is None:
        raise argument_null("emailMessages")
    engine.transaction.usage.charge("EmailInvocations")
    engine.note("EMAIL_QUEUE", f"[{engine.line()}]")
    refusals = [_refusal(message) for message in messages.items]
    first = next(((i, error) for i, error in enumerate(refusals) if error is not None), None)
    if first is not None and all_or_none is not False:
        index, refusal = first
        said = f"{refusal.status_code}, {refusal.message}"
        shown = ", ".join(refusal.fields)
        failure = throw(
            "EmailException", f"SendEmail failed. First exception on row {index}; first error: {said}: [{shown}]"
        )
        failure.value.details = [(i, None, error) for i, error in enumerate(refusals) if error is not None]
        raise failure
    waits = engine.port.is_in_transaction and not engine.is_testing
    sent = engine.unsent if waits else engine.outbox
    sent += [_as_sent(m) for m, error in zip(messages.items, refusals, strict=True) if error is None]
    return ApexList(type_of(_RESULTS), [SendResult(error) for error in refusals])


def _refusal(message: Properties) -> SaveError | None:
    values = message.values
    if values.get("templateid") is not None:
        refused = _fill_in(message)
        if refused is not None:
            return refused
    addresses = [a for name in ("toaddresses", "ccaddresses", "bccaddresses") for a in _items(values.get(name))]
    if values.get("targetobjectid") is None and not addresses and not _items(values.get("targetobjectids")):
        return SaveError("REQUIRED_FIELD_MISSING", "Add a recipient to send an email.")
    if not any(values.get(name) for name in ("plaintextbody", "htmlbody", "description")):
        return SaveError("REQUIRED_FIELD_MISSING", "Missing body: an e-mail needs a plain text or an HTML body")
    if _is_to_user(values) and values.get("saveasactivity") is not False:
        return _ACTIVITY_OF_USER
    wrong = next((a for a in addresses if "@" in str(a) and not _ADDRESS.fullmatch(str(a))), None)
    wrong = wrong or next((a for a in addresses if "@" not in str(a) and len(str(a)) not in (15, 18)), None)
    if wrong is not None:
        return SaveError("INVALID_EMAIL_ADDRESS", f"Email address is invalid: {wrong}")
    for name, most in _MOST_RECIPIENTS.items():
        if len(_items(values.get(name))) > most:
            return SaveError("LIMIT_EXCEEDED", f"{name} takes at most {most} addresses")  # ASSUMED text
    return None


_ACTIVITY_OF_USER = SaveError(
    "INVALID_SAVE_AS_ACTIVITY_FLAG",
    "saveAsActivity must be false when sending mail to users.",
    ("saveAsActivity", "true"),  # ASSUMED: what stands between the brackets
)
"""The flag is true where nobody set it: "setSaveAsActivity" (Email Class). The text: as users of orgs paste it."""


def _is_to_user(values: Mapping[str, Value]) -> bool:
    targets = [values.get("targetobjectid"), *_items(values.get("targetobjectids"))]
    return any(str(target).startswith("005") for target in targets)


def _fill_in(message: Properties) -> SaveError | None:
    """Give a message what its template says. ASSUMED: the texts of the refusals; mass mail keeps its template's own text."""
    values = message.values
    who_id = values.get("targetobjectid") or next(iter(_items(values.get("targetobjectids"))), None)
    if who_id is None:
        return SaveError("REQUIRED_FIELD_MISSING", "Missing targetObjectId with template")
    found = render(values["templateid"], who_id, values.get("whatid"))
    if found is None:
        return SaveError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    values.update(subject=found.subject, plaintextbody=found.text, htmlbody=found.html, templatename=found.name)
    return None


def _items(value: Value) -> list[Value]:
    return list(value.items) if isinstance(value, ApexList) else []


def _as_sent(message: Properties) -> dict[str, object]:
    """A message as the outbox shows it; attachments by name and size."""
    shown: dict[str, object] = {}
    for name, value in message.values.items():
        if name == "fileattachments":
            shown[name] = [
                {"fileName": a.values.get("filename"), "bytes": len(a.values.get("body") or b"")} for a in _items(value)
            ]
        elif isinstance(value, ApexList):
            shown[name] = [str(item) for item in value.items]
        elif value is not None:
            shown[name] = value if isinstance(value, bool) else str(value)
    return shown


def _reserve(limit: str) -> Callable[[int], None]:
    """Of a limit of the org's day, as OrgLimits tells it. What was sent before in the day does not count."""

    def run(amount: int) -> None:
        reserved = context.transaction().reserved
        most = next(row.limit for row in ORG_LIMITS if row.name == limit)
        if amount < 0 or reserved.get(limit, 0) + amount > most:  # ASSUMED for a negative amount
            raise throw("HandledException", "The daily limit for the org would be exceeded by this request.")
        reserved[limit] = reserved.get(limit, 0) + amount

    return run


system_class(
    "Messaging",
    {
        "static List<Messaging.SendEmailResult> sendEmail(List<Messaging.Email>)": _send,
        "static List<Messaging.SendEmailResult> sendEmail(List<Messaging.Email>,Boolean)": _send,
        "static void reserveSingleEmailCapacity(Integer)": _reserve("SingleEmail"),
        "static void reserveMassEmailCapacity(Integer)": _reserve("MassEmail"),
        "static Messaging.SingleEmailMessage renderStoredEmailTemplate(String,String,String)": render_stored,
        "static List<Messaging.RenderEmailTemplateBodyResult> renderEmailTemplate(String,String,List<String>)": render_bodies,
    },
)

# Inbound e-mail: the objects that a handler is given

settable_class("Header", {"name": "String", "value": "String"}, namespace="Messaging.InboundEmail", setters=False)
settable_class(
    "AuthenticationResultField",
    {"name": "String", "value": "String"},
    namespace="Messaging.InboundEmail",
    setters=False,
)
settable_class(
    "AuthenticationResult",
    {
        "authenticationResultFields": "List<Messaging.InboundEmail.AuthenticationResultField>",
        "method": "String",
        "result": "String",
    },
    namespace="Messaging.InboundEmail",
    setters=False,
)
settable_class(
    "BinaryAttachment",
    {
        "body": "Blob",
        "fileName": "String",
        "mimeTypeSubType": "String",
        "headers": "List<Messaging.InboundEmail.Header>",
    },
    namespace="Messaging.InboundEmail",
    setters=False,
)
settable_class(
    "TextAttachment",
    {
        "body": "String",
        "bodyIsTruncated": "Boolean",
        "charset": "String",
        "fileName": "String",
        "mimeTypeSubType": "String",
        "headers": "List<Messaging.InboundEmail.Header>",
    },
    namespace="Messaging.InboundEmail",
    setters=False,
)
settable_class(
    "InboundEmail",
    {
        "authenticationResults": "List<Messaging.InboundEmail.AuthenticationResult>",
        "binaryAttachments": "List<Messaging.InboundEmail.BinaryAttachment>",
        "ccAddresses": "List<String>",
        "fromAddress": "String",
        "fromName": "String",
        "headers": "List<Messaging.InboundEmail.Header>",
        "htmlBody": "String",
        "htmlBodyIsTruncated": "Boolean",
        "inReplyTo": "String",
        "messageId": "String",
        "plainTextBody": "String",
        "plainTextBodyIsTruncated": "Boolean",
        "references": "List<String>",
        "replyTo": "String",
        "subject": "String",
        "textAttachments": "List<Messaging.InboundEmail.TextAttachment>",
        "toAddresses": "List<String>",
    },
    namespace="Messaging",
    setters=False,
)
settable_class(
    "InboundEnvelope", {"fromAddress": "String", "toAddress": "String"}, namespace="Messaging", setters=False
)
settable_class("InboundEmailResult", {"message": "String", "success": "Boolean"}, namespace="Messaging", setters=False)
system_interface(
    "InboundEmailHandler",
    "Messaging.InboundEmailResult handleInboundEmail(Messaging.InboundEmail,Messaging.InboundEnvelope)",
    namespace="Messaging",
)
