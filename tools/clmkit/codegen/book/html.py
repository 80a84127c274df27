"""The book as one HTML file: no script, no network, a table of contents, tables that become cards on a phone."""

from __future__ import annotations

import re

from jinja2 import Environment, PackageLoader, StrictUndefined

from clmkit.codegen.book.tables import Book


def render_html(book: Book) -> str:
    """The page."""
    environment = Environment(
        loader=PackageLoader("clmkit.codegen.book", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["slug"] = _slug
    return environment.get_template("book.html.j2").render(book=book)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
