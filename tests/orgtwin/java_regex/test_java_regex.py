"""Java's regular expressions. The rows of the tables are what OpenJDK 17 answers to them.

matches.tsv    pattern, text, whether the whole of it matches and where Matcher.find finds something
refusals.tsv   pattern, the description and index of its PatternSyntaxException
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orgtwin.java_regex import (
    JavaPattern,
    PatternSyntaxError,
    RegexTooComplicated,
    ReplacementError,
    compile_java,
)

HERE = Path(__file__).parent
UNPRINTABLE = {"<LF>": "\n", "<CR>": "\r", "<TAB>": "\t"}


def rows(name: str) -> list[list[str]]:
    return [
        [unescaped(cell) for cell in line.split("\t")] for line in (HERE / name).read_text("utf-8").split("\n") if line
    ]


def unescaped(cell: str) -> str:
    for written, char in UNPRINTABLE.items():
        cell = cell.replace(written, char)
    return cell


def answer(pattern: JavaPattern, text: str) -> str:
    spans = [f"{found.start()}-{found.end()}" for found in pattern.finditer(text)]
    return " ".join([str(pattern.fullmatch(text) is not None).lower(), *spans])


@pytest.mark.parametrize(("pattern", "text", "expected"), rows("matches.tsv"))
def test_a_pattern_matches_what_java_matches(pattern: str, text: str, expected: str) -> None:
    assert answer(compile_java(pattern), text) == expected


@pytest.mark.parametrize(("pattern", "expected"), rows("refusals.tsv"))
def test_what_is_no_pattern_is_refused_in_javas_words(pattern: str, expected: str) -> None:
    with pytest.raises(PatternSyntaxError) as refused:
        compile_java(pattern)
    assert str(refused.value) == expected


HOSTILE = [
    (r"(a|aa)+\1$", "a" * 60 + "b"),
    (r"(?=(.*)*y).|x*x*x*y|", "x" * 100_000),
]


@pytest.mark.parametrize(("pattern", "text"), HOSTILE)
def test_a_hostile_pattern_ends_in_about_a_second_in_any_thread(pattern: str, text: str) -> None:
    compiled = compile_java(pattern)
    begin = time.process_time()
    with ThreadPoolExecutor(1) as pool, pytest.raises(RegexTooComplicated, match=r"^more than 1 s$"):
        pool.submit(lambda: list(compiled.finditer(text))).result(timeout=30)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a" * 20_001, "Pattern is too long: 20001 characters, 20000 are read"),
        ("((a{1000}){1000}){1000}", "Pattern is too large"),
        ("(?:" * 50 + "a" + ")+" * 50, "Pattern is too large"),
        ("$" * 20_000, "Pattern is too large"),
        ("(" * 5_000, "Pattern is nested too deeply near index 101"),
        ("[" * 5_000, "Pattern is nested too deeply near index 101"),
    ],
)
def test_a_pattern_that_would_take_too_long_to_compile_is_refused(pattern: str, expected: str) -> None:
    with pytest.raises(PatternSyntaxError) as refused:
        compile_java(pattern)
    assert str(refused.value) == expected


def test_a_text_beyond_the_limit_is_not_matched() -> None:
    with pytest.raises(RegexTooComplicated, match=r"^a text of 1000001 characters, 1000000 are matched$"):
        compile_java("a").search("a" * 1_000_001)


@pytest.mark.parametrize(
    ("pattern", "text", "replacement", "expected"),
    [
        (r"(\w+) (\w+)", "john smith", "$2 $1", "smith john"),
        (r"(?<first>\w)\w+", "ab cd", "${first}.", "a. c."),
        (r"(a)(b)?", "a", "[$2$1]", "[a]"),
        ("(a)", "a", "$12", "a2"),
        ("a*", "baaac", "X", "XbXXcX"),
        ("a", "a", r"\$1\\", "$1\\"),
        ("|ab", "ab", "-", "-a-b-"),
    ],
)
def test_a_replacement_is_read_as_java_reads_it(pattern: str, text: str, replacement: str, expected: str) -> None:
    assert compile_java(pattern).replace(text, replacement)[0] == expected


@pytest.mark.parametrize(
    ("replacement", "expected"),
    [
        ("$2", "No group 2"),
        ("${none}", "No group with name {none}"),
        ("$x", "Illegal group reference"),
        ("x\\", "character to be escaped is missing"),
    ],
)
def test_a_replacement_that_names_no_group_is_refused(replacement: str, expected: str) -> None:
    with pytest.raises(ReplacementError) as refused:
        compile_java("(a)").replace("a", replacement)
    assert str(refused.value) == expected


@pytest.mark.parametrize(
    ("pattern", "text", "limit", "expected"),
    [
        (",", "a,b,,c,,", 0, ["a", "b", "", "c"]),
        (",", "a,b,,c,,", -1, ["a", "b", "", "c", "", ""]),
        (",", "a,b,c", 2, ["a", "b,c"]),
        ("", "abc", 0, ["a", "b", "c"]),
        ("", "abc", -1, ["a", "b", "c", ""]),
        (",", "", 0, [""]),
        (",", ",a", 0, ["", "a"]),
        ("x", "abc", 0, ["abc"]),
        (",", ",", 0, []),
    ],
)
def test_a_text_is_split_as_java_splits_it(pattern: str, text: str, limit: int, expected: list[str]) -> None:
    assert compile_java(pattern).split(text, limit) == expected


def test_a_long_literal_is_kept_in_parts_that_the_library_searches_quickly() -> None:
    pattern = compile_java("a" * 300 + "\\Qbc\\E{2}")
    assert "a" * 64 not in pattern.compiled.pattern
    assert pattern.fullmatch("a" * 300 + "bcc") is not None
    assert pattern.fullmatch("a" * 299 + "bcc") is None
