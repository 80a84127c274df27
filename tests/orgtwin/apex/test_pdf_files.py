"""PDF files of Blob.toPdf: a whole file by its own cross-reference table, with the text of the document and nothing else."""

from __future__ import annotations

import re

import pytest

from orgtwin.apex.library.pdf_files import LINES, pdf_of

DRAWN = re.compile(rb"(?:/ActualText <feff([0-9a-f]*)> >> BDC )?\(((?:\\.|[^\\)])*)\) Tj")


def pages_of(data: bytes) -> list[list[str]]:
    """The lines of each page, as a reader finds them: from the end of the file over the table to the objects."""
    table = int(re.search(rb"startxref\n(\d+)\n%%EOF\n\Z", data).group(1))  # type: ignore[union-attr]
    places = [int(row[:10]) for row in data[table:].split(b"\n")[3:] if row.endswith(b" n ")]
    for number, place in enumerate(places, 1):
        assert data[place:].startswith(b"%d 0 obj\n" % number)
    bodies = [data[place : data.index(b"\nendobj\n", place)] for place in places]
    kids = [int(number) for number in re.findall(rb"(\d+) 0 R", bodies[1].partition(b"/Kids")[2])]
    return [_lines(bodies[kid]) for kid in kids]


def _lines(content: bytes) -> list[str]:
    length, stream = re.search(rb"/Length (\d+) >>\nstream\n(.*)\nendstream", content, re.DOTALL).groups()  # type: ignore[union-attr]
    assert len(stream) == int(length)
    return [_text(*found) for found in DRAWN.findall(stream)]


def _text(meant: bytes, drawn: bytes) -> str:
    return (
        bytes.fromhex(meant.decode()).decode("utf-16-be")
        if meant
        else re.sub(rb"\\(.)", rb"\1", drawn).decode("cp1252")
    )


@pytest.mark.parametrize(
    ("markup", "lines"),
    [
        ("This is a test string", ["This is a test string"]),
        ("", []),
        ("one\ntwo   three", ["one two three"]),
        ("a (b) \\ c", ["a (b) \\ c"]),
        ("1 < 2 &amp; 3 &gt; 2 &euro;", ["1 < 2 & 3 > 2 €"]),
        ("日本 Łódź", ["日本 Łódź"]),
        ("<head><title>T</title><style>p { }</style></head><h1>Hi <b>you</b></h1><p>a<br/>b", ["Hi you", "a", "b"]),
        ("<head><body>kept", ["kept"]),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td/></tr></table>", ["a b", "c"]),
        ("<script>if (a < b) x()</script>seen", ["seen"]),
        ("word " * 20, ["word " * 14 + "word", "word " * 4 + "word"]),
    ],
)
def test_a_page_has_the_text_of_the_document(markup: str, lines: list[str]) -> None:
    assert pages_of(pdf_of(markup)) == [lines]


def test_what_does_not_fit_on_a_page_is_on_the_next() -> None:
    pages = pages_of(pdf_of("<br>".join(str(number) for number in range(LINES + 2))))
    assert [len(page) for page in pages] == [LINES, 2]
    assert pages[1] == [str(LINES), str(LINES + 1)]
