"""What the org answers when it refuses.

    SalesforceError          one refusal: HTTP status, errorCode, message, fields
      UnreadableFields       a query in user mode names fields that are not readable
      Unsupported            the twin does not emulate this; it says so by name (501, TWIN_UNSUPPORTED, ledger key)
    SaveError                the refusal of one row; travels inside a SaveResult, is not raised

Source of codes and texts: "Status Codes and Error Responses" (REST API Developer Guide) and the bodies listed in ledger.yml.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class SalesforceError(Exception):
    """A whole request is refused; every surface renders it in its own envelope (JSON list, SOAP fault, CSV cell)."""

    def __init__(self, code: str, message: str, *, status: int = 400, fields: tuple[str, ...] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields


class Unsupported(SalesforceError):
    """The twin refuses by name rather than guess. `ledger_key` is a row of ledger.yml."""

    def __init__(self, ledger_key: str, what: str) -> None:
        super().__init__("TWIN_UNSUPPORTED", f"orgtwin does not emulate {what} (ledger: {ledger_key})", status=501)
        self.ledger_key = ledger_key


class UnreadableFields(SalesforceError):
    """A query in user mode names what its caller may not read: the refusal of the first, and all of them by object."""

    def __init__(self, first: SalesforceError, by_object: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__(first.code, first.message, status=first.status, fields=first.fields)
        self.by_object = by_object


class SaveError(msgspec.Struct, frozen=True, gc=False):
    """Why one row was refused; `fields` are API names, empty when the platform names none."""

    status_code: str
    message: str
    fields: tuple[str, ...] = ()


class FieldsForbidden(SaveError, frozen=True, gc=False):
    """The caller may not write `fields`; Apex in user mode tells that of the statement as a whole."""


class SaveResult(msgspec.Struct, frozen=True, gc=False):
    """What became of one row, in request order. `created` only means something for upsert."""

    record_id: str | None
    success: bool
    created: bool = False
    errors: tuple[SaveError, ...] = ()
