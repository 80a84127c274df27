"""Lead conversion: a lead becomes an account, a contact and, unless it is not wanted, an opportunity.

Sources: convertLead() (SOAP API Developer Guide), "Converting Leads" (Apex Developer Guide), "Lead Conversion Field Mapping"
(Salesforce Help). A target that exists keeps what it has: only its blank fields are filled. What is written runs through all steps
of a save; the lead's triggers see it converted. ASSUMED: the texts behind `# ASSUMED`; an opportunity closes with its quarter; own
fields of the lead are not carried over, as nothing says where to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from orgtwin.errors import SaveError, SaveResult
from orgtwin.org import Org
from orgtwin.records.model import Caller, Row, Value
from orgtwin.records.saving import Moment, Save
from orgtwin.records.table import RecordTable

_ACCOUNT = {
    "Name": "Company",
    **{f"Billing{part}": part for part in ("Street", "City", "State", "PostalCode", "Country")},
    **{name: name for name in ("Phone", "Fax", "Website", "Industry", "AnnualRevenue", "NumberOfEmployees", "Rating")},
    "AccountSource": "LeadSource",
}
_CONTACT = {
    **{name: name for name in ("LastName", "FirstName", "Salutation", "Title", "Email", "Phone", "MobilePhone", "Fax")},
    **{f"Mailing{part}": part for part in ("Street", "City", "State", "PostalCode", "Country")},
    **{name: name for name in ("Description", "LeadSource", "DoNotCall", "HasOptedOutOfEmail", "HasOptedOutOfFax")},
}
_OPPORTUNITY = {"LeadSource": "LeadSource"}
_FIRST_STAGE = "Prospecting"
_ACTIVITIES = ("Task", "Event")


@dataclass(frozen=True, slots=True)
class LeadConversion:
    """What is asked for one lead. Blank ids ask for new records."""

    lead_id: str
    status: str | None
    account_id: str | None = None
    contact_id: str | None = None
    opportunity_id: str | None = None
    opportunity_name: str | None = None
    owner_id: str | None = None
    without_opportunity: bool = False
    overwrites_source: bool = False


@dataclass(frozen=True, slots=True)
class ConvertedLead:
    """What became of it; `errors` when it was refused."""

    lead_id: str
    account_id: str | None = None
    contact_id: str | None = None
    opportunity_id: str | None = None
    errors: tuple[SaveError, ...] = ()


class _Refused(Exception):
    """The conversion ends with these errors."""

    def __init__(self, *errors: SaveError) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


def convert(org: Org, caller: Caller, asked: LeadConversion) -> ConvertedLead:
    """Convert one lead, wholly or not at all."""
    mark = org.savepoint()
    try:
        with org.transaction():
            return _Conversion(org, caller, asked).run()
    except _Refused as refused:
        org.rollback(mark)
        return ConvertedLead(asked.lead_id, errors=refused.errors)


class _Conversion:
    def __init__(self, org: Org, caller: Caller, asked: LeadConversion) -> None:
        self._org, self._caller, self._asked = org, caller, asked
        self._leads = org.table("Lead")
        self._lead = self._require_lead()

    def run(self) -> ConvertedLead:
        asked = self._asked
        owner: dict[str, Value] = {"OwnerId": asked.owner_id or self._of_lead("OwnerId")}
        account = self._target("Account", asked.account_id, _ACCOUNT, owner)
        contact = self._target("Contact", asked.contact_id, _CONTACT, {**owner, "AccountId": account})
        opportunity = asked.opportunity_id
        if opportunity is None and not asked.without_opportunity:
            named: dict[str, Value] = {"Name": asked.opportunity_name or self._of_lead("Company"), "AccountId": account}
            stage: dict[str, Value] = {"StageName": _FIRST_STAGE, "CloseDate": _quarter_end(self._org.now.date())}
            opportunity = self._target("Opportunity", None, _OPPORTUNITY, {**owner, **named, **stage})
        found = ConvertedLead(asked.lead_id, account, contact, opportunity)
        self._close(found)
        self._hand_over(contact)
        return found

    def _require_lead(self) -> Row:
        row = self._leads.live.get(self._asked.lead_id)
        if row is None:
            raise _Refused(SaveError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"))
        if self._leads.reader("IsConverted")(row):
            raise _Refused(SaveError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead"))
        status = self._leads.type.find_field("Status")
        if self._asked.status not in {value.value for value in (status.picklist if status is not None else ())}:
            raise _Refused(SaveError("INVALID_STATUS", f"invalid convertedStatus: {self._asked.status}"))
        return row

    def _of_lead(self, name: str) -> Value:
        return self._leads.reader(name)(self._lead)

    def _target(
        self, sobject_type: str, record_id: str | None, fields: Mapping[str, str], given: Mapping[str, Value]
    ) -> str:
        """The record that takes the lead's values: a new one, or one whose blank fields are filled."""
        table = self._org.table(sobject_type)
        values = {to: value for to, source in fields.items() if (value := self._of_lead(source)) not in (None, False)}
        if record_id is None:
            rows = [_wire({**values, **given})]
            return str(_require(self._org.dml.insert(self._caller, sobject_type, rows, all_or_none=True)).record_id)
        row = table.live.get(record_id)
        if row is None:
            raise _Refused(SaveError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"))
        blank = {name: value for name, value in values.items() if table.reader(name)(row) is None}
        if self._asked.overwrites_source and "LeadSource" in values and sobject_type == "Contact":
            blank["LeadSource"] = values["LeadSource"]
        if blank:
            change = [_wire({"Id": record_id, **blank})]
            _require(self._org.dml.update(self._caller, sobject_type, change, all_or_none=True))
        return record_id

    def _close(self, found: ConvertedLead) -> None:
        values: dict[str, Value] = {
            "IsConverted": True,
            "ConvertedDate": self._org.now.date(),
            "ConvertedAccountId": found.account_id,
            "ConvertedContactId": found.contact_id,
            "ConvertedOpportunityId": found.opportunity_id,
        }
        with _written(self._org, self._leads, found.lead_id, values):
            change = [{"Id": found.lead_id, "Status": self._asked.status}]
            _require(self._org.dml.update(self._caller, "Lead", change, all_or_none=True))

    def _hand_over(self, contact: str) -> None:
        """The lead's activities are the contact's from now on."""
        for name in _ACTIVITIES:
            table = self._org.table(name)
            for row in list(table.find("WhoId", self._asked.lead_id)) if len(table) else ():
                content = table.widened(row)
                table.write(content, "WhoId", contact)
                self._org.log.change(table, row, content)


@contextmanager
def _written(org: Org, table: RecordTable, record_id: str, values: Mapping[str, Value]) -> Iterator[None]:
    """A save of this record inside writes these values before its first step: no caller may write them itself."""

    def write(save: Save) -> None:
        for pending in save.rows if save.table is table else ():
            if pending.content[0] == record_id:
                for name, value in values.items():
                    table.write(pending.content, name, value)

    with org.hooks.joined_first(Moment.BEFORE_FLOWS, write):
        yield


def _require(results: Sequence[SaveResult]) -> SaveResult:
    if not results[0].success:
        raise _Refused(*results[0].errors)
    return results[0]


def _wire(values: Mapping[str, Value]) -> dict[str, object]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _quarter_end(today: date) -> date:
    quarter = (today.month - 1) // 3 + 1
    first_of_next = date(today.year + quarter // 4, quarter % 4 * 3 + 1, 1)
    return first_of_next - timedelta(days=1)
