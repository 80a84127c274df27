"""Drift is judged by the same table, accepted until a day, and open again the day after."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tests.clmkit.release.specs import resolved, written

from clmkit.clients.metadata_api import Listed
from clmkit.release.components import Components, Key
from clmkit.release.drift import (
    Acceptance,
    DriftError,
    DriftItem,
    Verdict,
    accept,
    find_drift,
    judge_drift,
    read_acceptances,
)
from clmkit.release.drift_report import render_human

SPEC = resolved(written())
TODAY = dt.date(2026, 11, 21)
TITLE = Key("CustomField", "Contract.CLM_Title__c")
GUARD = Key("ApexClass", "CLM_OwnershipGuard")
BUILT: Components = {TITLE: {"type": "Text", "length": "255", "label": "Title"}, GUARD: {"source": "a"}}
EDITED: Components = {TITLE: {"type": "Text", "length": "255", "label": "Name"}, GUARD: {"source": "a"}}
BROKEN: Components = {TITLE: {"type": "Text", "length": "80", "label": "Title"}, GUARD: {"source": "b"}}
WHO = {TITLE: Listed("CustomField", "Contract.CLM_Title__c", "Ada Admin", "2026-11-20T10:00:00.000Z")}
NAME = f"REL601 {TITLE}"
WORD = Acceptance(NAME, "legal_ops", TODAY, "asked for by sales", "label: Name")
FURTHER: Components = {TITLE: {"type": "Text", "length": "255", "label": "Heading"}, GUARD: {"source": "a"}}


def look(org: Components, accepted: tuple[Acceptance, ...] = (), today: dt.date = TODAY) -> tuple[DriftItem, ...]:
    return find_drift(SPEC, BUILT, org, WHO, accepted, today)


@pytest.mark.parametrize(
    ("org", "accepted", "today", "verdict"),
    [
        (BUILT, (), TODAY, Verdict.CLEAN),
        (EDITED, (), TODAY, Verdict.DRIFT),
        (EDITED, (WORD,), TODAY, Verdict.CLEAN),
        (EDITED, (WORD,), TODAY + dt.timedelta(days=1), Verdict.DRIFT),
        (FURTHER, (WORD,), TODAY, Verdict.DRIFT),
        (BROKEN, (), TODAY, Verdict.BREAKING),
        (BROKEN, (WORD,), TODAY, Verdict.BREAKING),
        ({TITLE: BUILT[TITLE]}, (), TODAY, Verdict.BREAKING),
    ],
)
def test_drift_is_clean_open_or_breaking(
    org: Components, accepted: tuple[Acceptance, ...], today: dt.date, verdict: Verdict
) -> None:
    assert judge_drift(look(org, accepted, today)) is verdict


def test_an_item_says_who_when_and_the_three_answers() -> None:
    assert render_human(look(EDITED)) == "\n".join(
        [
            "1 open, 0 of them breaking, 0 accepted",
            f"  ~ SAFE       {NAME}: wording changed (label: Title -> label: Name)",
            "      changed by Ada Admin on 2026-11-20T10:00:00.000Z",
            f'      adopt:  clmkit drift --org FILE --adopt "{NAME}"   (writes objects.contract.fields.title.label)',
            f'      revert: clmkit drift --org FILE --revert "{NAME}"',
            f'      accept: clmkit drift --org FILE --accept "{NAME}" --until DATE --owner STEWARD --reason TEXT',
        ]
    )


def test_an_acceptance_that_expired_says_so() -> None:
    lines = render_human(look(EDITED, (WORD,), TODAY + dt.timedelta(days=1))).splitlines()
    assert lines[3] == "      expired on 2026-11-21 by legal_ops: asked for by sales"


def test_edited_code_goes_into_the_extensions() -> None:
    code = [item for item in look(BROKEN) if item.key == GUARD]
    assert [(item.change.kind, item.adopt) for item in code] == [
        ("code_edited", "move the edit into the class of the same name in extensions/, which is yours")
    ]


def test_edited_code_is_accepted_as_it_is_and_open_again_when_somebody_edits_further(tmp_path: Path) -> None:
    once, twice = ({**BUILT, GUARD: {"source": source}} for source in ("b", "c"))
    path = tmp_path / "drift.yml"
    word = Acceptance(f"REL351 {GUARD}", "legal_ops", TODAY, "hotfix")
    path.write_text(accept(look(once), [], word, SPEC, TODAY), encoding="utf-8")
    accepted = tuple(read_acceptances(path))
    assert (judge_drift(look(once, accepted)), judge_drift(look(twice, accepted))) == (Verdict.CLEAN, Verdict.BREAKING)


def test_acceptances_are_written_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "drift.yml"
    assert read_acceptances(path) == []
    path.write_text(accept(look(EDITED), [], WORD, SPEC, TODAY), encoding="utf-8")
    assert read_acceptances(path) == [WORD]
    later = Acceptance(NAME, "finance", TODAY + dt.timedelta(days=9), "still needed", "label: Name")
    path.write_text(accept(look(EDITED), [WORD], later, SPEC, TODAY), encoding="utf-8")
    assert read_acceptances(path) == [later]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (Acceptance("REL601 X", "legal_ops", TODAY, "r"), f"REL601 X: the org has no such drift; open items: {NAME}"),
        (Acceptance(NAME, "bob", TODAY, "r"), "bob: no steward of the mapping; known: legal_ops, sales_ops, finance"),
        (
            Acceptance(NAME, "legal_ops", dt.date(2020, 1, 1), "r"),
            "2020-01-01: lies in the past; accept until a day to come",
        ),
    ],
)
def test_an_acceptance_needs_an_item_a_steward_and_a_day_to_come(word: Acceptance, message: str) -> None:
    with pytest.raises(DriftError) as caught:
        accept(look(EDITED), [], word, SPEC, TODAY)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("accepted: [", "not YAML: "),
        ("accepted: [{change: a}]", "Object missing required field `owner`"),
        ("other: 1", "Object contains unknown field `other`"),
    ],
)
def test_a_file_of_acceptances_that_cannot_be_read_says_where(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "drift.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DriftError) as caught:
        read_acceptances(path)
    assert str(caught.value).startswith(f"{path}: {message}")
