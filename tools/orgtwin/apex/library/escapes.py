"""The methods of String that escape and take back: CSV, Java, ECMAScript, HTML, XML.

Sources: "String Class" (Apex Reference Guide); where it names only what is supported ("all known HTML 4.0 entities"), the rules of
Apache Commons Lang's StringEscapeUtils, whose methods these are by name and by the page's wording.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html.entities import codepoint2name

from orgtwin.apex.library.units import apart, together
from orgtwin.apex.values import Value

_BASIC = {'"': "&quot;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
_HTML_4 = {chr(code): f"&{name};" for code, name in codepoint2name.items()}
_HTML_3 = {char: entity for char, entity in _HTML_4.items() if char in _BASIC or 0xA0 <= ord(char) <= 0xFF}
_XML = {**_BASIC, "'": "&apos;"}
_ENTITY = re.compile(r"&(?:#(?:[xX]([0-9a-fA-F]+)|([0-9]+))|\w+);")

_LETTERS = {"\n": "n", "\t": "t", "\r": "r", "\b": "b", "\f": "f"}
_CONTROLS = {char: f"\\{letter}" for char, letter in _LETTERS.items()}
_JAVA = {**_CONTROLS, '"': '\\"', "\\": "\\\\"}
_ECMASCRIPT = {**_JAVA, "'": "\\'", "/": "\\/"}
_BACKSLASHED = re.compile(r"\\(?:u+\+?([0-9a-fA-F]{4})|([0-3]?[0-7]{1,2})|(.?))", re.DOTALL)
_UNICODE = re.compile(r"\\u+\+?([0-9a-fA-F]{4})")


def _entities(names: Mapping[str, str]) -> Callable[[str], str]:
    table = str.maketrans(dict(names))
    return lambda this: this.translate(table)


def _without_entities(names: Mapping[str, str]) -> Callable[[str], str]:
    """Names of the set and all numbers; any other name stays as it is."""
    characters = {entity: char for char, entity in names.items()}

    def char_of(found: re.Match[str]) -> str:
        number = int(found[1], 16) if found[1] else int(found[2]) if found[2] else None
        if number is None:
            return characters.get(found[0], found[0])
        return chr(number) if number <= 0x10FFFF else found[0]

    return lambda this: together(_ENTITY.sub(char_of, this))


def _unit(char: str) -> str:
    return f"\\u{ord(char):04X}"


def _escape_code(names: Mapping[str, str]) -> Callable[[str], str]:
    return lambda this: "".join(names.get(c, c if 32 <= ord(c) <= 127 else _unit(c)) for c in apart(this))


def _unescape_code(this: str) -> str:
    letters = {letter: char for char, letter in _LETTERS.items()}

    def char_of(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        return chr(int(found[2], 8)) if found[2] else letters.get(found[3], found[3])

    return together(_BACKSLASHED.sub(char_of, this))


def _unescape_unicode(this: str) -> str:
    return together(_UNICODE.sub(lambda found: chr(int(found[1], 16)), this))


def _needs_quotes(text: str) -> bool:
    return any(c in text for c in ',"\n\r')


def _escape_csv(this: str) -> str:
    return '"' + this.replace('"', '""') + '"' if _needs_quotes(this) else this


def _unescape_csv(this: str) -> str:
    """Quotes go only where they had to be."""
    inner = this[1:-1]
    return inner.replace('""', '"') if this != '"' and this[:1] == this[-1:] == '"' and _needs_quotes(inner) else this


ESCAPES: dict[str, Callable[..., Value]] = {
    "String escapeCsv()": _escape_csv,
    "String escapeEcmaScript()": _escape_code(_ECMASCRIPT),
    "String escapeHtml3()": _entities(_HTML_3),
    "String escapeHtml4()": _entities(_HTML_4),
    "String escapeJava()": _escape_code(_JAVA),
    "String escapeUnicode()": lambda this: "".join(c if ord(c) < 128 else _unit(c) for c in apart(this)),
    "String escapeXml()": _entities(_XML),
    "String unescapeCsv()": _unescape_csv,
    "String unescapeEcmaScript()": _unescape_code,
    "String unescapeHtml3()": _without_entities(_HTML_3),
    "String unescapeHtml4()": _without_entities(_HTML_4),
    "String unescapeJava()": _unescape_code,
    "String unescapeUnicode()": _unescape_unicode,
    "String unescapeXml()": _without_entities(_XML),
}
