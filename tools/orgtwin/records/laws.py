"""What standard objects do by themselves when a record is saved, by object: one row a law.

A law sees a row before it is stored: it may fill fields in `content` or refuse the row.
"""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.errors import SaveError
from orgtwin.records.contract_laws import CONTRACT_LAWS, refuse_contract_delete
from orgtwin.records.law_context import LawContext
from orgtwin.records.model import Caller, Row
from orgtwin.records.name_laws import CONTACT_LAWS
from orgtwin.records.saving import Pending, Save
from orgtwin.records.table import RecordTable

Law = Callable[[LawContext, Save, Pending], None]
DeleteLaw = Callable[[LawContext, Caller, RecordTable, Row], SaveError | None]

LAWS: dict[str, tuple[Law, ...]] = {
    "Contract": tuple(law.apply for law in CONTRACT_LAWS),
    "Contact": CONTACT_LAWS,
    "Lead": CONTACT_LAWS,
    "User": CONTACT_LAWS,
}

DELETE_LAWS: dict[str, DeleteLaw] = {"Contract": refuse_contract_delete}
