from __future__ import annotations

from decimal import Decimal

import pytest

from clmkit.mapping.model import FieldKind
from clmkit.mapping.values.equality import normal

SAME: tuple[tuple[FieldKind, object, object], ...] = (
    (FieldKind.TEXT, "", None),
    (FieldKind.TEXT, "a ", "a"),
    (FieldKind.LONG_TEXT, "a\r\nb", "a\nb"),
    (FieldKind.CHECKBOX, None, False),
    (FieldKind.CHECKBOX, "true", True),
    (FieldKind.NUMBER, Decimal("12.00"), 12.0),
    (FieldKind.CURRENCY, Decimal("0.10"), 0.1),
    (FieldKind.CURRENCY, "1E+2", 100),
    (FieldKind.MULTIPICKLIST, "a;b", "b;a"),
    (FieldKind.DATETIME, "2019-07-22T23:30:00.000Z", "2019-07-22T23:30:00.000+0000"),
    (FieldKind.DATETIME, "2019-07-22T23:30:00.123Z", "2019-07-22T18:30:00.123-05:00"),
    (FieldKind.TIME, "14:30:00.000Z", "14:30:00"),
)

DIFFERENT: tuple[tuple[FieldKind, object, object], ...] = (
    (FieldKind.TEXT, "a", "A"),
    (FieldKind.NUMBER, None, 0),
    (FieldKind.NUMBER, "many", Decimal(1)),
    (FieldKind.CHECKBOX, True, False),
    (FieldKind.DATE, "2019-07-22", "2019-07-23"),
    (FieldKind.MULTIPICKLIST, "a;b", "a"),
    (FieldKind.DATETIME, "2019-07-22T23:30:00Z", "2019-07-22T23:30:01Z"),
    (FieldKind.DATETIME, "soon", "2019-07-22T23:30:01Z"),
)


@pytest.mark.parametrize(("kind", "ours", "theirs"), SAME)
def test_two_spellings_of_one_value(kind: FieldKind, ours: object, theirs: object) -> None:
    assert normal(kind, ours) == normal(kind, theirs)


@pytest.mark.parametrize(("kind", "ours", "theirs"), DIFFERENT)
def test_two_values(kind: FieldKind, ours: object, theirs: object) -> None:
    assert normal(kind, ours) != normal(kind, theirs)
