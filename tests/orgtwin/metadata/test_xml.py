"""Metadata XML is read with its places, and without doing what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgtwin.metadata.canonical import canonical
from orgtwin.metadata.xml import MalformedXml, Node, leaf, parse_document, render_document

_NAMES = st.sampled_from(["a", "b", "label", "fullName", "values"])
_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20).filter(
    lambda t: not t.isspace() or not t
)
_NODES = st.recursive(
    st.builds(Node, _NAMES, _TEXT),
    lambda inner: st.builds(
        lambda tag, children: Node(tag, children=tuple(children)), _NAMES, st.lists(inner, min_size=1, max_size=4)
    ),
    max_leaves=20,
)


@given(_NODES)
def test_what_is_printed_reads_the_same(node: Node) -> None:
    assert parse_document(render_document(node)).root == node


@given(_NODES)
def test_the_canonical_form_is_its_own_canonical_form(node: Node) -> None:
    assert canonical(canonical(node)) == canonical(node)


def test_a_place_is_behind_the_start_tag() -> None:
    document = parse_document(b'<a>\n    <b x="1 > 0">\n        <c/></b>\n</a>')
    b = document.root.children[0]

    assert document.position(document.root) == (1, 4)
    assert document.position(b) == (2, 18)
    assert document.position(b.children[0]) == (3, 13)


def test_full_name_comes_first_and_the_rest_by_name() -> None:
    node = Node("CustomField", children=(leaf("type", "Text"), leaf("label", "L"), leaf("fullName", "F__c")))

    assert [child.tag for child in canonical(node).children] == ["fullName", "label", "type"]


def test_permission_entries_come_by_what_they_are_about() -> None:
    entries = [Node("userPermissions", children=(leaf("enabled", True), leaf("name", name))) for name in ("B", "A")]
    node = canonical(Node("PermissionSet", children=(*entries, leaf("label", "P"))))

    assert [child.value("name") for child in node.children] == [None, "A", "B"]


@pytest.mark.parametrize(
    ("source", "message", "place"),
    [
        (b"", "no element found", (1, 1)),
        (b"<a>\n<b></a>", "mismatched tag", (2, 6)),
        (b"<a>&undeclared;</a>", "undefined entity", (1, 4)),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "a document type declaration is not allowed", (1, 13)),
        (b"\xff\xfe\x00", "unclosed token", (1, 2)),
        (b"<a>" * 70, "elements are nested deeper than 64", (1, 193)),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(source: bytes, message: str, place: tuple[int, int]) -> None:
    with pytest.raises(MalformedXml) as refused:
        parse_document(source)

    assert (refused.value.message, (refused.value.line, refused.value.column)) == (message, place)


def test_a_billion_laughs_are_not_told() -> None:
    bomb = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>'
    with pytest.raises(MalformedXml, match="a document type declaration is not allowed"):
        parse_document(bomb)
