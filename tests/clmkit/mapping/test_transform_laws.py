"""The laws of the transform table, for any input: no transform raises, and what is not lossy comes back."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clmkit.mapping.model import FieldKind, FieldType, OrgCurrency
from clmkit.mapping.transforms import TRANSFORMS, Transform, convert
from clmkit.mapping.values.equality import normal
from clmkit.mapping.values.outcome import Refusal, Target, Value

EARLIEST = datetime.datetime.fromisoformat("1700-01-03")  # a day inside the range, whatever the offset
LATEST = datetime.datetime.fromisoformat("3999-12-29")
PICKLIST = {"days": "Days", "months": "Months", "a b": "AB", "other": "AB"}
ROWS = pytest.mark.parametrize("row", TRANSFORMS.values(), ids=TRANSFORMS)

SHAPES = tuple(
    FieldType(kind=kind, length=64 if kind is FieldKind.TEXT else 0, precision=9, scale=scale, rounding=rounding)
    for kind in FieldKind
    for scale in (0, 3)
    for rounding in ("exact", "half_up")
)

TOKENS = """7/22/2019 [] ; , / - : perpetual successive succesive 1 10 four year years month (6) (30) thirty days day week T Z
2019-07-22 14:30 +05:00 -05:00 $ 1,200.50 0.005 -3 USD yes no true a@b.co https://x.y é"""
PIECES = st.sampled_from([*TOKENS.split(), "[ ]", "\U0001f600", "\ud800", "\x00", "\t", "\n", ""])
MESSY_TEXT = st.one_of(
    st.text(max_size=80), st.lists(PIECES, max_size=6).map("".join), st.lists(PIECES, max_size=6).map(" ".join)
)
ANY_VALUE = st.recursive(
    st.one_of(MESSY_TEXT, st.booleans(), st.none(), st.integers(), st.floats(), st.decimals()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=2)),
    max_leaves=4,
)


def target(shape: FieldType) -> Target:
    return Target(shape, PICKLIST, "map", OrgCurrency(code="USD", multi=False), "USD")


@ROWS
@settings(max_examples=60, deadline=None)
@given(value=ANY_VALUE, shape=st.sampled_from(SHAPES))
def test_no_transform_raises_and_every_refusal_has_a_reason(row: Transform, value: object, shape: FieldType) -> None:
    outcome = convert(row.name, value, target(shape))
    assert isinstance(outcome, Value) or outcome.reason.endswith(".")


@ROWS
@settings(max_examples=60, deadline=None)
@given(value=ANY_VALUE, data=st.data())
def test_what_is_written_is_read_back_the_same(row: Transform, value: object, data: st.DataObject) -> None:
    """forward(inverse(v)) is v for every v that forward produced; without losses inverse(forward(x)) is x, too."""
    shape = data.draw(st.sampled_from([shape for shape in SHAPES if shape.kind in row.fills]))
    outcome = convert(row.name, value, target(shape))
    if row.inverse is None or isinstance(outcome, Refusal):
        return
    back = row.inverse(outcome.value, target(shape))
    again = convert(row.name, back, target(shape))
    assert isinstance(again, Value)
    assert normal(shape.kind, again.value) == normal(shape.kind, outcome.value)
    if not row.loses and isinstance(value, str) and value.strip():
        assert back == value.strip()


@settings(deadline=None)
@given(date=st.dates(datetime.date(1700, 1, 1), datetime.date(4000, 12, 31)))
def test_every_day_that_salesforce_keeps_is_read_in_both_spellings(date: datetime.date) -> None:
    day = target(FieldType(kind=FieldKind.DATE))
    assert convert("us_date", f"{date.month}/{date.day}/{date.year}", day) == Value(date.isoformat())
    assert convert("us_date", date.isoformat(), day) == Value(date.isoformat())


@settings(deadline=None)
@given(number=st.decimals(min_value=-999999, max_value=999999, places=3))
def test_a_number_that_fits_is_kept_to_the_last_digit(number: Decimal) -> None:
    shape = FieldType(kind=FieldKind.NUMBER, precision=9, scale=3)
    assert convert("decimal", f"{number}", target(shape)) == Value(number)


@given(
    instant=st.datetimes(EARLIEST, LATEST),
    minutes=st.integers(-1439, 1439),
)
def test_an_instant_is_the_same_instant_in_salesforce(instant: datetime.datetime, minutes: int) -> None:
    zoned = instant.replace(tzinfo=datetime.timezone(datetime.timedelta(minutes=minutes)))
    outcome = convert("instant", zoned.isoformat(), target(FieldType(kind=FieldKind.DATETIME)))
    assert isinstance(outcome, Value)
    assert datetime.datetime.fromisoformat(str(outcome.value)) == zoned.replace(
        microsecond=zoned.microsecond // 1000 * 1000
    )
