"""Java's character classes in the words of the `regex` library.

Source: Pattern (Java Platform SE API, java.util.regex), "Predefined character classes", "POSIX character classes",
"java.lang.Character classes" and "Classes for Unicode scripts, blocks, categories and binary properties".
"""

from __future__ import annotations

import re
from functools import lru_cache

import regex

TERMINATORS = r"\n\r\x85\u2028\u2029"

ESCAPES = {
    "d": "0-9",
    "w": "a-zA-Z0-9_",
    "s": r" \t\n\x0b\f\r",
    "h": r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000",
    "v": r"\n\x0b\f\r\x85\u2028\u2029",
}
POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "Graph": r"\x21-\x7e",
    "Print": r"\x20-\x7e",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0b\f\r",
}
_OTHER_NAMES = {
    "javaLowerCase": "Lowercase",
    "javaUpperCase": "Uppercase",
    "javaAlphabetic": "Alphabetic",
    "javaDigit": "Nd",
    "javaLetter": "L",
    "javaLetterOrDigit": r"[\p{L}\p{Nd}]",
    "javaWhitespace": r"[[\p{Z}\t-\r\x1c-\x1f]&&[^\xa0\u2007\u202f]]",
    "javaSpaceChar": "Z",
    "IsDigit": "Nd",
    "IsLetter": "L",
    "IsPunctuation": "P",
    "IsControl": "Cc",
    "L1": r"[\x00-\xff]",
    "LC": "LC",
    "all": r"[\x00-\U0010ffff]",
}
_CATEGORY = re.compile("[CLMNPSZ][a-z]?")
_KEYS = {
    **dict.fromkeys(("sc", "script"), "Script"),
    **dict.fromkeys(("blk", "block"), "Block"),
    **dict.fromkeys(("gc", "general_category"), "General_Category"),
}


@lru_cache(maxsize=512)
def find_property(name: str) -> str | None:
    """The set that `\\p{name}` stands for, in the library's syntax; None when Java knows no such name."""
    for candidate in _candidates(name):
        written = candidate if candidate.startswith("[") else rf"[\p{{{candidate}}}]"
        try:
            regex.compile(written, regex.V1)
        except regex.error:
            continue
        return written
    return None


def _candidates(name: str) -> tuple[str, ...]:
    if name in POSIX:
        return (f"[{POSIX[name]}]",)
    if name in _OTHER_NAMES:
        return (_OTHER_NAMES[name],)
    if _CATEGORY.fullmatch(name):
        return (name,)
    key, equals, value = name.partition("=")
    if equals and key.lower() in _KEYS:
        return (f"{_KEYS[key.lower()]}={value}",)
    if name.startswith("In"):
        return (f"Block={name[2:]}",)
    if name.startswith("Is"):
        return (name[2:], f"Script={name[2:]}")
    return ()
