"""Texts: fit by length, never cut. Lengths are counted in UTF-16 units, as Salesforce's Java strings are (ASSUMED)."""

from __future__ import annotations

import re

from clmkit.mapping.model import FieldKind
from clmkit.mapping.values.outcome import Outcome, Refusal, SalesforceValue, Target, Value, find_several, quote, to_text

FIXED_LENGTHS = {FieldKind.TEXT_AREA: 255, FieldKind.URL: 255, FieldKind.EMAIL: 80, FieldKind.PHONE: 40}
"""Field types whose length Salesforce sets. Source: Metadata API Developer Guide, CustomField."""

_SINGLE_LINE = frozenset(
    {FieldKind.TEXT, FieldKind.URL, FieldKind.EMAIL, FieldKind.PHONE, FieldKind.PICKLIST, FieldKind.EXTERNAL_LOOKUP}
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+")
_URL = re.compile(r"https?://[^\s/$.?#][^\s]*", re.IGNORECASE)
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]*(?:\s*(?:x|ext\.?)\s*[0-9]+)?", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def length_of(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fit_text(value: object, target: Target) -> Outcome:
    """Trimmed text that fits. A line break is refused where the field shows one line."""
    text = to_text(value)
    if isinstance(text, Refusal):
        return text
    if target.type.kind in _SINGLE_LINE and ("\n" in text or "\r" in text):
        return Refusal(f"{quote(text)} runs over several lines; the field shows one.")
    return fit_length(text, target)


def fit_one_line(value: object, target: Target) -> Outcome:
    """Text with every run of spaces and line breaks made one space."""
    text = to_text(value)
    return text if isinstance(text, Refusal) else fit_length(" ".join(text.split()), target)


def fit_length(text: str, target: Target) -> Outcome:
    limit = target.type.length or FIXED_LENGTHS.get(target.type.kind, 0)
    if _CONTROL.search(text):
        return Refusal(f"{quote(_CONTROL.sub('?', text))} holds a control character that Salesforce cannot store.")
    if limit and length_of(text) > limit:
        return Refusal(f"{quote(text)} has {length_of(text)} characters; the field holds {limit}.")
    return Value(text or None)


def fit_single(value: object, target: Target) -> Outcome:
    """One-line text that must be a single answer: `England; Wales` is refused."""
    outcome = fit_one_line(value, target)
    if isinstance(outcome, Value) and isinstance(outcome.value, str):
        return find_several(outcome.value) or outcome
    return outcome


def fit_email(value: object, target: Target) -> Outcome:
    return _fit_form(value, target, _EMAIL, "an email address")


def fit_url(value: object, target: Target) -> Outcome:
    return _fit_form(value, target, _URL, "a web address that starts with http:// or https://")


def fit_phone(value: object, target: Target) -> Outcome:
    return _fit_form(value, target, _PHONE, "a telephone number")


def fit_sha256(value: object, target: Target) -> Outcome:
    """64 hexadecimal digits in lower case. Upper case is refused: a hash is compared byte by byte on both sides."""
    return _fit_form(value, target, _SHA256, "a SHA-256 in 64 lower-case hexadecimal digits")


def _fit_form(value: object, target: Target, form: re.Pattern[str], noun: str) -> Outcome:
    text = to_text(value)
    if isinstance(text, Refusal):
        return text
    if text and not form.fullmatch(text):
        return find_several(text) or Refusal(f"{quote(text)} is not {noun}.")
    return fit_length(text, target)


def to_boolean(value: object, target: Target) -> Outcome:
    """Yes or no. A Salesforce checkbox cannot be empty, so nothing is refused here and decided by the field's blank rule."""
    if isinstance(value, bool):
        return Value(value)
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in ("yes", "true"):
        return Value(True)
    if word in ("no", "false"):
        return Value(False)
    text = to_text(value)
    return text if isinstance(text, Refusal) else Refusal(f"{quote(text)} is neither yes nor no.")


def same(value: SalesforceValue, target: Target) -> object:
    """The inverse of every conversion that keeps the value as it is."""
    return value
