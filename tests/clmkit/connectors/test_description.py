"""Descriptions: what is refused, and the pure readings of documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clmkit.clients.errors import Unexpected
from clmkit.connectors import DescriptionError, load_description
from clmkit.connectors.description import SHIPPED
from clmkit.connectors.documents import member, milliseconds, to_agreement, to_moment, to_patch_body
from clmkit.connectors.signatures import is_genuine

IRONCLAD = load_description("ironclad", Path())
TEXT = SHIPPED.joinpath("ironclad.yml").read_text(encoding="utf-8")

WRONG = {
    "an unknown member": ("errors:", "errorz:", "Object contains unknown field `errorz`"),
    "no id in the path": ("records/{id}", "records/x", "the paths of agreement and patch contain {id}"),
    "two revisions": ("changed_at: lastUpdated", "changed_at: x, revision: y", "document names either revision or changed_at"),
    "no properties": (", properties: {under: properties}", "", "a patch of properties needs document.properties"),
    "no moment": ("changed_at: lastUpdated", "revision: v", "a feed of what changed needs document.changed_at"),
    "an unknown kind": ("kind: changed", "kind: guessed", "Invalid value 'guessed' - at `$.feed.kind`"),
    "no YAML": ("name: ironclad", "name: [", "not YAML"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_description_is_refused_by_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    file = tmp_path / "mine.yml"
    file.write_text(TEXT.replace(old, new))
    with pytest.raises(DescriptionError) as refused:
        load_description("mine.yml", tmp_path)
    assert str(refused.value).startswith(f"{file}: ")
    assert says in str(refused.value)


def test_a_description_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError) as refused:
        load_description("docusign", tmp_path)
    assert (
        str(refused.value) == f"{tmp_path}/docusign: No such file or directory. Name a file, or one of clm, ironclad."
    )


PATCHES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a known property keeps its type": (
        {"properties": {"end": "2027-01-01"}},
        {"addProperties": {"end": {"type": "date", "value": "2027-01-01"}}},
    ),
    "a new one gets that of its value": (
        {"properties": {"seats": 3, "note": "x", "open": True}},
        {"addProperties": {"seats": {"type": "number", "value": 3}, "note": {"type": "string", "value": "x"},
                           "open": {"type": "boolean", "value": True}}},
    ),
    "null removes": ({"properties": {"end": None}}, {"removeProperties": ["end"]}),
    "others go as they are": ({"name": "Supply"}, {"name": "Supply"}),
}  # fmt: skip


@pytest.mark.parametrize(("change", "body"), PATCHES.values(), ids=list(PATCHES))
def test_a_change_becomes_the_systems_patch(change: dict[str, Any], body: dict[str, Any]) -> None:
    current = {"properties": {"end": {"type": "date", "value": "2026-01-01"}}}
    assert to_patch_body(IRONCLAD, change, current) == body


@pytest.mark.parametrize(
    "document", [{}, {"id": "A", "lastUpdated": 5}, {"id": "", "lastUpdated": "2026-01-01T00:00:00Z"}]
)
def test_a_document_without_id_or_moment_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(Unexpected, match="The CLM's document has no text at"):
        to_agreement(IRONCLAD.document, document)


def test_moments_are_milliseconds_and_back() -> None:
    assert to_moment(milliseconds("2026-11-21T20:00:00.123Z")) == "2026-11-21T20:00:00.123Z"
    with pytest.raises(Unexpected, match="told 'yesterday' where a moment"):
        milliseconds("yesterday")


def test_a_path_that_ends_early_finds_nothing() -> None:
    assert (member({"a": {"b": 1}}, "a.b"), member({"a": 5}, "a.b"), member([], "a")) == (1, None, None)


FORGED = {
    "no JSON": "x",
    "no such hash": '{"nonce":"n","signAlgorithm":"md5","signature":"AAAA","encoding":"base64"}',
    "no such encoding": '{"nonce":"n","signAlgorithm":"sha256","signature":"AAAA","encoding":"rot13"}',
    "no base64": '{"nonce":"n","signAlgorithm":"sha256","signature":"?","encoding":"base64"}',
}


@pytest.mark.parametrize("header", FORGED.values(), ids=list(FORGED))
def test_a_forged_header_is_not_genuine(header: str) -> None:
    assert not is_genuine("ironclad", ("not a key",), {"X-Ironclad-Webhook-Verification": header}, b"{}")
