"""What a REST answer tells of the records that a duplicate rule found.

Source: "Duplicate Rule Header" (REST API Developer Guide), DuplicateResult and MatchResult (SOAP API Developer Guide); the JSON as
orgs of v54 and v56 answered it.
"""

from __future__ import annotations

from orgtwin.http.message import Request
from orgtwin.http.records import attributes, is_visible, readable_fields, record_json
from orgtwin.records.duplicates import Duplicates, DuplicatesDetected


def duplicate_result(request: Request, error: DuplicatesDetected) -> dict[str, object]:
    return {
        "allowSave": error.may_save,
        "duplicateRule": error.rule,
        "duplicateRuleEntityType": error.sobject_type,
        "errorMessage": error.message,
        "matchResults": [_match_result(request, found) for found in error.found],
    }


def _match_result(request: Request, found: Duplicates) -> dict[str, object]:
    """Only records that the caller has access to are listed, whatever the rule compared."""
    records = [record for record_id in found.record_ids if (record := _record(request, found.sobject_type, record_id))]
    return {
        "entityType": found.sobject_type,
        "errors": [],
        "matchEngine": "ExactMatchEngine",
        "matchRecords": [
            {"additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0, "record": record}
            for record in records
        ],
        "rule": found.rule,
        "size": len(records),
        "success": True,
    }


def _record(request: Request, sobject_type: str, record_id: str) -> dict[str, object] | None:
    found = request.org.schema.find_type(sobject_type)
    row = request.org.table(sobject_type).get(record_id)
    if found is None or row is None or not request.org.access.can(request.caller, sobject_type, "read"):
        return None
    if not is_visible(request, found, row):
        return None
    if request.caller.duplicate_header.includes_record_details:
        return record_json(request, found, row, readable_fields(request, found))
    return {"attributes": attributes(request, sobject_type, record_id), "Id": record_id}
