"""TRANSFORMS: every conversion a spec may name, one row each. The reference in docs is generated from this table.

A row's law, shown by property tests:
    forward never raises; it answers a Value or a Refusal with its reason
    without `loses`: inverse(forward(x)) == x for every x that forward accepts in trimmed form
    with an inverse: forward(inverse(v)) == v for every v that forward can produce
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clmkit.mapping.model import FieldKind
from clmkit.mapping.values import dates, durations, numbers, picklists, text
from clmkit.mapping.values.outcome import Outcome, SalesforceValue, Target, Value

Forward = Callable[[object, Target], Outcome]
Inverse = Callable[[SalesforceValue, Target], object]

TEXTUAL = frozenset(
    {FieldKind.TEXT, FieldKind.TEXT_AREA, FieldKind.LONG_TEXT, FieldKind.HTML, FieldKind.ENCRYPTED_TEXT}
)
NUMERIC = frozenset({FieldKind.NUMBER, FieldKind.CURRENCY, FieldKind.PERCENT})
REFERENCES = frozenset({FieldKind.LOOKUP, FieldKind.MASTER_DETAIL})


@dataclass(frozen=True, slots=True)
class Transform:
    """One conversion. `inverse` None: one-way. `loses`: what the way there does not keep; empty when it keeps everything."""

    name: str
    fills: frozenset[FieldKind]
    accepts: str
    refuses: str
    forward: Forward
    inverse: Inverse | None
    loses: str = ""


_ROWS = (
    Transform(
        "text",
        TEXTUAL | REFERENCES | {FieldKind.PHONE, FieldKind.URL, FieldKind.EMAIL},
        "text or a number",
        "text longer than the field, line breaks in a one-line field, control characters",
        text.fit_text,
        text.same,
    ),
    Transform(
        "one_line",
        TEXTUAL,
        "text; runs of spaces and line breaks become one space",
        "text longer than the field",
        text.fit_one_line,
        text.same,
        "line breaks and repeated spaces",
    ),
    Transform(
        "single_answer",
        TEXTUAL,
        "one answer as text: New York",
        "several answers: England; Wales",
        text.fit_single,
        text.same,
        "line breaks and repeated spaces",
    ),
    Transform(
        "email",
        frozenset({FieldKind.EMAIL, FieldKind.TEXT}) | REFERENCES,
        "an email address",
        "anything else, and more than the field's length",
        text.fit_email,
        text.same,
    ),
    Transform(
        "url",
        frozenset({FieldKind.URL, FieldKind.TEXT}),
        "a web address with http:// or https://",
        "anything else, and more than the field's length",
        text.fit_url,
        text.same,
    ),
    Transform(
        "phone",
        frozenset({FieldKind.PHONE, FieldKind.TEXT}),
        "a telephone number",
        "anything else",
        text.fit_phone,
        text.same,
    ),
    Transform(
        "sha256",
        frozenset({FieldKind.TEXT}),
        "64 lower-case hexadecimal digits",
        "anything else",
        text.fit_sha256,
        text.same,
    ),
    Transform(
        "boolean",
        frozenset({FieldKind.CHECKBOX}),
        "true, false, yes, no",
        "anything else",
        text.to_boolean,
        text.same,
        "the spelling of yes and no",
    ),
    Transform(
        "iso_date",
        frozenset({FieldKind.DATE}),
        "2019-07-22",
        "other forms, days that do not exist, years before 1700",
        dates.read_iso_date,
        dates.to_clm_text,
    ),
    Transform(
        "us_date",
        frozenset({FieldKind.DATE}),
        "7/22/2019, 07/22/2019, 2019-07-22",
        "blanks ([]/[]/2020), two answers (7/22/2019; 7/22/2022), years of two digits",
        dates.read_us_date,
        dates.to_clm_text,
        "the spelling of the date: the CLM gets 2019-07-22 back",
    ),
    Transform(
        "instant",
        frozenset({FieldKind.DATETIME}),
        "2019-07-22T14:30:00Z, or with an offset",
        "times without a zone",
        dates.read_instant,
        dates.to_clm_text,
        "the offset and the microseconds: Salesforce keeps UTC and milliseconds",
    ),
    Transform(
        "date_of_instant",
        frozenset({FieldKind.DATE}),
        "2019-07-22T23:30:00-05:00 becomes 2019-07-22",
        "times without a zone",
        dates.read_date_of_instant,
        None,
        "the time of day",
    ),
    Transform(
        "time_of_day",
        frozenset({FieldKind.TIME}),
        "14:30, 14:30:00",
        "anything else",
        dates.read_time,
        dates.to_clm_text,
        "the spelling of the time",
    ),
    Transform(
        "decimal",
        NUMERIC,
        "120000.00",
        "thousands separators, currency signs, more decimals than the field without a rounding rule",
        numbers.read_decimal,
        numbers.write_number,
        "zeros at the end",
    ),
    Transform(
        "money",
        frozenset({FieldKind.CURRENCY}),
        "120000.00 beside the org's currency code",
        "amounts in another currency; as decimal",
        numbers.read_money,
        numbers.write_number,
        "zeros at the end",
    ),
    Transform(
        "fraction_as_percent",
        frozenset({FieldKind.PERCENT}),
        "0.05 becomes 5",
        "as decimal",
        numbers.read_fraction_as_percent,
        numbers.write_percent_as_fraction,
        "zeros at the end",
    ),
    Transform(
        "picklist",
        frozenset({FieldKind.PICKLIST}),
        "a value of the field's value map",
        "every other value",
        picklists.read_picklist,
        picklists.write_picklist,
        "which of several CLM values stood there, when a map joins them",
    ),
    Transform(
        "multipicklist",
        frozenset({FieldKind.MULTIPICKLIST}),
        "a list of values of the map, or text joined with ;",
        "every other value",
        picklists.read_multipicklist,
        picklists.write_multipicklist,
        "the order: Salesforce keeps none",
    ),
    Transform(
        "duration_in_days",
        frozenset({FieldKind.NUMBER}),
        "60 days, thirty (30) days, 2 weeks",
        "months, two answers",
        durations.read_days,
        durations.write_days,
        "the spelling of the duration",
    ),
    Transform(
        "duration_in_months",
        frozenset({FieldKind.NUMBER}),
        "6 months, (6) months, 1 year, 4 years, 6 months",
        "days, two answers",
        durations.read_months,
        durations.write_months,
        "the spelling of the duration",
    ),
    Transform(
        "duration_amount",
        frozenset({FieldKind.NUMBER}),
        "60 days gives 60, 1 year gives 12",
        "months and days mixed, two answers",
        durations.read_amount,
        None,
        "what the number counts: duration_unit keeps it",
    ),
    Transform(
        "duration_unit",
        frozenset({FieldKind.PICKLIST}),
        "60 days gives days, 1 year gives months",
        "months and days mixed, two answers",
        durations.read_unit,
        None,
        "the number: duration_amount keeps it",
    ),
    Transform(
        "renewal_in_months",
        frozenset({FieldKind.NUMBER}),
        "1 year, successive 1 year, four successive 10 years",
        "days, two answers",
        durations.read_renewal_months,
        None,
        "how often: renewal_times keeps it",
    ),
    Transform(
        "renewal_times",
        frozenset({FieldKind.NUMBER}),
        "four successive 10 years gives 4, 1 year gives 1, successive 1 year gives nothing",
        "two answers",
        durations.read_renewal_times,
        None,
        "how long: renewal_in_months keeps it",
    ),
    Transform(
        "renewal_unlimited",
        frozenset({FieldKind.CHECKBOX}),
        "successive 1 year and perpetual give yes, 1 year gives no",
        "two answers",
        durations.read_renewal_unlimited,
        None,
        "how long: renewal_in_months keeps it",
    ),
)

TRANSFORMS = {row.name: row for row in _ROWS}

DEFAULT_TRANSFORM = {
    FieldKind.TEXT: "text",
    FieldKind.TEXT_AREA: "text",
    FieldKind.LONG_TEXT: "text",
    FieldKind.HTML: "text",
    FieldKind.NUMBER: "decimal",
    FieldKind.CURRENCY: "money",
    FieldKind.PERCENT: "decimal",
    FieldKind.CHECKBOX: "boolean",
    FieldKind.DATE: "iso_date",
    FieldKind.DATETIME: "instant",
    FieldKind.TIME: "time_of_day",
    FieldKind.URL: "url",
    FieldKind.EMAIL: "email",
    FieldKind.PHONE: "phone",
    FieldKind.PICKLIST: "picklist",
    FieldKind.MULTIPICKLIST: "multipicklist",
    FieldKind.LOOKUP: "text",
    FieldKind.MASTER_DETAIL: "text",
    FieldKind.ENCRYPTED_TEXT: "text",
}
"""What a field gets when the spec names no transform, by the kind of its values."""


def default_transform(kind: FieldKind) -> str:
    """`text` stands for kinds that the sync does not fill; a rule refuses a CLM path on them."""
    return DEFAULT_TRANSFORM.get(kind, "text")


def convert(transform: str, value: object, target: Target) -> Outcome:
    """The Salesforce value of a CLM value, or the reason why there is none. Nothing (None) stays nothing."""
    return Value(None) if value is None else TRANSFORMS[transform].forward(value, target)
