"""Database.convertLead and what it is asked with. Sources: "LeadConvert Class", "Database Class" (Apex Reference Guide)."""

from __future__ import annotations

from orgtwin.apex import context
from orgtwin.apex.database import DatabaseError, DmlResult, dml_exception
from orgtwin.apex.faults import argument_null
from orgtwin.apex.lead_conversion import ConvertedLead, LeadConversion
from orgtwin.apex.library.databases import WRITE_OPTIONS, write_options
from orgtwin.apex.library.json_results import PlainResult, error_plain
from orgtwin.apex.library.properties import Properties, add_property, reader, writer
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.records import SObject
from orgtwin.apex.values import ApexList, Id, Value
from orgtwin.errors import SaveResult

_DEFAULTS = {"donotcreateopportunity": False, "overwriteleadsource": False, "sendnotificationemail": False}
_FIELDS = {
    "AccountId": "Id",
    "ContactId": "Id",
    "ConvertedStatus": "String",
    "LeadId": "Id",
    "OpportunityId": "Id",
    "OpportunityName": "String",
    "OwnerId": "Id",
    "RelatedPersonAccountId": "Id",
    "RelatedPersonAccountRecord": "SObject",
}
"""The page calls the record of the new person account an Id, and lists no method that sets it: public code that orgs compile
shows that it is a record."""
_FLAGS = ("DoNotCreateOpportunity", "OverwriteLeadSource", "SendNotificationEmail")
_CLASS = declare("LeadConvert", namespace="Database")


def _new() -> Properties:
    made = Properties(_CLASS.type)
    made.values.update(_DEFAULTS)
    return made


system_class(
    "LeadConvert",
    {
        **{f"void set{name}({kind})": writer(name) for name, kind in _FIELDS.items()},
        **{f"{kind} get{name}()": reader(name) for name, kind in _FIELDS.items()},
        **{f"void set{name}(Boolean)": writer(name) for name in _FLAGS},
        **{f"Boolean is{name}()": reader(name) for name in _FLAGS},
    },
    namespace="Database",
    constructors={"()": _new},
)
# No page lists them: public code assigns `convertedStatus`; that the others are properties as well is ASSUMED.
for _name, _kind in (*_FIELDS.items(), *dict.fromkeys(_FLAGS, "Boolean").items()):
    add_property(_CLASS, _name[0].lower() + _name[1:], type_of(_kind))


def _asked(given: Properties | None) -> LeadConversion:
    if given is None or given.values.get("leadid") is None:
        raise argument_null("leadId")
    values = given.values
    if values.get("relatedpersonaccountid") is not None or values.get("relatedpersonaccountrecord") is not None:
        context.engine().refuse("apex.Database.convertLead", "the conversion of a lead into a person account")
    return LeadConversion(
        str(values["leadid"]),
        values.get("convertedstatus"),
        values.get("accountid"),
        values.get("contactid"),
        values.get("opportunityid"),
        values.get("opportunityname"),
        values.get("ownerid"),
        bool(values["donotcreateopportunity"]),
        bool(values["overwriteleadsource"]),
    )


def _convert(operand: Value, *options: Value) -> Value:
    """Counts as one DML statement; each lead is a row."""
    engine = context.engine()
    all_or_none, user_mode = write_options(options)
    asked = [_asked(one) for one in (operand.items if isinstance(operand, ApexList) else [operand])]
    transaction = engine.transaction
    transaction.usage.charge("DMLStatements")
    transaction.usage.charge("DMLRows", len(asked))
    transaction.dml_since_callout = True
    mark = engine.port.savepoint()
    done = [engine.port.convert_lead(one, user_mode=user_mode) for one in asked]
    failed = [(place, _refusal(one)) for place, one in enumerate(done) if one.errors]
    if failed and all_or_none:
        engine.port.rollback(mark)
        lead = engine.get_sobject_type("Lead")
        raise dml_exception("convertLead", [SObject(lead, {"Id": Id(one.lead_id)}) for one in asked], failed)
    results = [_result(one) for one in done]
    if isinstance(operand, ApexList):
        return ApexList(type_of("List<Database.LeadConvertResult>"), list(results))
    return results[0]


def _refusal(one: ConvertedLead) -> DmlResult:
    return DmlResult("SaveResult", SaveResult(None, False, errors=one.errors), [DatabaseError(e) for e in one.errors])


def _result(one: ConvertedLead) -> PlainResult:
    values: dict[str, Value] = {
        "accountId": one.account_id,
        "contactId": one.contact_id,
        "leadId": one.lead_id,
        "opportunityId": one.opportunity_id,
        "success": not one.errors,
        "errors": [error_plain(DatabaseError(error)) for error in one.errors],
    }
    return PlainResult(type_of("Database.LeadConvertResult"), values)


system_class(
    "Database",
    {
        f"static {returns} convertLead({operand}{options})": _convert
        for operand, returns in (
            ("Database.LeadConvert", "Database.LeadConvertResult"),
            ("List<Database.LeadConvert>", "List<Database.LeadConvertResult>"),
        )
        for options in WRITE_OPTIONS
    },
)
