"""What is written in the form of the user's locale is refused by name for the locales that the twin does not know."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.orgtwin.apex.small_org import SmallOrg

from orgtwin.apex.engine import Engine
from orgtwin.errors import Unsupported

OF_DATES = {
    "Date.format": "Date.newInstance(2024, 5, 15).format()",
    "Date.parse": "Date.parse('5/15/2024')",
    "Date.toStartOfWeek": "Date.newInstance(2024, 5, 15).toStartOfWeek()",
    "Datetime.format": "Datetime.newInstance(0L).format()",
    "Datetime.formatLong": "Datetime.newInstance(0L).formatLong()",
    "Datetime.parse": "Datetime.parse('5/15/2024, 10:00 AM')",
}
OF_NUMBERS = {
    "Decimal.format": "(1234.5).format()",
    "Double.format": "(1234.5d).format()",
    "Integer.format": "(1234).format()",
    "Long.format": "(1234L).format()",
}


def engine_for(locale: str) -> Engine:
    org = SmallOrg()
    org._user = replace(org._user, locale=locale)
    return Engine(org)


@pytest.mark.parametrize("shown", [*OF_DATES, *OF_NUMBERS])
def test_a_text_in_the_users_locale_is_refused_by_name_for_a_german(shown: str) -> None:
    with pytest.raises(Unsupported) as refusal:
        engine_for("de_DE").run_anonymous(f"Object o = {(OF_DATES | OF_NUMBERS)[shown]};")
    assert refusal.value.ledger_key == "apex.format-locale"
    assert f"{shown} for a user of the locale de_DE in Apex" in str(refusal.value)


def test_numbers_are_written_in_britain_as_in_america() -> None:
    engine = engine_for("en_GB")
    assert engine.run_anonymous("System.debug((1234567.5).format());") == []
    assert engine.debug_log == ["1,234,567.5"]
