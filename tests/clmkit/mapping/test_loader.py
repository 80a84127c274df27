"""Files that are wrong: each gets file:line:column, what is wrong with which value, and what to do. Whole reports are asserted."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clmkit.mapping.loader import MOST_BYTES, Loaded, load_bytes, load_spec
from clmkit.mapping.report import render_human
from clmkit.mapping.shape import MEASURES, MOST_ERRORS
from clmkit.mapping.yaml_tree import parse_tree

BASE = Path(__file__).with_name("base.yml").read_bytes()
SHIPPED = (Path(__file__).parents[3] / "mappings" / "contract.yml").read_bytes()


def report(data: bytes) -> str:
    loaded = load_bytes(data, "m.yml")
    assert loaded.spec is None
    return render_human(loaded.findings)


def changed(old: str, new: str) -> bytes:
    text = BASE.decode()
    assert text.count(old) == 1, old
    return text.replace(old, new).encode()


UNREADABLE: tuple[tuple[str, bytes, str], ...] = (
    (
        "an empty file",
        b"",
        "m.yml:1:1: error MAP004: the file is empty\n  help: start from the shipped mappings/contract.yml\n\n1 error, 0 warnings",
    ),
    (
        "a file of comments",
        b"# nothing\n",
        "m.yml:1:1: error MAP004: the file is empty\n  1 | # nothing\n      ^\n"
        "  help: start from the shipped mappings/contract.yml\n\n"
        "1 error, 0 warnings",
    ),
    (
        "a tab",
        b"spec: clmkit/v1\nobjects:\n\tcontract: {}\n",
        "m.yml:3:1: error MAP006: a tab is used to indent\n  3 |  contract: {}\n      ^\n"
        "  help: YAML indents with spaces only; replace the tab by spaces\n\n1 error, 0 warnings",
    ),
    (
        "bytes that are not UTF-8",
        b"spec: clmkit/v1\nname: caf\xe9\n",
        "m.yml:2:10: error MAP003: the file is not UTF-8: byte 0xE9 at offset 25\n  2 | name: caf\ufffd\n               ^\n"
        "  help: save the file as UTF-8\n\n1 error, 0 warnings",
    ),
    (
        "an unclosed quote, shown where it opens",
        b'spec: clmkit/v1\nname: "contract\nversion: 1.0.0\n',
        "m.yml:2:7: error MAP005: not YAML: found unexpected end of stream while scanning a quoted scalar\n"
        '  2 | name: "contract\n            ^\n  help: check brackets, quotes and indentation here\n\n1 error, 0 warnings',
    ),
    (
        "an unclosed bracket, shown where it opens",
        b"spec: clmkit/v1\nstewards: {a: b\n",
        "m.yml:2:11: error MAP005: not YAML: did not find expected ',' or '}' while parsing a flow mapping\n"
        "  2 | stewards: {a: b\n                ^\n  help: check brackets, quotes and indentation here\n\n1 error, 0 warnings",
    ),
    (
        "an alias",
        b"a: &one {b: 1}\nc: *one\n",
        "m.yml:1:4: error MAP009: &one is an anchor\n  1 | a: &one {b: 1}\n         ^\n"
        "  help: write the value where it is used, or say it once in `defaults`\n\n"
        "m.yml:2:4: error MAP009: *one is an alias\n  2 | c: *one\n         ^\n"
        "  help: write the value where it is used, or say it once in `defaults`\n\n2 errors, 0 warnings",
    ),
    (
        "a tag that would run code elsewhere",
        b"a: !!python/object/apply:os.system [ls]\n",
        "m.yml:1:4: error MAP013: the tag tag:yaml.org,2002:python/object/apply:os.system is not part of the language\n"
        "  1 | a: !!python/object/apply:os.system [ls]\n         ^\n  help: remove the tag; quote the value to make it text\n\n"
        "1 error, 0 warnings",
    ),
    (
        "a second document",
        b"a: 1\n---\nb: 2\n",
        "m.yml:2:1: error MAP011: a second document starts here\n  2 | ---\n      ^\n"
        "  help: keep one spec per file; remove the --- line\n\n1 error, 0 warnings",
    ),
    (
        "a list",
        b"- a\n- b\n",
        "m.yml:1:1: error MAP012: the file is not a mapping of keys to values\n  1 | - a\n      ^\n"
        "  help: start with `spec: clmkit/v1`\n\n"
        "1 error, 0 warnings",
    ),
    (
        "a control character",
        b"spec: clmkit/v1\nname: a\x07b\n",
        "m.yml:2:8: error MAP005: not YAML: the character U+0007 is not allowed\n  2 | name: a\x07b\n             ^\n"
        "  help: remove the control character\n\n1 error, 0 warnings",
    ),
    (
        "an unclosed bracket in lines that end as on Windows",
        b"\xef\xbb\xbfspec: clmkit/v1\r\nstewards: {a: b\r\n",
        "m.yml:2:11: error MAP005: not YAML: did not find expected ',' or '}' while parsing a flow mapping\n"
        "  2 | stewards: {a: b\n                ^\n  help: check brackets, quotes and indentation here\n\n1 error, 0 warnings",
    ),
    (
        "an alias of nothing",
        b"a: *b\n",
        "m.yml:1:4: error MAP009: *b is an alias\n  1 | a: *b\n         ^\n"
        "  help: write the value where it is used, or say it once in `defaults`\n\n1 error, 0 warnings",
    ),
    (
        "a list as a key",
        b"? [a]\n: b\n",
        "m.yml:1:3: error MAP010: a key is a list or a mapping\n  1 | ? [a]\n        ^\n"
        "  help: write the key as one word\n\n1 error, 0 warnings",
    ),
    (
        "half of a character",
        b'name: "\\ud800"\n',
        "m.yml:1:10: error MAP005: not YAML: found invalid Unicode character escape code while parsing a quoted scalar\n"
        '  1 | name: "\\ud800"\n               ^\n  help: check brackets, quotes and indentation here\n\n1 error, 0 warnings',
    ),
)


@pytest.mark.parametrize(("what", "data", "expected"), UNREADABLE, ids=[row[0] for row in UNREADABLE])
def test_a_file_that_is_no_spec_is_refused_with_its_place(what: str, data: bytes, expected: str) -> None:
    assert report(data) == expected


MISSHAPEN: tuple[tuple[str, str, str, str], ...] = (
    (
        "an unknown key",
        "type: text, description: Name of",
        "typ: text, description: Name of",
        "m.yml:43:48: error MAP101: objects.contract.fields.title has no key typ\n"
        "  43 |       title: {clm: title, field: CLM_Title__c, typ: text, description: Name of the agreement.}\n"
        "                                                      ^^^\n  help: did you mean type?\n\n1 error, 0 warnings",
    ),
    (
        "a wrong type",
        "precision: 18",
        "precision: many",
        "m.yml:50:38: error MAP103: objects.contract.fields.amount.type.currency.precision is many "
        "where the language wants a whole number\n"
        "  50 |         type: {currency: {precision: many, scale: 2, code: value.currency}}\n"
        "                                            ^^^^\n"
        "  help: write a whole number\n"
        "\n"
        "1 error, 0 warnings",
    ),
    (
        "two owners for a field",
        "clm: term.start, field: StartDate",
        "clm: term.start, field: StartDate, owner: clm, owner: salesforce",
        "m.yml:45:62: error MAP007: the key owner stands here and in line 45\n"
        "  45 |       start: {clm: term.start, field: StartDate, owner: clm, owner: salesforce}\n"
        "                                                                    ^^^^^\n"
        "  help: keep one of the two\n"
        "\n"
        "1 error, 0 warnings",
    ),
    (
        "a missing external ID",
        "    key: {clm: id, field: CLM_Id__c, case_sensitive: true}\n    version",
        "    version",
        "m.yml:35:3: error MAP102: objects.contract lacks the key key\n"
        "  35 |   contract:\n"
        "         ^^^^^^^^\n"
        "  help: add key: the external ID\n"
        "\n"
        "1 error, 0 warnings",
    ),
    (
        "a word that is none of the choices",
        "class: read_only",
        "class: readonly",
        "m.yml:34:45: error MAP104: objects.account.fields.name.class is readonly, which is not one of clm_only, read_only, sync\n"
        "  34 |       name: {clm: name, field: Name, class: readonly}\n"
        "                                                   ^^^^^^^^\n"
        "  help: did you mean read_only?\n"
        "\n"
        "1 error, 0 warnings",
    ),
    (
        "a path with a space",
        "clm: term.start",
        "clm: term start",
        "m.yml:45:20: error MAP105: objects.contract.fields.start.clm is term start, "
        "which is not a path such as term.start or /id\n"
        "  45 |       start: {clm: term start, field: StartDate}\n"
        "                          ^^^^^^^^^^\n"
        "  help: write a path such as term.start or /id\n"
        "\n"
        "1 error, 0 warnings",
    ),
    (
        "a text longer than Salesforce has",
        "field: CLM_Title__c, type: text",
        "field: CLM_Title__c, type: {text: 2550}",
        "m.yml:43:61: error MAP106: objects.contract.fields.title.type.text is 2550; it needs at most 255\n"
        "  43 |       title: {clm: title, field: CLM_Title__c, type: {text: 2550}, description: Name of the agreement.}\n"
        "                                                                   ^^^^\n"
        "  help: write at most 255\n"
        "\n"
        "1 error, 0 warnings",
    ),
    (
        "an escape that nobody can print",
        "description: Name of the agreement.",
        'description: "Name\\x01 of the\\nagreement.\\t"',
        "m.yml:43:73: error MAP015: the text has the character U+0001, which cannot be printed\n"
        '  43 |       title: {clm: title, field: CLM_Title__c, type: text, description: "Name\\x01 of the\\nagreement.\\t"}\n'
        "                                                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  help: remove its escape from the quotes; Salesforce's XML has no place for it\n\n1 error, 0 warnings",
    ),
    (
        "a list that is one word",
        "audience: [reader, steward]",
        "audience: reader",
        "m.yml:26:52: error MAP103: defaults.audience is reader where the language wants a list\n"
        "  26 | defaults: {owner: clm, latency: nightly, audience: reader, steward: legal_ops}\n"
        "                                                          ^^^^^^\n"
        "  help: write [reader]\n"
        "\n"
        "1 error, 0 warnings",
    ),
    (
        "a name in capitals",
        "      kind: {clm: kind",
        "      KIND: {clm: kind",
        "m.yml:46:7: error MAP105: KIND is not a name for an entry of objects.contract.fields\n"
        "  46 |       KIND: {clm: kind, field: CLM_Kind__c, type: {picklist: contract_kind}, description: Kind of agreement.}\n"
        "             ^^^^\n"
        "  help: write a name: a lower-case letter, then at most 39 lower-case letters, digits or _\n"
        "\n"
        "1 error, 0 warnings",
    ),
    (
        "a type with two measures",
        "{picklist: contract_kind}",
        "{picklist: contract_kind, text: 3}",
        "m.yml:46:45: error MAP106: objects.contract.fields.kind.type is a block of 2; it needs exactly 1 entry\n"
        "  46 |       kind: {clm: kind, field: CLM_Kind__c, type: {picklist: contract_kind, text: 3}, "
        "description: Kind of agreement.}\n"
        "                                                   ^^^^\n"
        "  help: write exactly 1 entry\n"
        "\n"
        "1 error, 0 warnings",
    ),
)


@pytest.mark.parametrize(("what", "old", "new", "expected"), MISSHAPEN, ids=[row[0] for row in MISSHAPEN])
def test_a_spec_of_the_wrong_shape_is_refused_with_its_place(what: str, old: str, new: str, expected: str) -> None:
    assert report(changed(old, new)) == expected


HELPS: tuple[tuple[str, str, str, str], ...] = (
    (
        "a type without its measure",
        "{picklist: contract_kind}",
        "picklist",
        "write {picklist: a_value_map}: it needs a measure",
    ),
    (
        "a number that is a text of a form",
        'api_version: "66.0"',
        "api_version: 66",
        'write an API version in quotes: "66.0"',
    ),
    ("a number that is any text", "Name of the agreement.", "3", "write text"),
)


@pytest.mark.parametrize(("what", "old", "new", "expected"), HELPS, ids=[row[0] for row in HELPS])
def test_the_help_shows_what_would_be_right(what: str, old: str, new: str, expected: str) -> None:
    (finding,) = load_bytes(changed(old, new), "m.yml").findings
    assert finding.help == expected


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_the_measure_that_a_help_shows_fits_the_language(name: str) -> None:
    text = changed("{picklist: contract_kind}", f"{{{name}: {MEASURES[name]}}}")
    assert [finding.code for finding in load_bytes(text, "m.yml").findings if finding.code.startswith("MAP1")] == []


def test_a_file_with_an_error_in_every_line_shows_the_first_of_them() -> None:
    blocks = "".join(f"  o{number}: {{}}\n" for number in range(400))
    assert len(load_bytes(f"spec: clmkit/v1\nobjects:\n{blocks}".encode(), "m.yml").findings) == MOST_ERRORS


def test_every_error_is_reported_at_once_whatever_its_kind() -> None:
    text = BASE.decode()
    text = text.replace("lifecycle: true,", "lifecycle: true, lifecycle: true,")
    text = text.replace("clm: term.start,", "clm: term.start, colour: red,")
    text = text.replace("precision: 18", "precision: many")
    text = text.replace("What is sold.", "What is sold., steward: sales")
    found = [(finding.code, finding.place.line) for finding in load_bytes(text.encode(), "m.yml").findings]
    assert found == [("MAP007", 44), ("MAP101", 45), ("MAP103", 50), ("MAP323", 61)]


CAUSED: tuple[tuple[str, str, str], ...] = (
    ("what is frozen", "clm: counterparty.id,", "clm: [counterparty.id],"),
    ("the lifecycle's field", "lifecycle: true,", "lifecycle: tru,"),
    ("the parent of rows", "contract: {clm: /id,", "contract: {clm: [/id],"),
)


@pytest.mark.parametrize(("what", "old", "new"), CAUSED, ids=[row[0] for row in CAUSED])
def test_a_misshapen_field_is_not_missed_where_it_is_named(what: str, old: str, new: str) -> None:
    findings = load_bytes(changed(old, new), "m.yml").findings
    assert [finding.code for finding in findings] == ["MAP103"]


def test_a_misshapen_field_hides_no_error_of_another() -> None:
    text = changed("clm: title, field: CLM_Title__c,", "clm: [title], field: CLM_Title__c,").decode()
    text = text.replace("What is sold.", "What is sold., steward: sales")
    assert [finding.code for finding in load_bytes(text.encode(), "m.yml").findings] == ["MAP103", "MAP323"]


def test_a_file_of_ten_megabytes_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    big = tmp_path / "big.yml"
    big.write_bytes(b"# " + b"x" * 10_000_000)
    (finding,) = load_spec(big).findings
    assert (finding.code, finding.message, finding.place.line, finding.place.column) == (
        "MAP002",
        "the file has more than 8 MB",
        1,
        1,
    )
    assert MOST_BYTES < 10_000_000


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_a_file_that_nests_without_end_is_refused(opening: str) -> None:
    _, troubles = parse_tree(opening * 300_000)
    assert troubles[-1].code == "MAP008"


def test_a_file_that_does_not_exist_is_a_finding(tmp_path: Path) -> None:
    loaded = load_spec(tmp_path / "none.yml")
    assert [(finding.code, finding.message) for finding in loaded.findings] == [
        ("MAP001", "the file cannot be read: No such file or directory")
    ]


def test_a_folder_is_a_finding(tmp_path: Path) -> None:
    assert [finding.message for finding in load_spec(tmp_path).findings] == ["the file cannot be read: Is a directory"]


def test_lines_may_end_as_on_windows_and_begin_with_a_byte_order_mark() -> None:
    assert load_bytes(b"\xef\xbb\xbf" + SHIPPED.replace(b"\n", b"\r\n"), "m.yml").findings == ()


def test_words_that_yaml_takes_for_something_else_stay_text() -> None:
    tree, _ = parse_tree("a: {b: NO, c: 1.10, d: 02:00, e: 2020-01-01, f: on, g: 0x1F, h: 017}")
    assert tree is not None
    assert tree.data == {
        "a": {"b": "NO", "c": "1.10", "d": "02:00", "e": "2020-01-01", "f": "on", "g": "0x1F", "h": "017"}
    }


def test_loading_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load_bytes(SHIPPED, "m.yml")
    load_bytes(b"a: [", "m.yml")
    assert os.listdir(tmp_path) == []


TOKENS = """spec: clmkit/v1 objects: contract fields: key: [ ] { } - , : | > & * ! ? # ' " true null ~ 1 clm field
type text owner: shared precedence: states: lifecycle: moves: audience: values: << --- ... %YAML é"""
WORDS = st.sampled_from([*TOKENS.split(), "\n", "\n\n", "\n  ", "\t", "\U0001f600", "\x00"])


@settings(max_examples=200, deadline=None)
@given(
    data=st.one_of(st.binary(max_size=200), st.lists(WORDS, max_size=40).map(lambda words: " ".join(words).encode()))
)
@example(b"\xff\xfea\x00")
@example(b"a: *b")
@example(b"? ")
def test_no_bytes_make_the_loader_raise(data: bytes) -> None:
    assert_explained(load_bytes(data, "m.yml"), data)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_damage_to_a_good_spec_makes_the_loader_raise(data: st.DataObject) -> None:
    """Lines of the shipped mapping are dropped, repeated, moved, indented or cut; the answer is a spec or findings with places."""
    lines = SHIPPED.decode().split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(lines) - 1))
        line = lines[index]
        lines[index] = data.draw(
            st.sampled_from(
                [
                    "",
                    f"{line}\n{line}",
                    f"  {line}",
                    line[: len(line) // 2],
                    line.replace(":", ""),
                    f"{line} x",
                    line.swapcase(),
                ]
            )
        )
    damaged = "\n".join(lines).encode()
    assert_explained(load_bytes(damaged, "m.yml"), damaged)


def nodes(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    """Every value of a document with its path, the document itself last."""
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [node for key, value in children for node in nodes(value, (*path, key))] + [(path, data)]


NODES = nodes(yaml.safe_load(BASE))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_value_in_a_wrong_place_makes_a_rule_raise(data: st.DataObject) -> None:
    """Values of a good spec are put where other values belong; the answer is a spec or findings with places."""
    spec = copy.deepcopy(NODES[-1][1])
    for _ in range(data.draw(st.integers(1, 3))):
        path, _old = data.draw(st.sampled_from(NODES[:-1]))
        _path, value = data.draw(st.sampled_from(NODES))
        place = spec
        for part in path[:-1]:
            place = place[part] if isinstance(place, list) or (isinstance(place, dict) and part in place) else {}
        if isinstance(place, dict):
            place[path[-1]] = copy.deepcopy(value)
    text = json.dumps(spec).encode()
    assert_explained(load_bytes(text, "m.yml"), text)


def assert_explained(loaded: Loaded, data: bytes) -> None:
    assert (loaded.spec is None) == bool(loaded.errors)
    last = data.count(b"\n") + data.count(b"\r") + 2
    for finding in loaded.findings:
        assert finding.message
        assert finding.help
        assert 1 <= finding.place.line <= last
        assert finding.place.column >= 1
