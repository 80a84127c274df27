"""A row is written by a plan compiled for its keys, which remembers what values mean: it says what each field says alone."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgtwin.errors import SalesforceError, SaveError
from orgtwin.org import Org
from orgtwin.records.coerce import RowRefused, compile_coercer
from orgtwin.records.columns import compile_readers
from orgtwin.records.model import Row, Value
from orgtwin.records.saving import Operation
from orgtwin.records.sheet import Sheet
from orgtwin.records.writer import Writer
from orgtwin.schema.model import Field, FieldType
from orgtwin.seed import administrator, new_org

from .conftest import SAMPLE, SAMPLE_FIELDS

FIELDS = {f.api_name: f for f in SAMPLE_FIELDS if f.createable and f.type is not FieldType.REFERENCE}
Outcome = tuple[dict[str, Value], list[SaveError], str]

TEXTS = st.one_of(
    st.sampled_from(["", " ", "#N/A", "1", "1.0", "01", "-0", "1e3", "9999", "10000", "NaN", "Infinity", "true", "FALSE"]),
    st.sampled_from(["2024-02-29", "2023-02-29", "2024-W09-4", "2024-02-29T23:59:59.999Z", "2024-03-01T01:00:00+0100", "T"]),
    st.sampled_from(["23:59:59.000Z", "25:00:00", "a@b.co", "nobody", "Red", " Red ", "Mauve", "Puce", "Green;Red;Green", ";"]),
    st.text(max_size=12),
)  # fmt: skip
JSON = st.one_of(
    TEXTS,
    st.none(),
    st.booleans(),
    st.integers(-(10**19), 10**19),
    st.integers(-2, 2),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, 1.0, -1.0, 0.1, 1e15, [], [1], {}, {"a": None}]),
)


def rows_of(values: st.SearchStrategy[object]) -> st.SearchStrategy[list[dict[str, object]]]:
    """Rows of any of the fields, in any order; the same keys and values are likely to come again."""
    row = st.permutations(sorted(FIELDS)).flatmap(
        lambda names: st.dictionaries(st.sampled_from(names), values, max_size=6)
    )
    return st.lists(row, max_size=4).map(lambda rows: rows + [dict(reversed(row.items())) for row in rows] + rows)


@cache
def sample_org() -> Org:
    org = new_org()
    org.replace_schema(org.schema.with_types([SAMPLE]))
    return org


def new_writer(*, text: bool) -> Writer:
    org = sample_org()
    admin = administrator(org)
    return Writer(org, org.table("Sample__c"), Operation.INSERT, lambda name: org.access.grant(admin, name), text=text)


def by_plan(writer: Writer, wire: Mapping[str, object]) -> Outcome:
    table = sample_org().table("Sample__c")
    content = Row([None] * table.width)
    try:
        errors = writer.write(wire, content)
    except SalesforceError as error:
        return {}, [], str(error)
    return {name: table.reader(name)(content) for name in wire} if not errors else {}, errors, ""


def field_by_field(wire: Mapping[str, object], *, text: bool) -> Outcome:
    """Each value by a coercer that has never seen another one."""
    values: dict[str, Value] = {}
    errors: list[SaveError] = []
    for name, value in wire.items():
        f: Field = FIELDS[name]
        values[name] = False if f.type is FieldType.BOOLEAN else None
        if text and value == "":
            continue
        try:
            values[name] = compile_coercer(f, text=text)(value)
        except RowRefused as refusal:
            errors.append(refusal.error)
        except SalesforceError as error:
            return {}, [], str(error)
    return {} if errors else values, errors, ""


def typed(outcome: Outcome) -> tuple[dict[str, tuple[type, str]], list[SaveError], str]:
    """1, 1.0 and true are equal, but not the same value."""
    values, errors, refusal = outcome
    return {name: (type(value), repr(value)) for name, value in values.items()}, errors, refusal


@given(rows_of(JSON))
def test_a_json_row_is_written_as_its_fields_are_one_by_one(rows: list[dict[str, object]]) -> None:
    writer = new_writer(text=False)
    for wire in rows:
        assert typed(by_plan(writer, wire)) == typed(field_by_field(wire, text=False))


@given(rows_of(TEXTS))
def test_a_csv_row_is_written_as_its_fields_are_one_by_one(rows: list[dict[str, object]]) -> None:
    writer = new_writer(text=True)
    for wire in rows:
        assert typed(by_plan(writer, wire)) == typed(field_by_field(wire, text=True))


def sheets_of(values: st.SearchStrategy[object]) -> st.SearchStrategy[Sheet]:
    """Rows of the same keys, in any order."""
    names = st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=4, unique=True).map(tuple)
    return names.flatmap(
        lambda keys: st.builds(
            Sheet, st.just(keys), st.lists(st.tuples(*[values for _ in keys]), min_size=1, max_size=6)
        )
    )


@pytest.mark.parametrize(("text", "values"), [(True, TEXTS), (False, JSON)])
@pytest.mark.parametrize("remembered", [0, 1024])
def test_rows_of_the_same_keys_are_written_at_once_as_they_are_one_by_one(
    text: bool, values: st.SearchStrategy[object], remembered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orgtwin.records.known_values.MOST", remembered)

    @given(sheets_of(values))
    def each_row_holds_the_same(sheet: Sheet) -> None:
        width = sample_org().table("Sample__c").width
        contents = [Row([None] * width) for _ in sheet]
        alone = [by_plan(new_writer(text=text), wire) for wire in sheet]
        together = new_writer(text=text).try_write_columns(sheet, contents)
        assert together == all(not errors and not refusal for _, errors, refusal in alone)
        if together:
            read = [
                {name: sample_org().table("Sample__c").reader(name)(row) for name in sheet.keys} for row in contents
            ]
            assert [typed((row, [], "")) for row in read] == [typed(outcome) for outcome in alone]

    each_row_holds_the_same()


def test_a_column_of_many_different_values_is_read_without_remembering_them() -> None:
    fields = {name: FIELDS[name] for name in ("Text__c", "Number__c")}
    for name, f in fields.items():
        _one, many = compile_readers(f, text=True)
        for start in range(0, 3_000, 100):
            cells = [str(Decimal(number) / 10) for number in range(start, start + 100)]
            wanted: list[Value] = list(cells) if name == "Text__c" else [Decimal(cell) for cell in cells]
            assert list(many(cells)) == wanted


@pytest.mark.parametrize("name", [name for name, f in FIELDS.items() if f.type is not FieldType.BOOLEAN])
def test_null_and_the_empty_string_clear_every_field_but_a_checkbox(name: str) -> None:
    coerce = compile_coercer(FIELDS[name], text=False)
    assert [coerce(None), coerce("")] == [None, None]
    assert compile_coercer(FIELDS[name], text=True)("#N/A") is None


@pytest.mark.parametrize(("text", "value"), [(False, None), (False, ""), (True, "#N/A")])
def test_a_checkbox_cannot_be_cleared(text: bool, value: object) -> None:
    with pytest.raises(RowRefused) as refusal:
        compile_coercer(FIELDS["Flag__c"], text=text)(value)
    assert refusal.value.error == SaveError(
        "INVALID_TYPE_ON_FIELD_IN_RECORD", "Flag: value not of required type: ", ("Flag__c",)
    )


def test_values_that_are_equal_in_python_are_told_apart() -> None:
    writer = new_writer(text=False)
    seen = [by_plan(writer, {"Number__c": value}) for value in (1, 1.0, "1")]
    assert [str(values["Number__c"]) for values, _, _ in seen] == ["1", "1.0", "1"]
    assert by_plan(writer, {"Number__c": True})[2].startswith(
        "JSON_PARSER_ERROR: Cannot deserialize instance of double"
    )


def test_more_values_than_are_remembered_are_still_what_they_say() -> None:
    writer = new_writer(text=True)
    for round_ in range(2):
        for number in range(1_500):
            values, errors, refusal = by_plan(writer, {"Whole__c": str(number), "Text__c": f"t{number}"})
            assert (values, errors, refusal, round_ < 2) == (
                {"Whole__c": number, "Text__c": f"t{number}"},
                [],
                "",
                True,
            )


def test_a_week_date_is_no_date() -> None:
    values, _, refusal = by_plan(new_writer(text=False), {"Day__c": "2024-W09-4"})
    assert not values
    assert refusal.startswith(
        "JSON_PARSER_ERROR: Cannot deserialize instance of date from VALUE_STRING value 2024-W09-4"
    )


@pytest.mark.parametrize("text", ["1e999999999", "-1e999999999"])
def test_a_number_of_a_billion_digits_is_out_of_range(text: str) -> None:
    _, (error,), _ = by_plan(new_writer(text=False), {"Whole__c": text})
    assert error.message == f"Whole: value outside of valid range on numeric field: {text}"
