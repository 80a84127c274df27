"""Which sources a change concerns."""

from __future__ import annotations

import pytest

from orgtwin.metadata.relevance import Sources

TEXTS = {
    "Base": "public class Base {}",
    "Handler": "public class Handler extends Base {}",
    "Things.trigger": "trigger Things on Thing__c (before insert) { new Handler(); }",
    "ThingTest": "@IsTest class ThingTest { static void t() { insert new Thing__c(); } }",
    "DynamicTest": "@IsTest class DynamicTest { static void t() { Type.forName('Base'); } }",
    "Lonely": "public class Lonely {}",
    "Told": "public class Told {}",
}


@pytest.mark.parametrize(
    ("changed", "concerned"),
    [
        ("Base", {"Base", "Handler", "Things.trigger", "ThingTest", "DynamicTest"}),
        ("Things.trigger", {"Things.trigger", "ThingTest"}),
        ("Lonely", {"Lonely"}),
        ("ThingTest", {"ThingTest"}),
        ("Gone", set()),
        ("Told", set(TEXTS)),
    ],
)
def test_a_change_concerns_whatever_reaches_it_by_names(changed: str, concerned: set[str]) -> None:
    assert Sources(TEXTS, metadata=["<apexClass>Told</apexClass>"]).concerned_by({changed}) == concerned
