"""Java's regular expressions, for formulas and Apex alike, on the `regex` library and in bounded time.

    compile_java(text) -> JavaPattern    PatternSyntaxError with Java's description; cached
    JavaPattern.fullmatch, .match, .search, .finditer, .replace, .split    RegexTooComplicated after SECONDS
    JavaPattern.replace                  ReplacementError for a replacement text that names no group, TextTooLong beyond `most`

`syntax` writes a Java pattern in the library's dialect, `classes` holds the character classes, `pattern` runs it.
"""

from orgtwin.java_regex.pattern import JavaPattern, RegexTooComplicated, ReplacementError, TextTooLong, compile_java
from orgtwin.java_regex.syntax import PatternSyntaxError

__all__ = [
    "JavaPattern",
    "PatternSyntaxError",
    "RegexTooComplicated",
    "ReplacementError",
    "TextTooLong",
    "compile_java",
]
