"""String. Source: "String Class" (Apex Reference Guide)."""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from collections.abc import Callable
from datetime import date, datetime

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, null_pointer, out_of_limit, throw
from orgtwin.apex.library.characters import (
    WHITESPACE,
    first_changed,
    folded,
    is_digit,
    is_letter_or_digit,
    is_white,
    one_space_each,
    swapped,
    to_lower,
    to_title,
    turned,
    without_white,
)
from orgtwin.apex.library.collections import items_of
from orgtwin.apex.library.escapes import ESCAPES
from orgtwin.apex.library.hashing import hash_code
from orgtwin.apex.library.message_format import formatted_pieces
from orgtwin.apex.library.patterns import replace_all, replace_first, split
from orgtwin.apex.library.signatures import system_class, type_of
from orgtwin.apex.library.units import (
    apart,
    by_units,
    code_point_at,
    code_point_before,
    code_point_count,
    equals_ignoring_case,
    offset_by_code_points,
    together,
)
from orgtwin.apex.text import concatenated, datetime_text, to_text
from orgtwin.apex.values import ApexList, Value

MAX_STRING = 6_000_000
_INTEGERS = type_of("List<Integer>")
_STRINGS = type_of("List<String>")


def _given(text: str | None) -> str:
    if text is None:
        raise argument_null("1")
    return text


def _bounded(text: str) -> str:
    if len(text) > MAX_STRING:
        raise out_of_limit(f"Apex heap size too large: {len(text)}")
    return text


def is_blank(text: str | None) -> bool:
    return text is None or not text.strip(WHITESPACE)


def _value_of(value: Value) -> str | None:
    if value is None:
        return None
    return datetime_text(value) if isinstance(value, datetime) else to_text(value)


def _join(source: Value, separator: str | None) -> str:
    if source is None:
        raise null_pointer()
    between = separator if separator is not None else "null"
    size = 0
    parts: list[str] = []
    for value in items_of(source):
        parts.append("" if value is None else to_text(value))
        size += len(parts[-1]) + len(between)
        if size > MAX_STRING:
            raise out_of_limit(f"Apex heap size too large: {size}")
    return together(between.join(parts))


def _format(template: str | None, values: ApexList | None) -> str:
    if template is None:
        raise argument_null("1")
    pieces = formatted_pieces(template, values.items if values is not None else [])
    size = sum(map(len, pieces))
    if size > MAX_STRING:
        raise out_of_limit(f"Apex heap size too large: {size}")
    return "".join(pieces)


def _escape_single_quotes(text: str | None) -> str:
    return _given(text).replace("\\", "\\\\").replace("'", "\\'") if text is not None else _given(text)


def _substring(this: str, start: int, end: int | None = None) -> str:
    stop = len(this) if end is None else end
    if start is None:
        raise argument_null("startIndex")
    if start < 0 or start > len(this):
        raise throw("StringException", f"Starting position out of bounds: {start}")
    if stop > len(this) or stop < start:
        raise throw("StringException", f"Ending position out of bounds: {stop}")
    return this[start:stop]


def _substring_after(this: str, separator: str | None) -> str:
    if separator is None:
        return ""
    return this.partition(separator)[2] if separator else this


def _substring_after_last(this: str, separator: str | None) -> str:
    if not separator or separator not in this:
        return ""
    return this.rpartition(separator)[2]


def _substring_before(this: str, separator: str | None) -> str:
    if separator is None:
        return this
    return this.partition(separator)[0] if separator else ""


def _substring_before_last(this: str, separator: str | None) -> str:
    if not separator or separator not in this:
        return this
    return this.rpartition(separator)[0]


def _substring_between(this: str, opening: str | None, closing: str | None = None) -> str | None:
    closing = opening if closing is None else closing
    if opening is None or closing is None:
        return None
    start = this.find(opening)
    end = this.find(closing, start + len(opening)) if start >= 0 else -1
    return this[start + len(opening) : end] if end >= 0 else None


def _pad(left: bool) -> Callable[..., str]:
    def run(this: str, length: int, fill: str | None = " ") -> str:
        fill = fill or " "
        missing = length - len(this)
        if missing <= 0:
            return this
        if length > MAX_STRING:
            raise out_of_limit(f"Apex heap size too large: {length}")
        padding = (fill * (missing // len(fill) + 1))[:missing]
        return padding + this if left else this + padding

    return run


def _center(this: str, length: int, fill: str | None = " ") -> str:
    fill = fill or " "
    missing = length - len(this)
    if missing <= 0:
        return this
    if length > MAX_STRING:
        raise out_of_limit(f"Apex heap size too large: {length}")
    left = missing // 2
    start = (fill * (left // len(fill) + 1))[:left]
    end = (fill * ((missing - left) // len(fill) + 1))[: missing - left]
    return start + this + end


def _abbreviate(this: str, width: int, offset: int = 0) -> str:
    if width < 4:
        raise throw("StringException", "Minimum abbreviation width is 4")
    if len(this) <= width:
        return this
    offset = min(offset, len(this))
    if len(this) - offset < width - 3:
        offset = len(this) - (width - 3)
    if offset <= 4:
        return this[: width - 3] + "..."
    if width < 7:
        raise throw("StringException", "Minimum abbreviation width with offset is 7")
    if offset + width - 3 < len(this):
        return "..." + _abbreviate(this[offset:], width - 3)
    return "..." + this[len(this) - (width - 3) :]


def _compare(this: str, other: str | None) -> int:
    other = _given(other)
    for a, b in zip(this, other, strict=False):
        if a != b:
            return ord(a) - ord(b)
    return len(this) - len(other)


def _contains(this: str, part: str | None) -> bool:
    if part is None:
        raise null_pointer()
    return part in this


def _contains_any(this: str, chars: str | None) -> bool:
    return any(c in this for c in chars or "")


def _count(this: str, part: str | None) -> int:
    return this.count(part) if part else 0


def _difference(this: str, other: str | None) -> str | None:
    if other is None:
        return this
    at = next((i for i, (a, b) in enumerate(zip(this, other, strict=False)) if a != b), min(len(this), len(other)))
    return "" if this == other else other[at:]


def _prefix(strings: ApexList | None) -> str | None:
    values = list(strings.items) if strings is not None else []
    if not values or any(v is None for v in values):
        return ""
    low, high = min(values), max(values)
    at = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    return str(low[:at])


def _levenshtein(this: str, other: str | None, threshold: int | None = None) -> int:
    other = _given(other)
    context.engine().spend(len(this) * len(other) // 4)
    previous = list(range(len(other) + 1))
    for i, a in enumerate(this, 1):
        current = [i]
        for j, b in enumerate(other, 1):
            current.append(min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a != b)))
        previous = current
    distance = previous[-1]
    return -1 if threshold is not None and distance > threshold else distance


def _index_of(this: str, part: str | None, start: int = 0) -> int:
    if part is None:
        raise argument_null("1")
    start = max(start, 0)
    return this.find(part, start) if part else min(start, len(this))


def _index_ignoring_case(this: str, part: str | None, start: int = 0) -> int:
    """As commons-lang has it, an empty part is found one behind the end as well."""
    if part == "":
        return max(start, 0) if start <= len(this) + 1 else -1
    return _index_of(this, part, start)


def _last_index_of(this: str, part: str | None, end: int | None = None) -> int:
    if part is None:
        raise argument_null("1")
    return this.rfind(part) if end is None else this.rfind(part, 0, end + len(part)) if end >= 0 else -1


def _char_at(this: str, index: int) -> int:
    if not 0 <= index < len(this):
        raise throw("StringException", f"Index out of bounds: {index}")
    return ord(this[index])


def _from_chars(codes: ApexList | None) -> str:
    if codes is None or None in codes.items:
        raise null_pointer()
    if any(not 0 <= code <= sys.maxunicode for code in codes.items):
        raise throw("StringException", "Invalid character code")  # ASSUMED text
    return together("".join(map(chr, codes.items)))


def _every(test: Callable[[str], bool], *, empty: bool = False) -> Callable[[str], bool]:
    return lambda this: all(test(c) for c in this) if this else empty


def _repeat(this: str, times: int, separator: str | None = None) -> str:
    if times is None or times <= 0:
        return ""
    if (len(this) + len(separator or "")) * times > MAX_STRING:
        raise out_of_limit(f"Apex heap size too large: {len(this) * times}")
    return this * times if separator is None else separator.join([this] * times)


def _replace(this: str, target: str | None, replacement: str | None) -> str:
    if target is None or replacement is None:
        raise argument_null("1")
    size = len(this) + this.count(target) * (len(replacement) - len(target))
    if size > MAX_STRING:
        raise out_of_limit(f"Apex heap size too large: {size}")
    return this.replace(target, replacement)


def _remove_start(this: str, part: str | None) -> str:
    return this.removeprefix(part) if part else this


def _remove_end(this: str, part: str | None) -> str:
    return this.removesuffix(part) if part else this


def _remove_start_ignore_case(this: str, part: str | None) -> str:
    return this[len(part) :] if part and folded(this).startswith(folded(part)) else this


def _remove_end_ignore_case(this: str, part: str | None) -> str:
    return this[: -len(part)] if part and folded(this).endswith(folded(part)) else this


def _left(this: str, length: int) -> str:
    return this[: max(length, 0)]


def _right(this: str, length: int) -> str:
    return this[len(this) - length :] if 0 < length < len(this) else (this if length > 0 else "")


def _mid(this: str, start: int, length: int) -> str:
    start = max(start, 0)
    return this[start : start + max(length, 0)]


def _starts_with(this: str, part: str | None) -> bool:
    if part is None:
        raise null_pointer()
    return this.startswith(part)


def _ends_with(this: str, part: str | None) -> bool:
    if part is None:
        raise null_pointer()
    return this.endswith(part)


_DOTTED = ("tr", "az")  # languages in which i and I are two letters; as Java's Locale has them


def _keeps_dots(locale: str | None) -> bool:
    return locale is not None and locale[:2].lower() in _DOTTED


def _to_lower(this: str, locale: str | None = None) -> str:
    return this.replace("I", "ı").replace("İ", "i").lower() if _keeps_dots(locale) else this.lower()


def _to_upper(this: str, locale: str | None = None) -> str:
    return this.replace("i", "İ").upper() if _keeps_dots(locale) else this.upper()


def _strip_html(this: str) -> str:
    closed, end, rest = this.rpartition(
        ">"
    )  # behind the last ">" no tag ends: a search from each "<" there would not either
    return html.unescape(re.sub(r"<[^>]*>", "", closed + end) + rest)


def _index_of_any(this: str, chars: str | None) -> int:
    return next((i for i, c in enumerate(this) if c in (chars or "")), -1)


def _index_of_any_but(this: str, chars: str | None) -> int:
    return next((i for i, c in enumerate(this) if c not in chars), -1) if chars else -1


def _index_of_difference(this: str, other: str | None) -> int:
    other = other or ""
    if this == other:
        return -1
    return next((i for i, (a, b) in enumerate(zip(this, other, strict=False)) if a != b), min(len(this), len(other)))


def _ignoring_case(function: Callable[..., Value]) -> Callable[..., Value]:
    def run(this: str, part: str | None, *rest: Value) -> Value:
        if part is None:
            raise null_pointer()
        return function(folded(this), folded(part), *rest)

    return run


def _get_levenshtein(this: str, other: str | None, threshold: int) -> int:
    return _levenshtein(this, other, threshold)


def _value_of_gmt(value: datetime | None) -> str:
    if value is None:
        raise argument_null("1")
    return value.strftime("%Y-%m-%d %H:%M:%S")


def _code_points(this: str) -> ApexList:
    return ApexList(_INTEGERS, [ord(c) for c in this])


_STATIC: dict[str, Callable[..., Value]] = {
    "static String escapeSingleQuotes(String)": _escape_single_quotes,
    "static String format(String,List<Object>)": _format,
    "static String fromCharArray(List<Integer>)": _from_chars,
    "static String getCommonPrefix(List<String>)": _prefix,
    "static Boolean isBlank(String)": is_blank,
    "static Boolean isEmpty(String)": lambda text: text is None or text == "",
    "static Boolean isNotBlank(String)": lambda text: not is_blank(text),
    "static Boolean isNotEmpty(String)": lambda text: text is not None and text != "",
    "static String join(Iterable<Object>,String)": _join,
    "static String valueOf(Date)": _value_of,
    "static String valueOf(Object)": lambda value: concatenated(value) if type(value) is date else _value_of(value),
    "static String valueOfGmt(Datetime)": _value_of_gmt,
}
_PARTS: dict[str, Callable[..., Value]] = {
    "String abbreviate(Integer)": _abbreviate,
    "String abbreviate(Integer,Integer)": _abbreviate,
    "String capitalize()": first_changed(to_title),
    "String center(Integer)": _center,
    "String center(Integer,String)": _center,
    "Integer charAt(Integer)": _char_at,
    "List<Integer> getChars()": _code_points,
    "Integer codePointAt(Integer)": code_point_at,
    "Integer codePointBefore(Integer)": code_point_before,
    "Integer codePointCount(Integer,Integer)": code_point_count,
    "String deleteWhitespace()": without_white,
    "String difference(String)": _difference,
    "Integer getLevenshteinDistance(String)": _levenshtein,
    "Integer getLevenshteinDistance(String,Integer)": _get_levenshtein,
    "String left(Integer)": _left,
    "String leftPad(Integer)": _pad(True),
    "String leftPad(Integer,String)": _pad(True),
    "String mid(Integer,Integer)": _mid,
    "String normalizeSpace()": one_space_each,
    "String remove(String)": lambda this, part: this.replace(part, "") if part else this,
    "String removeEnd(String)": _remove_end,
    "String removeEndIgnoreCase(String)": _remove_end_ignore_case,
    "String removeStart(String)": _remove_start,
    "String removeStartIgnoreCase(String)": _remove_start_ignore_case,
    "String repeat(Integer)": _repeat,
    "String repeat(String,Integer)": lambda this, separator, times: _repeat(this, times, separator),
    "String replace(String,String)": _replace,
    "String replaceAll(String,String)": replace_all,
    "String replaceFirst(String,String)": replace_first,
    "String reverse()": turned,
    "String right(Integer)": _right,
    "String rightPad(Integer)": _pad(False),
    "String rightPad(Integer,String)": _pad(False),
    "List<String> split(String)": split,
    "List<String> split(String,Integer)": split,
    "List<String> splitByCharacterType()": lambda this: _split_types(this, camel=False),
    "List<String> splitByCharacterTypeCamelCase()": lambda this: _split_types(this, camel=True),
    "String stripHtmlTags()": _strip_html,
    "String substring(Integer)": _substring,
    "String substring(Integer,Integer)": _substring,
    "String substringAfter(String)": _substring_after,
    "String substringAfterLast(String)": _substring_after_last,
    "String substringBefore(String)": _substring_before,
    "String substringBeforeLast(String)": _substring_before_last,
    "String substringBetween(String)": _substring_between,
    "String substringBetween(String,String)": _substring_between,
    "String swapCase()": swapped,
    "String toLowerCase()": _to_lower,
    "String toLowerCase(String)": _to_lower,
    "String toUpperCase()": _to_upper,
    "String toUpperCase(String)": _to_upper,
    "String trim()": lambda this: this.strip("".join(map(chr, range(33)))),
    "String uncapitalize()": first_changed(to_lower),
}
_TESTS: dict[str, Callable[..., Value]] = {
    "Integer compareTo(String)": _compare,
    "Boolean contains(String)": _contains,
    "Boolean containsAny(String)": _contains_any,
    "Boolean containsIgnoreCase(String)": _ignoring_case(_contains),
    "Boolean containsNone(String)": lambda this, chars: not _contains_any(this, chars),
    "Boolean containsOnly(String)": lambda this, chars: all(c in (chars or "") for c in this),
    "Boolean containsWhitespace()": lambda this: any(map(is_white, this)),
    "Integer countMatches(String)": _count,
    "Boolean endsWith(String)": _ends_with,
    "Boolean endsWithIgnoreCase(String)": _ignoring_case(_ends_with),
    "Boolean equals(Object)": lambda this, other: isinstance(other, str) and str(this) == str(other),
    "Boolean equalsIgnoreCase(String)": equals_ignoring_case,
    "Integer hashCode()": hash_code,
    "Integer indexOf(String)": _index_of,
    "Integer indexOf(String,Integer)": _index_of,
    "Integer indexOfAny(String)": _index_of_any,
    "Integer indexOfAnyBut(String)": _index_of_any_but,
    "Integer indexOfChar(Integer)": lambda this, code: this.find(apart(chr(code))),
    "Integer indexOfChar(Integer,Integer)": lambda this, code, start: this.find(apart(chr(code)), start),
    "Integer indexOfDifference(String)": _index_of_difference,
    "Integer indexOfIgnoreCase(String)": _ignoring_case(_index_ignoring_case),
    "Integer indexOfIgnoreCase(String,Integer)": _ignoring_case(_index_ignoring_case),
    "Boolean isAllLowerCase()": _every(str.islower),
    "Boolean isAllUpperCase()": _every(str.isupper),
    "Boolean isAlpha()": _every(str.isalpha),
    "Boolean isAlphaSpace()": _every(lambda c: c.isalpha() or c == " ", empty=True),
    "Boolean isAlphanumeric()": _every(is_letter_or_digit),
    "Boolean isAlphanumericSpace()": _every(lambda c: is_letter_or_digit(c) or c == " ", empty=True),
    "Boolean isAsciiPrintable()": _every(lambda c: 32 <= ord(c) < 127, empty=True),
    "Boolean isNumeric()": _every(is_digit),
    "Boolean isNumericSpace()": _every(lambda c: is_digit(c) or c == " ", empty=True),
    "Boolean isWhitespace()": _every(is_white, empty=True),
    "Integer lastIndexOf(String)": _last_index_of,
    "Integer lastIndexOf(String,Integer)": _last_index_of,
    "Integer lastIndexOfChar(Integer)": lambda this, code: this.rfind(apart(chr(code))),
    "Integer lastIndexOfChar(Integer,Integer)": lambda this, code, end: this.rfind(apart(chr(code)), 0, end + 1),
    "Integer lastIndexOfIgnoreCase(String)": _ignoring_case(_last_index_of),
    "Integer lastIndexOfIgnoreCase(String,Integer)": _ignoring_case(_last_index_of),
    "Integer length()": len,
    "Integer offsetByCodePoints(Integer,Integer)": offset_by_code_points,
    "Boolean startsWith(String)": _starts_with,
    "Boolean startsWithIgnoreCase(String)": _ignoring_case(_starts_with),
    "String toString()": str,
}


def _char_type(char: str) -> str:
    return unicodedata.category(char)


def _split_types(this: str, *, camel: bool) -> ApexList:
    """Runs of characters of one Unicode category; camel: an upper-case letter goes with the lower-case ones that follow."""
    parts: list[str] = []
    for char in this:
        kind = _char_type(char)
        if parts and _char_type(parts[-1][-1]) == kind:
            parts[-1] += char
        elif camel and parts and kind == "Ll" and _char_type(parts[-1][-1]) == "Lu":
            head, last = parts[-1][:-1], parts[-1][-1]
            parts[-1:] = [p for p in (head, last + char) if p]
        else:
            parts.append(char)
    return ApexList(_STRINGS, parts)


# Not counted in units: what takes a character as a whole.
_WHOLE = frozenset(
    (
        "String replaceAll(String,String)",
        "String replaceFirst(String,String)",
        "List<String> split(String)",
        "List<String> split(String,Integer)",
        "List<String> splitByCharacterType()",
        "List<String> splitByCharacterTypeCamelCase()",
        "String toLowerCase()",
        "String toLowerCase(String)",
        "String toUpperCase()",
        "String toUpperCase(String)",
        "String swapCase()",
    )
)
_METHODS = {**_PARTS, **_TESTS, **ESCAPES}

system_class("String", {**_STATIC, **{of: run if of in _WHOLE else by_units(run) for of, run in _METHODS.items()}})
