"""The methods of String that escape and take back: CSV, Java, ECMAScript, HTML, XML. Source: "String Class" (Apex Reference
Guide)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from orgtwin.apex.library.units import together
from orgtwin.apex.values import Value


def _escape_java(this: str) -> str:
    names = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", '"': '\\"', "\\": "\\\\"}
    return "".join(names.get(c, c if 32 <= ord(c) < 127 else f"\\u{ord(c):04X}") for c in this)


def _unescape_java(this: str) -> str:
    names = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
    found = re.sub(
        r"\\(u[0-9a-fA-F]{4}|.)",
        lambda m: chr(int(m[1][1:], 16)) if len(m[1]) == 5 else names.get(m[1], m[1]),
        this,
    )
    return together(found)


def _unescape_unicode(this: str) -> str:
    return together(re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), this))


def _escape_xml(this: str) -> str:
    return html.escape(this, quote=True).replace("&#x27;", "&apos;")


def _escape_csv(this: str) -> str:
    return '"' + this.replace('"', '""') + '"' if any(c in this for c in ',"\n\r') else this


def _unescape_csv(this: str) -> str:
    return this[1:-1].replace('""', '"') if len(this) >= 2 and this[0] == this[-1] == '"' else this


ESCAPES: dict[str, Callable[..., Value]] = {
    "String escapeCsv()": _escape_csv,
    "String escapeEcmaScript()": lambda this: _escape_java(this).replace("'", "\\'").replace("/", "\\/"),
    "String escapeHtml3()": lambda this: html.escape(this, quote=False).replace('"', "&quot;"),
    "String escapeHtml4()": lambda this: html.escape(this, quote=False).replace('"', "&quot;"),
    "String escapeJava()": _escape_java,
    "String escapeUnicode()": lambda this: "".join(c if ord(c) < 128 else f"\\u{ord(c):04X}" for c in this),
    "String escapeXml()": _escape_xml,
    "String unescapeCsv()": _unescape_csv,
    "String unescapeEcmaScript()": _unescape_java,
    "String unescapeHtml3()": html.unescape,
    "String unescapeHtml4()": html.unescape,
    "String unescapeJava()": _unescape_java,
    "String unescapeUnicode()": _unescape_unicode,
    "String unescapeXml()": html.unescape,
}
