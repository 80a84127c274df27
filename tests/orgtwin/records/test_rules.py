"""Formula fields, validation rules, default values, record types and hooks, as the save order runs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from msgspec import structs

from orgtwin.errors import SaveResult
from orgtwin.org import Org
from orgtwin.records.model import Caller, Value
from orgtwin.records.save_order import STEPS
from orgtwin.records.saving import Moment
from orgtwin.records.saving import Save as Batch
from orgtwin.schema.model import Field, FieldType, RecordType, ValidationRule

Save = Callable[..., SaveResult]
Read = Callable[[str, str | None, str], Value]
AddRule = Callable[[str, ValidationRule], None]
AddField = Callable[[str, Field], None]

POSITIVE = ValidationRule("Positive", "Number__c < 0", "Number must not be negative.", "Number__c")
FROZEN = ValidationRule("Frozen", "NOT(ISNEW()) && ISCHANGED(Text__c)", "Text is frozen.")


def messages(result: SaveResult) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(error.status_code, error.message, error.fields) for error in result.errors]


def test_the_steps_stand_in_the_documented_order() -> None:
    numbers = [number for number, _step in STEPS]
    assert numbers == sorted(numbers)
    names: list[str | Moment] = [
        "lock_rows",
        "default_record_types",
        Moment.BEFORE_FLOWS,
        Moment.BEFORE_TRIGGERS,
        "apply_laws",
        "require_fields",
        "check_owners",
        "check_record_type_values",
        "run_validation_rules",
    ]
    assert [step if isinstance(step, Moment) else step.__name__ for _number, step in STEPS] == [
        *names,
        Moment.DUPLICATES,
        "lock_parents",
        "store",
        "bring_along",
        "drop_manual_shares",
        "track_history",
        Moment.AFTER_TRIGGERS,
        Moment.ASSIGNMENT_RULES,
        Moment.WORKFLOW_RULES,
        Moment.AFTER_FLOWS,
        "update_parents",
        "roll_up",
    ]


def test_a_validation_rule_refuses_with_its_message_at_its_field(insert: Save, add_rule: AddRule) -> None:
    add_rule("Sample__c", POSITIVE)
    refused = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Number must not be negative.", ("Number__c",))
    assert messages(insert("Sample__c", Number__c=-1)) == [refused]
    assert insert("Sample__c", Number__c=1).success


def test_all_rules_that_refuse_are_told_and_inactive_ones_are_not_asked(insert: Save, add_rule: AddRule) -> None:
    add_rule("Sample__c", POSITIVE)
    add_rule("Sample__c", replace(POSITIVE, name="Again", message="Again.", field=None))
    add_rule("Sample__c", replace(POSITIVE, name="Off", active=False))
    assert [message for _code, message, _fields in messages(insert("Sample__c", Number__c=-1))] == [
        "Number must not be negative.",
        "Again.",
    ]


def test_a_rule_sees_what_was_stored_before(insert: Save, update: Save, add_rule: AddRule) -> None:
    add_rule("Sample__c", FROZEN)
    record_id = insert("Sample__c", Text__c="a").record_id
    assert update("Sample__c", record_id, Text__c="a", Phone__c="1").success
    assert messages(update("Sample__c", record_id, Text__c="b")) == [
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Text is frozen.", ())
    ]


def test_a_rule_reads_parents_where_they_are_after_a_schema_was_taken_back(
    org: Org, insert: Save, add_rule: AddRule, add_field: AddField
) -> None:
    add_field("Sample__c", Field("Closed__c", "Closed", FieldType.STRING, length=10))
    add_rule("Detail__c", ValidationRule("Closed", 'Parent__r.Closed__c = "yes"', "The parent is closed."))
    assert insert("Detail__c", Parent__c=insert("Sample__c").record_id).success
    before = org.savepoint()
    add_field("Sample__c", Field("Other__c", "Other", FieldType.STRING, length=10))
    insert("Sample__c", Other__c="x")
    org.rollback(before)
    parent = insert("Sample__c", Closed__c="yes").record_id
    assert [message for _code, message, _fields in messages(insert("Detail__c", Parent__c=parent))] == [
        "The parent is closed."
    ]


def test_a_formula_field_is_read_from_the_row_and_its_parent(insert: Save, read: Read, add_field: AddField) -> None:
    formula = Field(
        "Twice__c",
        "Twice",
        FieldType.DOUBLE,
        precision=18,
        scale=2,
        calculated=True,
        createable=False,
        updateable=False,
        formula="Amount__c * 2 + Parent__r.Number__c",
    )
    add_field("Detail__c", formula)
    parent = insert("Sample__c", Number__c="0.5").record_id
    record_id = insert("Detail__c", Parent__c=parent, Amount__c=2).record_id
    assert read("Detail__c", record_id, "Twice__c") == Decimal("4.50")


def test_a_formula_field_follows_a_later_schema(org: Org, insert: Save, read: Read, add_field: AddField) -> None:
    shout = Field("Shout__c", "Shout", FieldType.STRING, length=100, calculated=True, formula='Text__c & "!"')
    add_field("Sample__c", shout)
    record_id = insert("Sample__c", Text__c="hey").record_id
    assert read("Sample__c", record_id, "Shout__c") == "hey!"
    known = org.schema.find_type("Sample__c")
    assert known is not None
    fields = tuple(structs.replace(f, formula='Text__c & "?"') if f.api_name == "Shout__c" else f for f in known.fields)
    org.replace_schema(org.schema.with_types([replace(known, fields=fields)]))
    assert read("Sample__c", record_id, "Shout__c") == "hey?"


def test_a_default_by_formula_fills_what_the_request_leaves_out(insert: Save, read: Read, add_field: AddField) -> None:
    add_field("Sample__c", Field("Due__c", "Due", FieldType.DATE, default_formula="TODAY() + 7"))
    assert read("Sample__c", insert("Sample__c").record_id, "Due__c") == date(2026, 3, 8)
    assert read("Sample__c", insert("Sample__c", Due__c=None).record_id, "Due__c") is None
    add_field("Sample__c", Field("Made__c", "Made", FieldType.DATE, default_formula="NOW()"))
    assert read("Sample__c", insert("Sample__c").record_id, "Made__c") == date(2026, 3, 1)


def test_a_record_type_narrows_a_restricted_picklist(org: Org, admin: Caller, insert: Save) -> None:
    sample = org.schema.find_type("Sample__c")
    assert sample is not None
    field = Field("RecordTypeId", "Record Type ID", FieldType.REFERENCE, reference_to=("RecordType",),
                  relationship_name="RecordType", permissionable=False)  # fmt: skip
    warm = RecordType("Warm", "Warm", picklist_values=(("Colour__c", ("Red",)),))
    org.replace_schema(org.schema.with_types([replace(sample, fields=(*sample.fields, field), record_types=(warm,))]))
    row = {"Name": "Warm", "DeveloperName": "Warm", "SobjectType": "Sample__c", "IsActive": True}
    (made,) = org.dml.insert(org.system_caller(), "RecordType", [row])
    assert insert("Sample__c", RecordTypeId=made.record_id, Colour__c="Red").success
    assert insert("Sample__c", Colour__c="Green").success
    assert messages(insert("Sample__c", RecordTypeId=made.record_id, Colour__c="Green")) == [
        (
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Colour: bad value for restricted picklist field: Green",
            ("Colour__c",),
        )
    ]
    row = {"Name": "Other", "DeveloperName": "Other", "SobjectType": "Account", "IsActive": True}
    (other,) = org.dml.insert(org.system_caller(), "RecordType", [row])
    message = f"Record Type ID: this ID value isn't valid for the user: {other.record_id}"
    assert messages(insert("Sample__c", RecordTypeId=other.record_id)) == [
        ("INVALID_CROSS_REFERENCE_KEY", message, ("RecordTypeId",))
    ]


def test_a_before_hook_may_change_a_row_and_its_change_is_validated(
    org: Org, insert: Save, read: Read, add_rule: AddRule
) -> None:
    add_rule("Sample__c", POSITIVE)

    def negate(batch: Batch) -> None:
        number = batch.table.reader("Number__c")
        for row in batch.rows:
            value = number(row.content)
            batch.table.write(row.content, "Number__c", -value if isinstance(value, Decimal) else None)

    org.hooks.join(Moment.BEFORE_TRIGGERS, negate)
    assert read("Sample__c", insert("Sample__c", Number__c=-2).record_id, "Number__c") == Decimal(2)
    assert not insert("Sample__c", Number__c=2).success


def test_a_row_refused_after_it_was_stored_is_taken_back_and_the_others_run_again(org: Org, admin: Caller) -> None:
    sizes: list[int] = []

    def refuse_bad(batch: Batch) -> None:
        sizes.append(len(batch.rows))
        text = batch.table.reader("Text__c")
        for row in batch.rows:
            if text(row.content) == "bad":
                row.refuse("FIELD_CUSTOM_VALIDATION_EXCEPTION", "No.")

    org.hooks.join(Moment.AFTER_TRIGGERS, refuse_bad)
    rows: list[dict[str, object]] = [{"Text__c": "a"}, {"Text__c": "bad"}, {"Text__c": "b"}]
    results = org.dml.insert(admin, "Sample__c", rows)
    assert [result.success for result in results] == [True, False, True]
    assert sizes == [3, 2]
    assert len(org.table("Sample__c")) == 2


def test_after_three_runs_with_late_refusals_nothing_of_the_batch_is_kept(org: Org, admin: Caller) -> None:
    def refuse_first(batch: Batch) -> None:
        batch.rows[0].refuse("FIELD_CUSTOM_VALIDATION_EXCEPTION", "No.")

    org.hooks.join(Moment.AFTER_TRIGGERS, refuse_first)
    results = org.dml.insert(admin, "Sample__c", [{} for _ in range(5)])
    late = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "No.", ())
    retries = "Too many batch retries in the presence of Apex triggers and partial failures."
    assert [messages(result) for result in results] == [[late]] * 3 + [[("LIMIT_EXCEEDED", retries, ())]] * 2
    assert len(org.table("Sample__c")) == 0


@pytest.mark.parametrize("moment", Moment)
def test_hooks_see_the_row_as_it_was(org: Org, insert: Save, update: Save, moment: Moment) -> None:
    seen: list[tuple[Value, Value]] = []

    def note(batch: Batch) -> None:
        text = batch.table.reader("Text__c")
        seen.extend((None if row.before is None else text(row.before), text(row.content)) for row in batch.rows)

    org.hooks.join(moment, note)
    record_id = insert("Sample__c", Text__c="a").record_id
    update("Sample__c", record_id, Text__c="b")
    assert seen == [(None, "a"), ("a", "b")]


def test_a_hook_is_asked_again_whom_it_concerns_when_a_setting_is_another(org: Org, insert: Save) -> None:
    seen: list[str] = []
    org.hooks.join(
        Moment.AFTER_TRIGGERS,
        lambda batch: seen.append(batch.table.type.api_name),
        lambda _table: org.settings.get("Heard") is True,
    )
    insert("Sample__c", Text__c="a")
    org.settings["Heard"] = True
    insert("Sample__c", Text__c="b")
    assert seen == ["Sample__c"]


def test_a_hook_that_joins_later_takes_part_in_the_next_save_and_one_set_aside_does_not(org: Org, insert: Save) -> None:
    seen: list[int] = []
    insert("Sample__c", Text__c="a")
    org.hooks.join(Moment.BEFORE_TRIGGERS, lambda batch: seen.append(len(batch.rows)))
    with org.setup_writes():
        insert("Sample__c", Text__c="b")
    assert seen == []
    insert("Sample__c", Text__c="c")
    assert seen == [1]
