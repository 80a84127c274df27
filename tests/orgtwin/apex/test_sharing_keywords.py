"""Which records code sees: with, without, inherited and no sharing keyword.

Source: "Use the with sharing, without sharing, and inherited sharing Keywords" (Apex Developer Guide).
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.orgtwin.apex.live_org import LiveOrg

COUNT = "public static Integer count() { return [SELECT COUNT() FROM Account]; }"
CLASSES = {
    "Bound": f"public with sharing class Bound {{ {COUNT} public static Integer silent() {{ return Silent.count(); }}"
    " public static Integer inherits() { return Inherits.count(); } public static Integer free() { return Free.count(); } }",
    "Free": f"public without sharing class Free {{ {COUNT} public static Integer silent() {{ return Silent.count(); }}"
    " public static Integer inherits() { return Inherits.count(); } public static Integer bound() { return Bound.count(); } }",
    "Silent": f"public class Silent {{ {COUNT} public static Integer inherits() {{ return Inherits.count(); }} }}",
    "Inherits": f"public inherited sharing class Inherits {{ {COUNT} }}",
    "Child": "public class Child extends Parent { }",
    "Parent": f"public virtual with sharing class Parent {{ {COUNT} }}",
}
SEEN = {
    "Bound.count()": 0,
    "Free.count()": 1,
    "Bound.silent()": 0,
    "Free.silent()": 1,
    "Bound.inherits()": 0,
    "Free.inherits()": 1,
    "Bound.free()": 1,
    "Free.bound()": 0,
    "Child.count()": 0,
}


USER = """insert new User(LastName = 'Ada', Alias = 'ada', Username = 'ada@small.example', Email = 'ada@small.example',
    EmailEncodingKey = 'UTF-8', LanguageLocaleKey = 'en_US', LocaleSidKey = 'en_US', TimeZoneSidKey = 'GMT',
    ProfileId = [SELECT Id FROM Profile WHERE Name = 'Minimum Access - Salesforce'].Id);"""


@pytest.fixture(scope="module")
def org() -> LiveOrg:
    """An org whose accounts are private, with one account of the administrator, and a user who may read accounts."""
    live = LiveOrg(**CLASSES)
    live.run(USER)
    account = live.org.schema.find_type("Account")
    assert account is not None
    live.org.replace_schema(live.org.schema.with_types([replace(account, sharing_model="Private")]))
    assert live.insert("Account", {"Name": "Acme"})[0].success
    return live


@pytest.mark.parametrize("call", SEEN)
def test_the_innermost_class_with_a_keyword_decides(org: LiveOrg, call: str) -> None:
    source = f"public class Asks {{ public static Integer ask() {{ return {call}; }} }}"
    assert org.engine.load({"Asks": source}) == []
    cls = org.engine.find_class("Asks")
    assert cls is not None
    before = org.engine.port.run_as(other_user(org))
    try:
        with org.engine.new_transaction():
            assert cls.find_methods("ask")[0].call() == SEEN[call]
    finally:
        org.engine.port.run_as(before.user_id)


def other_user(org: LiveOrg) -> str:
    """A user without any right of her own."""
    table = org.org.table("User")
    username = table.reader("Username")
    return next(str(row[0]) for row in table.rows() if username(row) == "ada@small.example")


def test_a_trigger_is_not_bound_by_sharing_and_anonymous_apex_is(org: LiveOrg) -> None:
    trigger = "trigger Sees on Contact (before insert) { System.debug([SELECT COUNT() FROM Account]); }"
    org.load(Sees=trigger)
    before = org.engine.port.run_as(other_user(org))
    try:
        assert org.run("System.debug([SELECT COUNT() FROM Account]); insert new Contact(LastName = 'Ada');") == [
            "0",
            "1",
        ]
    finally:
        org.engine.port.run_as(before.user_id)
