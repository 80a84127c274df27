"""What a statement inside a trigger may do with the records that the trigger is about, and which row an exception names."""

from __future__ import annotations

import pytest
from tests.orgtwin.apex.live_org import LiveOrg

CAUGHT = "try {{ {} System.debug('went through'); }} catch (Exception e) {{ System.debug(e.getMessage()); }}"
CASES = {
    "own rows, copied": (
        "before insert",
        "insert new List<Account>(Trigger.new);",
        "DML statement cannot operate on trigger.new or trigger.old",
    ),
    "own rows after": (
        "after insert",
        "delete Trigger.new;",
        "DML statement cannot operate on trigger.new or trigger.old",
    ),
    "the same record, while it is updated": (
        "before update",
        "update new Account(Id = Trigger.new[0].Id, Name = 'other');",
        "Update failed. First exception on row 0 with id ID18; first error: SELF_REFERENCE_FROM_TRIGGER, Object (id = ID15)"
        " is currently in trigger T, therefore it cannot recursively update itself: []",
    ),
    "the same record, while it is deleted": (
        "before delete",
        "delete new Account(Id = Trigger.old[0].Id);",
        "Delete failed. First exception on row 0 with id ID18; first error: SELF_REFERENCE_FROM_TRIGGER, Object (id = ID15)"
        " is currently in trigger T, therefore it cannot recursively delete itself: []",
    ),
    "another record": ("before delete", "insert new Contact(LastName = 'x');", "went through"),
}


@pytest.mark.parametrize(("event", "statement", "said"), CASES.values(), ids=CASES.keys())
def test_a_trigger_leaves_its_own_records_to_the_save(event: str, statement: str, said: str) -> None:
    live = LiveOrg(T=f"trigger T on Account ({event}) {{ {CAUGHT.format(statement)} }}")
    log = live.run(
        "Account a = new Account(Name = 'a'); insert a; a.Name = 'b'; update a; delete a; System.debug(a.Id);"
    )
    record_id = log[-1]
    assert log[:-1] == [said.replace("ID18", record_id).replace("ID15", record_id[:15])]


def test_an_exception_names_the_rows_that_were_wrong_not_those_taken_back_with_them() -> None:
    log = LiveOrg().run(
        """try { insert new List<Account>{ new Account(Name = 'a'), new Account(), new Account(Name = 'c') }; }
        catch (DmlException e) { System.debug(e.getMessage()); System.debug(e.getNumDml() + ' ' + e.getDmlIndex(0)); }
        System.debug([SELECT COUNT() FROM Account]);"""
    )
    assert log == [
        "Insert failed. First exception on row 1; first error: REQUIRED_FIELD_MISSING, Required fields are missing: [Name]: [Name]",
        "1 1",
        "0",
    ]
