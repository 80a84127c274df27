"""PDF files: the text of a string of HTML on pages of US Letter.

Source: "Blob Class", toPdf (Apex Reference Guide): any string, rendered as Visualforce renders a page; "Document management -
Portable document format - Part 1: PDF 1.7" (the file, Annex A.5's operators; 14.9.4 for ActualText). What is written is a whole
PDF 1.4 file of the document's text: tags are removed, blocks and breaks start lines, spaces are collapsed as HTML collapses them.
No style sheets, fonts, tables, images or page layout: everything stands in Courier, 78 columns by 54 lines a page. A character
that this font lacks is drawn as `?` and carries itself as ActualText, so that reading the text out gives it back. The same string
gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from textwrap import wrap

COLUMNS, LINES = 78, 54
_SIZE, _LEADING, _LEFT, _TOP = 10, 12, 72, 720
_HIDDEN = frozenset(("head", "script", "style", "title"))
_INLINE = frozenset(
    (
        "a", "abbr", "acronym", "b", "bdo", "big", "cite", "code", "dfn", "em", "font", "i", "img", "kbd", "label", "q", "s",
        "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var",
    )
)  # fmt: skip
_CELLS = frozenset(("td", "th"))
_PAGE = (
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {} 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
)
_FIRST = 4
"""The object that the first page is: 1 the catalog, 2 the tree of pages, 3 the font."""


class _Text(HTMLParser):
    """Gathers the lines of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = [""]
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = 0 if tag == "body" else self._hidden + (tag in _HIDDEN)
        if tag in _CELLS:
            self.lines[-1] += " "
        elif tag not in _INLINE:
            self.lines.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _HIDDEN and self._hidden > 0
        if tag not in _INLINE and tag not in _CELLS:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.lines[-1] += data


def pdf_of(markup: str) -> bytes:
    """The PDF file of a document; one without text has one empty page."""
    reader = _Text()
    reader.feed(markup)
    reader.close()
    rows = [row for line in reader.lines for row in wrap(" ".join(line.split()), COLUMNS)]
    pages = [rows[start : start + LINES] for start in range(0, len(rows), LINES)] or [[]]
    return _file(list(_objects(pages)))


def _objects(pages: list[list[str]]) -> Iterator[bytes]:
    """The bodies of the objects in their order: each page is followed by its content."""
    kids = " ".join(f"{_FIRST + 2 * index} 0 R" for index in range(len(pages)))
    yield b"<< /Type /Catalog /Pages 2 0 R >>"
    yield f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode()
    yield b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>"
    for index, rows in enumerate(pages):
        content = _content(rows)
        yield _PAGE.format(_FIRST + 2 * index + 1).encode()
        yield b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def _content(rows: Iterable[str]) -> bytes:
    shown = b"\n".join(b"%s T*" % _shown(row) for row in rows)
    return b"BT /F1 %d Tf %d TL %d %d Td\n%s\nET" % (_SIZE, _LEADING, _LEFT, _TOP, shown)


def _shown(row: str) -> bytes:
    """What draws a line; one with characters that the font lacks says what it means."""
    drawn = row.encode("cp1252", "replace")
    text = b"(%s) Tj" % drawn.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
    if drawn.decode("cp1252", "replace") == row:
        return text
    meant = row.encode("utf-16-be", "surrogatepass").hex().encode()
    return b"/Span << /ActualText <feff%s> >> BDC %s EMC" % (meant, text)


def _file(objects: list[bytes]) -> bytes:
    """Header, objects, cross-reference table and trailer (7.5)."""
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    count = len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % count
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, table)
    return bytes(out)
