"""An overlay: what it merges, where its findings stand, and what it may not weaken."""

from __future__ import annotations

from pathlib import Path

import pytest

from clmkit.mapping.layers import merge, without
from clmkit.mapping.loader import Loaded, load_spec
from clmkit.mapping.report import render_human

BASE = Path(__file__).with_name("base.yml").read_text(encoding="utf-8")
HEAD = "overlay: clmkit/v1\nbase: ../base.yml\norg: emea\nsummary: The European org.\n"


@pytest.fixture
def write(tmp_path: Path) -> Path:
    """The folder of an overlay, with the spec above it."""
    (tmp_path / "base.yml").write_text(BASE, encoding="utf-8")
    (tmp_path / "orgs").mkdir()
    return tmp_path / "orgs" / "emea.yml"


def load(path: Path, text: str) -> Loaded:
    path.write_text(HEAD + text, encoding="utf-8")
    return load_spec(path)


def test_an_overlay_changes_one_key_and_keeps_the_rest(write: Path) -> None:
    spec = load(write, "change: {objects: {contract: {fields: {title: {label: Titel}}}}}\n").spec
    assert spec is not None
    title = spec.get_object("contract").get_field("title")
    assert (spec.org, spec.name, title.label, title.clm) == ("emea", "base", "Titel", "title")


def test_lists_and_types_are_replaced_as_a_whole(write: Path) -> None:
    text = "change: {objects: {contract: {fields: {kind: {type: {text: 40}, audience: [steward]}}}}}\nremove: [value_maps]\n"
    spec = load(write, text).spec
    assert spec is not None
    kind = spec.get_object("contract").get_field("kind")
    assert (kind.type.length, kind.type.value_map, kind.audience) == (40, "", ("steward",))


def test_a_removed_field_is_gone_from_this_org_only(write: Path) -> None:
    spec = load(write, "remove: [objects.contract.fields.amount]\n").spec
    base = load_spec(write.parents[1] / "base.yml").spec
    assert spec is not None
    assert base is not None
    names = [[field.name for field in one.get_object("contract").fields] for one in (spec, base)]
    assert ("amount" in names[0], "amount" in names[1]) == (False, True)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("change:\n  objects:\n    contract:\n      fields:\n        title: {owner: nobody}\n", 9),
        ("change:\n  objects:\n    contract:\n      fields:\n        title:\n          transform: iso_date\n", 10),
        ("remove:\n  - objects.contract.fields.nothing\n", 6),
        ("environment: moon\n", 5),
    ],
    ids=["shape", "rule", "the overlay's own list", "the overlay's own key"],
)
def test_a_finding_points_at_the_line_of_the_overlay_that_causes_it(write: Path, text: str, line: int) -> None:
    found = load(write, text).findings[0]
    assert (Path(found.file).name, found.place.line) == ("emea.yml", line)
    assert found.excerpt == (HEAD + text).split("\n")[line - 1]


def test_a_finding_about_what_the_overlay_leaves_alone_points_at_the_spec(write: Path) -> None:
    found = load(write, "remove: [stewards.legal_ops]\nchange: {stewards: {other: Other}}\n").findings
    steward = next(finding for finding in found if finding.code == "MAP314" or "legal_ops" in finding.message)
    assert Path(steward.file).name == "base.yml"


WEAKENINGS = [
    ("objects: {contract: {fields: {title: {owner: salesforce}}}}", "objects.contract.fields.title.owner"),
    ("objects: {contract: {fields: {kind: {class: read_only}}}}", ""),
    ("objects: {line: {owner: salesforce}}", "objects.line.owner"),
    ("lifecycle: {frozen_after: {active: []}}", "objects.contract.parents.account.states"),
    ("defaults: {audience: [reader]}", ""),
    ("objects: {contract: {fields: {kind: {tags: [confidential]}}}}", ""),
]


@pytest.mark.parametrize(("change", "at"), WEAKENINGS)
def test_a_weakening_needs_a_consent_that_names_its_key(write: Path, change: str, at: str) -> None:
    found = [finding for finding in load(write, f"change: {{{change}}}\n").findings if finding.code == "MAP901"]
    if not at:
        assert found == []
        return
    assert any(f"at: {at}," in finding.help for finding in found)
    consents = "".join(
        f"  - {{at: {finding.help.split('at: ')[1].split(',')[0]}, reason: Agreed., steward: legal_ops}}\n"
        for finding in found
    )
    again = load(write, f"change: {{{change}}}\naccepts:\n{consents}").findings
    assert [finding for finding in again if finding.code in ("MAP901", "MAP902", "MAP903")] == []


def test_an_error_of_the_spec_below_is_told_alone(write: Path) -> None:
    (write.parents[1] / "base.yml").write_text(BASE.replace("owner: clm,", "owner: nobody,"), encoding="utf-8")
    loaded = load(write, "change: {prefix: X1}\n")
    assert loaded.spec is None
    assert {Path(finding.file).name for finding in loaded.findings} == {"base.yml"}


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("nowhere.yml", "the file cannot be read: No such file or directory"),
        ("emea.yml", "is an overlay itself; an overlay lies over a spec"),
    ],
)
def test_an_overlay_lies_over_a_spec_that_can_be_read(write: Path, base: str, message: str) -> None:
    write.write_text(HEAD.replace("../base.yml", base), encoding="utf-8")
    (found,) = load_spec(write).findings
    assert (found.code, found.place.line) == ("MAP014", 2)
    assert message in found.message


def test_an_unknown_key_of_an_overlay_is_told_with_the_nearest_known_one(write: Path) -> None:
    report = render_human(load(write, "changes: {}\n").findings)
    assert "error MAP101: the spec has no key changes" in report.replace("changes has", "")
    assert "did you mean change?" in report


def test_merging_changes_neither_side() -> None:
    below, above = {"a": {"b": [1], "c": 2}}, {"a": {"b": [3]}, "d": 4}
    assert merge(below, above) == {"a": {"b": [3], "c": 2}, "d": 4}
    assert without(below, ["a.c", "x.y"]) == {"a": {"b": [1]}}
    assert (below, above) == ({"a": {"b": [1], "c": 2}}, {"a": {"b": [3]}, "d": 4})
