"""Functions of text. Blank text comes in as '' and may go out as '' (the compiled formula turns it into null at the end)."""

from __future__ import annotations

import html
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from urllib.parse import quote_plus

from orgtwin import ids
from orgtwin.formula.code import Code, Compiling, Special, function
from orgtwin.formula.errors import FormulaEvaluationError, wrong_type
from orgtwin.formula.operators import EXACT
from orgtwin.formula.tree import Call
from orgtwin.formula.types import FormulaType as T
from orgtwin.records.model import Value

_TEXT = (T.TEXT, T.ID, T.NULL)
_NUMBER = (T.NUMBER, T.NULL)
_LONGEST = 4000


def text_of(value: Value) -> str:
    """TEXT(): numbers plain and without trailing zeros, dates YYYY-MM-DD, date-times in GMT with a Z, times to the millisecond."""
    match value:
        case Decimal():
            plain = f"{value:f}"
            return plain.rstrip("0").rstrip(".") if "." in plain else plain
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        case date():
            return value.isoformat()
        case time():
            return f"{value:%H:%M:%S}.{value.microsecond // 1000:03d}"
        case _:
            return str(value)


def _text(compiler: Compiling, call: Call) -> Code:
    compiler.count(call, 1, 1)
    subject = compiler.compile(call.arguments[0])
    if subject.type not in (T.NUMBER, T.DATE, T.DATETIME, T.TIME, T.PICKLIST, T.NULL):
        expected = "Number, Date, DateTime, Picklist"
        raise wrong_type("function 'TEXT()'", expected, subject.type.label, subject.node.position)
    read = subject.run
    return Code(T.TEXT, lambda context: None if (value := read(context)) is None else text_of(value), call)


def _value(text: str) -> Value:
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise FormulaEvaluationError("The value 'null' is not a valid number.") from error
    if not number.is_finite():
        raise FormulaEvaluationError("The value 'null' is not a valid number.")
    return EXACT.plus(number)


def _is_number(text: str) -> bool:
    """Blank text is no number. Source: "ISNUMBER" (Salesforce Help)."""
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _left(text: str, count: Decimal) -> Value:
    return text[: max(0, int(count))]


def _right(text: str, count: Decimal) -> Value:
    return text[-int(count) :] if count >= 1 else ""


def _mid(text: str, start: Decimal, count: Decimal) -> Value:
    first = max(1, int(start)) - 1
    return text[first : first + max(0, int(count))]


def _find(search: str, text: str, start: Decimal = Decimal(1)) -> Value:
    """Position from 1, 0 when absent. ASSUMED for a blank search: 0."""
    return Decimal(text.find(search, max(0, int(start) - 1)) + 1) if search and text else Decimal(0)


def _begins(text: str, prefix: str) -> Value:
    """A blank prefix begins everything; nothing else begins a blank text: null."""
    return True if not prefix else text.startswith(prefix) if text else None


def _contains(text: str, part: str) -> Value:
    return True if not part else part in text if text else None


def _substitute(text: str, old: str, new: str) -> Value:
    return text.replace(old, new) if old else text


def _left_pad(text: str, count: Decimal, padding: str = " ") -> Value:
    return _pad(text, count, padding, before=True)


def _right_pad(text: str, count: Decimal, padding: str = " ") -> Value:
    return _pad(text, count, padding, before=False)


def _pad(text: str, count: Decimal, padding: str, *, before: bool) -> str:
    length = min(max(0, int(count)), _LONGEST)
    if len(text) >= length:
        return text[:length]
    if not padding:
        return text
    missing = length - len(text)
    filler = (padding * (missing // len(padding) + 1))[:missing]
    return filler + text if before else text + filler


def _upper(text: str, _locale: str = "") -> Value:
    return text.upper()


def _lower(text: str, _locale: str = "") -> Value:
    return text.lower()


def _title(text: str) -> Value:
    return "".join(
        char.upper() if index == 0 or not text[index - 1].isalnum() else char.lower() for index, char in enumerate(text)
    )


def _code_point(text: str) -> Value:
    return Decimal(ord(text[0])) if text else None


def _char(code_point: Decimal) -> Value:
    number = int(code_point)
    if not 0 < number <= 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        raise FormulaEvaluationError("Illegal character code in CHR() function")
    return chr(number)


def _case_safe_id(text: str) -> Value:
    """The 18-character form; a text that is no id stays what it is (ASSUMED)."""
    return ids.find_id18(text) or text


def _hyperlink(url: str, label: str, target: str = "_blank") -> Value:
    return f'<a href="{url}" target="{target}">{label}</a>'


def _image(url: str, alternate: str, height: Decimal | None = None, width: Decimal | None = None) -> Value:
    style = "" if height is None or width is None else f' style="height:{int(height)}px; width:{int(width)}px;"'
    return f'<img src="{url}" alt="{alternate}"{style} border="0"/>'


def _html_encode(text: str) -> Value:
    return html.escape(text, quote=True).replace("&#x27;", "&#39;")


def _url_encode(text: str) -> Value:
    return quote_plus(text)


def _regex(compiler: Compiling, call: Call) -> Code:
    """Few formulas have one, and a start without it is quicker."""
    from orgtwin.formula.library.patterns import compile_regex

    return compile_regex(compiler, call)


FUNCTIONS = (
    Special("TEXT", _text),
    Special("REGEX", _regex),
    function("VALUE", (_TEXT,), T.NUMBER, _value),
    function("ISNUMBER", (_TEXT,), T.BOOLEAN, _is_number),
    function("LEN", (_TEXT,), T.NUMBER, lambda text: Decimal(len(text))),
    function("LEFT", (_TEXT, _NUMBER), T.TEXT, _left),
    function("RIGHT", (_TEXT, _NUMBER), T.TEXT, _right),
    function("MID", (_TEXT, _NUMBER, _NUMBER), T.TEXT, _mid),
    function("FIND", (_TEXT, _TEXT, _NUMBER), T.NUMBER, _find, optional=1),
    function("BEGINS", (_TEXT, _TEXT), T.BOOLEAN, _begins),
    function("CONTAINS", (_TEXT, _TEXT), T.BOOLEAN, _contains),
    function("SUBSTITUTE", (_TEXT, _TEXT, _TEXT), T.TEXT, _substitute),
    function("TRIM", (_TEXT,), T.TEXT, lambda text: text.strip(" \t\n\r")),
    function("UPPER", (_TEXT, _TEXT), T.TEXT, _upper, optional=1),
    function("LOWER", (_TEXT, _TEXT), T.TEXT, _lower, optional=1),
    function("INITCAP", (_TEXT,), T.TEXT, _title),
    function("REVERSE", (_TEXT,), T.TEXT, lambda text: text[::-1]),
    function("LPAD", (_TEXT, _NUMBER, _TEXT), T.TEXT, _left_pad, optional=1),
    function("RPAD", (_TEXT, _NUMBER, _TEXT), T.TEXT, _right_pad, optional=1),
    function("ASCII", (_TEXT,), T.NUMBER, _code_point),
    function("CHR", (_NUMBER,), T.TEXT, _char),
    function("BR", (), T.TEXT, lambda: "<br>"),
    function("CASESAFEID", (_TEXT,), T.TEXT, _case_safe_id),
    function("HYPERLINK", (_TEXT, _TEXT, _TEXT), T.TEXT, _hyperlink, optional=1),
    function("IMAGE", (_TEXT, _TEXT, _NUMBER, _NUMBER), T.TEXT, _image, optional=2),
    function("HTMLENCODE", (_TEXT,), T.TEXT, _html_encode),
    function("URLENCODE", (_TEXT,), T.TEXT, _url_encode),
)
