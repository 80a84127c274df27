"""Every transform by case rows: what it accepts, and the whole reason when it refuses."""

from __future__ import annotations

from decimal import Decimal

import pytest

from clmkit.mapping.model import FieldKind, FieldType, OrgCurrency
from clmkit.mapping.transforms import DEFAULT_TRANSFORM, TRANSFORMS, convert
from clmkit.mapping.values.outcome import Refusal, SalesforceValue, Target, Value
from clmkit.mapping.values.text import FIXED_LENGTHS, length_of

NUMBER = FieldType(kind=FieldKind.NUMBER, precision=4, scale=0)
MONEY = FieldType(kind=FieldKind.CURRENCY, precision=8, scale=2, currency_code="currency")
ROUNDED = FieldType(kind=FieldKind.NUMBER, precision=6, scale=2, rounding="half_up")
EVEN = FieldType(kind=FieldKind.NUMBER, precision=6, scale=2, rounding="half_even")
LAWS = {"New York": "New York", "England; Wales": "England and Wales", "England": "England and Wales"}

TARGETS = {
    "text": Target(FieldType(kind=FieldKind.TEXT, length=20)),
    "long": Target(FieldType(kind=FieldKind.LONG_TEXT, length=256)),
    "url": Target(FieldType(kind=FieldKind.URL)),
    "email": Target(FieldType(kind=FieldKind.EMAIL)),
    "phone": Target(FieldType(kind=FieldKind.PHONE)),
    "hash": Target(FieldType(kind=FieldKind.TEXT, length=64)),
    "check": Target(FieldType(kind=FieldKind.CHECKBOX)),
    "date": Target(FieldType(kind=FieldKind.DATE)),
    "datetime": Target(FieldType(kind=FieldKind.DATETIME)),
    "time": Target(FieldType(kind=FieldKind.TIME)),
    "number": Target(NUMBER),
    "rounded": Target(ROUNDED),
    "even": Target(EVEN),
    "percent": Target(FieldType(kind=FieldKind.PERCENT, precision=5, scale=2)),
    "usd": Target(MONEY, code="USD"),
    "eur": Target(MONEY, code="EUR"),
    "eur in a multi-currency org": Target(MONEY, currency=OrgCurrency(code="USD", multi=True), code="EUR"),
    "no code": Target(MONEY),
    "law": Target(FieldType(kind=FieldKind.PICKLIST, value_map="governing_law"), LAWS, "governing_law"),
    "laws": Target(FieldType(kind=FieldKind.MULTIPICKLIST, value_map="governing_law"), LAWS, "governing_law"),
    "unit": Target(FieldType(kind=FieldKind.PICKLIST), {"days": "Days", "months": "Months"}, "unit"),
}

ACCEPTED: tuple[tuple[str, str, object, SalesforceValue], ...] = (
    ("text", "text", "  New York  ", "New York"),
    ("text", "text", 42, "42"),
    ("text", "text", "x" * 20, "x" * 20),
    ("text", "text", "   ", None),
    ("text", "long", "one\ntwo", "one\ntwo"),
    ("one_line", "text", "AMENDMENT NO. 1\n\n  TO", "AMENDMENT NO. 1 TO"),
    ("single_answer", "text", "New York", "New York"),
    ("email", "email", "ana.o'neil@example.co.uk", "ana.o'neil@example.co.uk"),
    ("url", "url", "https://clm.example.com/d/1?x=y", "https://clm.example.com/d/1?x=y"),
    ("phone", "phone", "+1 (212) 555-0100 ext. 7", "+1 (212) 555-0100 ext. 7"),
    ("sha256", "hash", "0f" * 32, "0f" * 32),
    ("boolean", "check", True, True),
    ("boolean", "check", "No", False),
    ("iso_date", "date", "2020-02-29", "2020-02-29"),
    ("us_date", "date", "7/22/2019", "2019-07-22"),
    ("us_date", "date", " 07/04/1999 ", "1999-07-04"),
    ("us_date", "date", "2026-11-21", "2026-11-21"),
    ("us_date", "date", "2/29/2024", "2024-02-29"),
    ("us_date", "date", "12/31/1930", "1930-12-31"),
    ("instant", "datetime", "2019-07-22T23:30:00-05:00", "2019-07-23T04:30:00.000Z"),
    ("instant", "datetime", "2019-07-22T23:30Z", "2019-07-22T23:30:00.000Z"),
    ("instant", "datetime", "2019-07-22T23:30:00.123456Z", "2019-07-22T23:30:00.123Z"),
    ("date_of_instant", "date", "2019-07-22T23:30:00-05:00", "2019-07-22"),
    ("time_of_day", "time", "14:30", "14:30:00.000Z"),
    ("time_of_day", "time", "14:30:01.5", "14:30:01.500Z"),
    ("decimal", "number", "12.0", Decimal(12)),
    ("decimal", "rounded", "0.005", Decimal("0.01")),
    ("decimal", "even", "0.005", Decimal("0.00")),
    ("decimal", "number", -3, Decimal(-3)),
    ("money", "usd", "120000.50", Decimal("120000.50")),
    ("money", "usd", 0.1, Decimal("0.10")),
    ("money", "eur in a multi-currency org", "1", Decimal("1.00")),
    ("fraction_as_percent", "percent", "0.05", Decimal("5.00")),
    ("picklist", "law", "England; Wales", "England and Wales"),
    ("multipicklist", "laws", "England; New York", "New York;England and Wales"),
    ("multipicklist", "laws", ["New York", "England", "England; Wales"], "New York;England and Wales"),
    ("multipicklist", "laws", [], None),
    ("duration_in_days", "number", "60 days", Decimal(60)),
    ("duration_in_days", "number", "thirty (30) days", Decimal(30)),
    ("duration_in_days", "number", "2 weeks", Decimal(14)),
    ("duration_in_days", "number", "1 day", Decimal(1)),
    ("duration_in_months", "number", "(6) months", Decimal(6)),
    ("duration_in_months", "number", "3 Months", Decimal(3)),
    ("duration_in_months", "number", "5 year", Decimal(60)),
    ("duration_in_months", "number", "4 years, 6 months", Decimal(54)),
    ("duration_in_months", "number", "one year and six months", Decimal(18)),
    ("duration_amount", "number", "1 year", Decimal(12)),
    ("duration_amount", "number", "180 days", Decimal(180)),
    ("duration_unit", "unit", "1 year", "Months"),
    ("duration_unit", "unit", "180 days", "Days"),
    ("renewal_in_months", "number", "successive 1 year", Decimal(12)),
    ("renewal_in_months", "number", "Successive 1 year", Decimal(12)),
    ("renewal_in_months", "number", "succesive 1 year", Decimal(12)),
    ("renewal_in_months", "number", "four successive 10 years", Decimal(120)),
    ("renewal_in_months", "number", "4 years, 6 months", Decimal(54)),
    ("renewal_times", "number", "successive 1 year", None),
    ("renewal_times", "number", "four successive 10 years", Decimal(4)),
    ("renewal_times", "number", "10 successive 1 year", Decimal(10)),
    ("renewal_times", "number", "12 Months", Decimal(1)),
    ("renewal_unlimited", "check", "successive 5 year", True),
    ("renewal_unlimited", "check", "2 successive 10 years", False),
    ("renewal_unlimited", "check", "7 years", False),
    ("renewal_unlimited", "check", "perpetual", True),
)

TWO = "has two answers; the field holds one. Choose one in the CLM."
NO_LAW = "is not in the value map governing_law; add it there or correct it in the CLM."
GROUPED = "has a currency sign or thousands separators; write a plain number such as 120000.00."
NO_LENGTH = "is not a length of time such as 60 days, 6 months or 2 years."
NEITHER = "together are neither days nor months; the field counts one of them."
DATE_PARTS = "Salesforce needs day, month and year."
REFUSED: tuple[tuple[str, str, object, str], ...] = (
    ("text", "text", "x" * 21, '"xxxxxxxxxxxxxxxxxxxxx" has 21 characters; the field holds 20.'),
    ("text", "text", "\U0001f600" * 11, '"' + "\U0001f600" * 11 + '" has 22 characters; the field holds 20.'),
    ("text", "text", "one\ntwo", '"one two" runs over several lines; the field shows one.'),
    ("text", "text", "a\x07b", '"a?b" holds a control character that Salesforce cannot store.'),
    ("text", "text", ["a"], "The CLM sends a list of 1 where a single text is expected."),
    ("text", "text", {"a": 1}, "The CLM sends a group of values where a single text is expected."),
    ("text", "text", False, "The CLM sends no where a text is expected."),
    ("single_answer", "text", "England; Wales", f'"England; Wales" {TWO}'),
    ("email", "email", "ana at example", '"ana at example" is not an email address.'),
    ("email", "email", "a@b.co; c@d.co", f'"a@b.co; c@d.co" {TWO}'),
    ("url", "url", "ftp://x", '"ftp://x" is not a web address that starts with http:// or https://.'),
    ("phone", "phone", "call me", '"call me" is not a telephone number.'),
    ("sha256", "hash", "ABC", '"ABC" is not a SHA-256 in 64 lower-case hexadecimal digits.'),
    ("boolean", "check", "maybe", '"maybe" is neither yes nor no.'),
    ("iso_date", "date", "7/22/2019", '"7/22/2019" is not a date in the form 2019-07-22.'),
    ("iso_date", "date", "2019-02-29", '"2019-02-29" is not a day in the calendar.'),
    ("us_date", "date", "[]/[]/2020", f'"[]/[]/2020" leaves the month and the day blank; {DATE_PARTS}'),
    ("us_date", "date", "03/[]/2018", f'"03/[]/2018" leaves the day blank; {DATE_PARTS}'),
    ("us_date", "date", "09/14/200[]", f'"09/14/200[]" leaves the year blank; {DATE_PARTS}'),
    ("us_date", "date", "[ ]/[ ]/20[ ]", f'"[ ]/[ ]/20[ ]" leaves the month and the day and the year blank; {DATE_PARTS}'),
    ("us_date", "date", "[] 2020", f'"[] 2020" leaves a part of the date blank; {DATE_PARTS}'),
    ("us_date", "date", "7/22/2019; 7/22/2022", f'"7/22/2019; 7/22/2022" {TWO}'),
    ("us_date", "date", "perpetual", '"perpetual" is not a date in the form 7/22/2019 or 2019-07-22.'),
    ("us_date", "date", "7/22/19", '"7/22/19" has a year of two digits; write the century in the CLM.'),
    ("us_date", "date", "13/1/2019", '"13/1/2019" is not a day in the calendar.'),
    ("us_date", "date", "1/1/1492", '"1/1/1492" is outside the years 1700 to 4000 that Salesforce keeps.'),
    ("instant", "datetime", "2019-07-22T14:30", '"2019-07-22T14:30" names no time zone; write Z or an offset such as -05:00.'),
    ("instant", "datetime", "today", '"today" is not a time stamp in the form 2019-07-22T14:30:00Z.'),
    ("instant", "datetime", "2019-13-22T14:30:00Z", '"2019-13-22T14:30:00Z" is not a day and time in the calendar.'),
    ("instant", "datetime", "0001-01-01T00:00:00+23:59", '"0001-01-01T00:00:00+23:59" is not a day and time in the calendar.'),
    ("time_of_day", "time", "24:00", '"24:00" is not a time of day in the form 14:30.'),
    ("decimal", "number", "1,200", f'"1,200" {GROUPED}'),
    ("decimal", "number", "1.5", "1.5 has more than 0 decimals; the spec names no rounding."),
    ("decimal", "number", "12345", "12345 has more than 4 digits before the decimal point."),
    ("decimal", "number", float("nan"), '"nan" is not a plain number such as 120000.00.'),
    ("money", "eur", "10", 'The amount "10" is in EUR; this org keeps USD only.'),
    ("money", "no code", "10", 'The amount "10" stands without a currency code such as USD.'),
    ("money", "usd", "$1,200.00", f'"$1,200.00" {GROUPED}'),
    ("picklist", "law", "Virginia, Texas", f'"Virginia, Texas" {NO_LAW}'),
    ("picklist", "law", "Texas; Singapore; Belgium", f'"Texas; Singapore; Belgium" {TWO}'.replace("two", "three")),
    ("multipicklist", "laws", ["Ohio"], f'"Ohio" {NO_LAW}'),
    ("duration_in_days", "number", "6 months", "6 months is not a fixed number of days; the field counts days."),
    ("duration_in_days", "number", "60 days; 180 days", f'"60 days; 180 days" {TWO}'),
    ("duration_in_days", "number", "soon", f'"soon" {NO_LENGTH}'),
    ("duration_in_days", "number", "sixty (30) days", f'"sixty (30) days" {NO_LENGTH}'),
    ("duration_in_months", "number", "90 days", "90 days is not a whole number of months; the field counts months."),
    ("duration_amount", "number", "1 month and 3 days", f"1 month and 3 days {NEITHER}"),
    ("renewal_in_months", "number", "successive []", '"successive []" leaves the number blank.'),
    ("renewal_in_months", "number", "successive [] years", '"successive [] years" leaves the number blank.'),
    ("renewal_in_months", "number", "5 years; 2 years", f'"5 years; 2 years" {TWO}'),
    ("renewal_in_months", "number", "perpetual, 11/15/2014", f'"perpetual, 11/15/2014" {NO_LENGTH}'),
    ("one_line", "text", "x " * 11, '"x x x x x x x x x x x" has 21 characters; the field holds 20.'),
    ("date_of_instant", "date", "today", '"today" is not a time stamp in the form 2019-07-22T14:30:00Z.'),
    ("fraction_as_percent", "percent", "half", '"half" is not a plain number such as 120000.00.'),
    ("duration_unit", "unit", "3 days, 1 month", f"1 month and 3 days {NEITHER}"),
    ("renewal_unlimited", "check", "soon", f'"soon" {NO_LENGTH}'),
    ("renewal_times", "number", "several successive 1 year", '"several successive 1 year" does not say how often it renews.'),
)  # fmt: skip


@pytest.mark.parametrize(("transform", "target", "value", "expected"), ACCEPTED)
def test_a_value_that_is_accepted(transform: str, target: str, value: object, expected: SalesforceValue) -> None:
    assert convert(transform, value, TARGETS[target]) == Value(expected)


@pytest.mark.parametrize(("transform", "target", "value", "reason"), REFUSED)
def test_a_value_that_is_refused_with_its_reason(transform: str, target: str, value: object, reason: str) -> None:
    assert convert(transform, value, TARGETS[target]) == Refusal(reason)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_nothing_stays_nothing(transform: str) -> None:
    assert convert(transform, None, TARGETS["text"]) == Value(None)


def test_every_field_type_has_a_default_transform_that_fills_it() -> None:
    filled = {
        FieldType(kind=kind).value_kind for kind in FieldKind if not kind.is_computed and not kind.is_filled_elsewhere
    }
    assert set(DEFAULT_TRANSFORM) == filled
    assert {kind for kind in filled if kind in TRANSFORMS[DEFAULT_TRANSFORM[kind]].fills} == filled


def test_every_transform_has_an_accepted_and_a_refused_case() -> None:
    assert {row[0] for row in ACCEPTED} == set(TRANSFORMS)
    assert {row[0] for row in REFUSED} == set(TRANSFORMS)


def test_a_long_value_is_shown_with_its_cut() -> None:
    outcome = convert("text", "word " * 30, TARGETS["text"])
    assert outcome == Refusal(f'"{("word " * 12)[:57]}..." has 149 characters; the field holds 20.')


def test_lengths_count_utf_16_units() -> None:
    assert (length_of("é"), length_of("\U0001f600"), FIXED_LENGTHS[FieldKind.EMAIL]) == (1, 2, 80)
