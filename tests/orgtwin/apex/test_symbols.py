"""The symbol table of a class: what it declares and where it uses it. Source: "SymbolTable" (Tooling API Developer Guide)."""

from __future__ import annotations

from typing import Any

import pytest

from orgtwin.apex.symbols import symbol_table

SOURCE = """public with sharing class Foo extends Base implements Queueable, Named {
  @TestVisible private static Integer total = 0;
  public Other helper { get; set; }
  public Foo(Integer start) { total = start; this.helper = new Other(); }
  public void execute(QueueableContext c) {
    Integer n = twice(total);
    Other o = helper;
    o.run(n, o.last);
    for (String s : new List<String>()) { Other.stop(s); }
    try { new Foo(n).execute(c); } catch (Exception e) { throw e; }
  }
  static webservice Integer twice(Integer x) { return Foo.total + x; }
  class Inner { Integer y; @IsTest static void m() { y = 1; } }
  enum Kind { A, B }
}"""
ORG = ("foo", "other", "base", "named")


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    found = symbol_table(SOURCE, "01p", lambda name: name.lower() in ORG)
    assert found is not None
    return found


def places(symbol: dict[str, Any]) -> list[str]:
    return [f"{place['line']}:{place['column']}" for place in symbol["references"]]


def shown(symbols: list[dict[str, Any]]) -> list[tuple[str, str, str, list[str]]]:
    """Name, type, place, references."""
    return [(s["name"], s["type"], f"{s['location']['line']}:{s['location']['column']}", places(s)) for s in symbols]


def test_the_class_tells_its_name_parent_interfaces_and_place(table: dict[str, Any]) -> None:
    assert (table["id"], table["name"], table["namespace"], table["parentClass"]) == ("01p", "Foo", None, "Base")
    assert table["interfaces"] == ["System.Queueable", "Named"]
    assert table["tableDeclaration"] == {
        "annotations": [],
        "location": {"column": 27, "line": 1},
        "modifiers": ["public", "with sharing"],
        "name": "Foo",
        "references": [],
        "type": "CLASS",
    }


def test_fields_and_properties_tell_where_they_are_used(table: dict[str, Any]) -> None:
    assert shown(table["properties"]) == [
        ("total", "Integer", "2:39", ["4:31", "6:23", "12:59"]),
        ("helper", "Other", "3:16", ["4:51", "7:15"]),
    ]
    assert table["properties"][0]["annotations"] == [{"name": "TestVisible"}]


def test_parameters_and_locals_are_variables_of_their_own_scope(table: dict[str, Any]) -> None:
    assert shown(table["variables"]) == [
        ("start", "Integer", "4:22", ["4:39"]),
        ("c", "QueueableContext", "5:40", ["10:30"]),
        ("n", "Integer", "6:13", ["8:11", "10:19"]),
        ("o", "Other", "7:11", ["8:5", "8:14"]),
        ("s", "String", "9:17", ["9:54"]),
        ("e", "Exception", "10:53", ["10:64"]),
        ("x", "Integer", "12:43", ["12:67"]),
    ]


def test_methods_and_constructors_have_parameters_modifiers_and_calls(table: dict[str, Any]) -> None:
    (constructor,) = table["constructors"]
    assert (constructor["parameters"], places(constructor)) == ([{"name": "start", "type": "Integer"}], ["10:15"])
    execute, twice = table["methods"]
    assert (execute["returnType"], execute["modifiers"], places(execute)) == ("void", ["public"], [])
    assert (twice["returnType"], twice["modifiers"], places(twice)) == (
        "Integer", ["static", "webService", "global"], ["6:17"],
    )  # fmt: skip


def test_classes_of_the_org_are_external_with_what_is_used_of_them(table: dict[str, Any]) -> None:
    base, named, other = table["externalReferences"]
    assert [(r["name"], places(r)) for r in (base, named)] == [("Base", ["1:39"]), ("Named", ["1:66"])]
    assert places(other) == ["3:10", "4:64", "7:5", "9:43"]
    used = [(m["name"], m["isStatic"], places(m)) for m in other["methods"]]
    assert used == [("run", False, ["8:7"]), ("stop", True, ["9:49"])]
    assert [(v["name"], places(v)) for v in other["variables"]] == [("last", ["8:16"])]


def test_inner_types_have_tables_of_their_own(table: dict[str, Any]) -> None:
    inner, kind = table["innerClasses"]
    assert (inner["name"], inner["parentClass"], shown(inner["properties"])) == (
        "Inner", "Foo", [("y", "Integer", "13:25", ["13:54"])],
    )  # fmt: skip
    assert inner["methods"][0]["modifiers"] == ["static", "testMethod", "private"]
    assert (kind["name"], kind["tableDeclaration"]["type"]) == ("Kind", "ENUM")


def test_a_text_that_does_not_parse_has_no_table() -> None:
    assert symbol_table("public class {", None, lambda name: False) is None
