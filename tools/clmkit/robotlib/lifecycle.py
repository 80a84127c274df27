"""Keywords of a contract's life. Each is one act of a person, one sync, or one look into a system."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from simple_salesforce.format import format_soql

from clmkit.robotlib.people import ClmUser, Document, Refused, SalesforceUser
from clmkit.sync.config import load_config
from clmkit.sync.engine import run_once
from clmkit.sync.report import RunReport

RUN_FOLDER = "CLMKIT_RUN"
ACCOUNT = (
    "SELECT Id, Name, CLM_Party_Id__c, (SELECT Id, Email, CLM_Person_Id__c FROM Contacts) FROM Account"
    " WHERE CLM_Party_Id__c != null ORDER BY CLM_Party_Id__c LIMIT 1 OFFSET {}"
)
CONTRACT = (
    "SELECT Id, CLM_Id__c, CLM_Version__c, Status, StatusCode, StartDate, EndDate, CLM_Total_Value__c,"
    " Account.CLM_Party_Id__c, Owner.Email, CustomerSigned.Email, LastModifiedDate FROM Contract WHERE CLM_Id__c = {}"
)


class Lifecycle:
    """A CLM, a Salesforce org and the sync between them, as `clmkit demo` has set them up in the folder `run`."""

    ROBOT_LIBRARY_SCOPE = "SUITE"

    def __init__(self, run: str | None = None) -> None:
        folder = Path(run or os.environ[RUN_FOLDER])
        self._config = load_config(folder / "sync.yml")
        self.clm = ClmUser(_read(folder / "clm.json"))
        self.salesforce = SalesforceUser(_read(folder / "org.json"))
        self._last_refusal = ""

    def close(self) -> None:
        self.clm.close()
        self.salesforce.close()

    def find_account(self, place: int = 0) -> Document:
        """The n-th account that is a counterparty, with its primary contact's email."""
        return self.salesforce.find(format_soql(ACCOUNT, place))[0]

    def create_agreement(self, title: str, **terms: Any) -> str:
        """A new agreement with the first account; `terms` replace whole members of the default one. Answers its id."""
        account = self.find_account()
        agreement = {
            "title": title,
            "counterparty": {"id": account["CLM_Party_Id__c"], "name": account["Name"]},
            "business_owner": {"email": "owner0@contracts.example", "name": "Owner"},
            "term": {"start": "2026-12-01", "end": "2027-11-30"},
            "renewal": {"type": "manual", "notice": "60 days"},
            "value": {"total": "120000.00", "arr": "120000.00", "currency": "USD"},
            "governing_law": "New York",
            "clauses": [{"type": "Non-Compete", "present": True, "deviation": "CANARY clause text stays in the CLM"}],
            "lines": [{"product": "Platform", "quantity": "1", "unit_price": "120000.00", "amount": "120000.00"}],
        }
        return str(self.clm.create(agreement | terms)["id"])

    def move_agreement(self, agreement_id: str, stage: str) -> None:
        self.clm.act(agreement_id, "transitions", {"to": stage})

    def approve_agreement(self, agreement_id: str, approver: str = "counsel@contracts.example") -> None:
        """Ask one approver and let them say yes."""
        approvals = self.clm.act(agreement_id, "approvals", {"approver": approver})["approvals"]
        self.clm.act(agreement_id, f"approvals/{approvals[-1]['id']}", {"decision": "approved"})

    def sign_agreement(self, agreement_id: str) -> None:
        """Send the envelope and have it completed: the agreement is executed."""
        self.clm.act(agreement_id, "envelopes")
        self.clm.act(agreement_id, "envelopes/events", {"status": "completed"})

    def amend_agreement(self, agreement_id: str, summary: str, total: str) -> None:
        order = {"summary": summary, "effective": "2027-01-01", "changes": {"value": {"total": total}}}
        self.clm.act(agreement_id, "amendments", order)

    def renew_agreement(self, agreement_id: str, end: str) -> None:
        self.clm.act(agreement_id, "renewals", {"end": end})

    def terminate_agreement(self, agreement_id: str, effective: str) -> None:
        self.clm.act(agreement_id, "terminate", {"effective": effective})

    def moving_should_be_refused(self, agreement_id: str, stage: str, reason: str) -> None:
        """The CLM must refuse the move with exactly this reason."""
        try:
            self.move_agreement(agreement_id, stage)
        except Refused as refusal:
            if str(refusal) != reason:
                raise AssertionError(f"refused with: {refusal}") from refusal
            return
        raise AssertionError(f"{agreement_id} moved to {stage}")

    def sync(self) -> RunReport:
        """Run the sync once, both ways, to its end."""
        return run_once(self._config)

    def sync_should_change_nothing(self) -> None:
        """A further run finds nothing to write on either side."""
        report = self.sync()
        if report.pushed or report.conflicts:
            raise AssertionError(f"the sync still writes: {report}")

    def find_contract(self, agreement_id: str) -> Document:
        """The Contract record of an agreement as Salesforce shows it to a person."""
        records = self.salesforce.find(format_soql(CONTRACT, agreement_id))
        if len(records) != 1:
            raise AssertionError(f"{len(records)} Contract records for {agreement_id}")
        return records[0]

    def contract_field_should_be(self, agreement_id: str, field: str, expected: object) -> None:
        """`field` may be a path: Account.CLM_Party_Id__c."""
        value = _follow(self.find_contract(agreement_id), field)
        if not _is_same(value, expected):
            raise AssertionError(f"{agreement_id} {field} is {value!r}, not {expected!r}")

    def record_should_hold(self, sobject: str, key_field: str, key: str, **fields: object) -> None:
        """The one record with that key, as a person reads it; a field may be a path: Account.Name."""
        records = self.salesforce.find(_by_key(sobject, key_field, key, fields))
        if len(records) != 1:
            raise AssertionError(f"{len(records)} {sobject} records with {key_field} {key}")
        for path, expected in fields.items():
            value = _follow(records[0], path)
            if not _is_same(value, expected):
                raise AssertionError(f"{sobject} {key}: {path} is {value!r}, not {expected!r}")

    def record_count_should_be(self, sobject: str, key_field: str, key: str, count: int) -> None:
        """How many records have that key, their own or their parent's: Contract__r.CLM_Id__c."""
        found = len(self.salesforce.find(_by_key(sobject, key_field, key)))
        if found != int(count):
            raise AssertionError(f"{found} {sobject} records with {key_field} {key}, not {count}")

    def record_should_not_exist(self, sobject: str, key_field: str, key: str) -> None:
        self.record_count_should_be(sobject, key_field, key, 0)

    def change_contract(self, agreement_id: str, field: str, value: object) -> None:
        """A person edits the record in Salesforce."""
        self.salesforce.change("Contract", self.find_contract(agreement_id)["Id"], {field: value})

    def agreement_field_should_be(self, agreement_id: str, path: str, expected: object) -> None:
        """`path` with dots: business_owner.email."""
        value = _follow(self.clm.get(agreement_id), path)
        if not _is_same(value, expected):
            raise AssertionError(f"{agreement_id} {path} is {value!r}, not {expected!r}")


def _by_key(sobject: str, key_field: str, key: str, fields: Iterable[str] = ()) -> str:
    words = ("SELECT", ", ".join(["Id", *fields]), "FROM", sobject, "WHERE", key_field, "= {}")
    return str(format_soql(" ".join(words), key))


def _follow(document: Document, path: str) -> object:
    """The value at a dotted path; None where the way ends before it."""
    value: Any = document
    for name in path.split("."):
        value = None if value is None else value[name]
    return value


def _is_same(value: object, expected: object) -> bool:
    """Robot gives text for everything: compare numbers as numbers."""
    if isinstance(value, int | float) and not isinstance(value, bool) and isinstance(expected, str):
        return value == float(expected)
    return value == expected


def _read(path: Path) -> dict[str, str]:
    document: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return document
