"""Arithmetic, strings, dates and regular expressions, compared with Java and with Python's decimal on made-up cases.

Java answers through the JRE that the checks need anyway: Rhino's shell, which comes with PMD, runs java_oracle.js (`make
node-tools` installs it; a missing one fails). The same seed makes the same cases.
"""

from __future__ import annotations

import decimal
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from tests.orgtwin.apex.test_cases import run_program

from orgtwin.java_regex import PatternSyntaxError, compile_java

JARS = Path(__file__).parents[3] / ".node/node_modules/@salesforce/code-analyzer-pmd-engine/dist/java-lib"
SCRIPT = Path(__file__).with_name("java_oracle.js")
SEED = 20261122
MODES = ("CEILING", "DOWN", "FLOOR", "HALF_DOWN", "HALF_EVEN", "HALF_UP", "UP")
INTEGERS = (0, 1, -1, 2, 7, -7, 31, 46_341, 65_536, 2_147_483_647, -2_147_483_648)
LONGS = (*INTEGERS, 3_037_000_500, 4_294_967_296, 9_223_372_036_854_775_807, -9_223_372_036_854_775_807)
SYMBOLS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "and": "&", "or": "|", "xor": "^"}
ALPHABET = "aAbBzZ09 _-.ßéİıſKΣσς中🙂"

Question = list[str | int]


def dice() -> Random:
    return Random(SEED)  # noqa: S311 - made-up cases, no secrets


def ask_java(questions: list[Question]) -> list[str]:
    """Java's answer to each question."""
    (rhino,) = JARS.glob("rhino-*.jar")
    lines = "".join(json.dumps(question, ensure_ascii=True) + "\n" for question in questions)
    command = [
        "java",
        "-Xshare:auto",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        str(rhino),
        "org.mozilla.javascript.tools.shell.Main",
    ]
    done = subprocess.run(
        [*command, str(SCRIPT)], input=lines, capture_output=True, encoding="utf-8", timeout=120, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions), done.stderr
    return answers


def ask_apex(expressions: list[str]) -> list[str]:
    """What System.debug prints of each expression."""
    program = "\n".join(f"System.debug('>' + String.valueOf({one}) + '<');" for one in expressions)
    printed = [line.rstrip("<") for line in run_program(program).removeprefix(">").split("\n>")]
    assert len(printed) == len(expressions), printed[-3:]
    return printed


def differences(questions: list[Question], ours: list[str], theirs: list[str]) -> list[tuple[Question, str, str]]:
    rows = zip(questions, ours, theirs, strict=True)
    return [(question, mine, java) for question, mine, java in rows if mine != java]


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


# ---- regular expressions


ATOMS = (
    "a",
    "b",
    "[ab]",
    "[^a]",
    "[a-c&&[^b]]",
    r"\d",
    r"\w",
    r"\s",
    ".",
    r"\b",
    "^",
    "$",
    r"\p{Lu}",
    "x",
    r"\Qa.b\E",
    "B",
)
GROUPS = ("({})", "(?:{})", "(?={})", "(?!{})", "(?i:{})", "(?>{})")
QUANTIFIERS = ("", "", "", "?", "*", "+", "{1,2}", "*?", "+?", "?+", "++", "{2}")
TORN = ("(", "[", "*", "{", "\\", "(?<n>a", ")")
DEEPEST = 3


def made_pattern(random: Random, depth: int = 0) -> str:
    """A pattern of Java's grammar; without groups at the deepest level."""
    inner = made_pattern(random, depth + 1) if depth < DEEPEST else ""
    atoms = (*ATOMS, *(group.format(inner) for group in GROUPS)) if inner else ATOMS
    text = "".join(random.choice(atoms) + random.choice(QUANTIFIERS) for _ in range(random.randint(1, 3)))
    return f"{text}|{made_pattern(random, depth + 1)}" if inner and random.random() < 0.2 else text


def made_torn_pattern(random: Random) -> str:
    """One in twenty-five is refused."""
    return made_pattern(random) + (random.choice(TORN) if random.random() < 0.04 else "")


def made_groups(random: Random) -> str:
    groups = "".join(f"({made_pattern(random, DEEPEST)})" for _ in range(random.randint(1, 3)))
    return groups + random.choice(("", "", r"\1", r"\1?b"))


def made_matches(make: Callable[[Random], str], random: Random) -> list[Question]:
    return [
        ["regex", make(random), "".join(random.choice("aabbcxAB1 .") for _ in range(random.randint(0, 9)))]
        for _ in range(1_500)
    ]


def answer_of(pattern: str, text: str) -> str:
    try:
        compiled = compile_java(pattern)
    except PatternSyntaxError as refused:
        return f"refused {str(refused).partition(' near index')[0]}"
    found = [
        ",".join(f"{match.start(n)}-{match.end(n)}" for n in range(match.re.groups + 1))
        for match in compiled.finditer(text)
    ]
    return f"{str(compiled.fullmatch(text) is not None).lower()} {' '.join(found)}"


def without_groups(answer: str) -> str:
    return answer if answer.startswith("refused") else " ".join(one.partition(",")[0] for one in answer.split(" "))


def test_patterns_find_what_java_finds_or_are_refused_as_java_refuses_them() -> None:
    """Where a match lies; what a group holds that took part in an attempt which failed is Java's own affair."""
    questions = made_matches(made_torn_pattern, dice())
    ours = [without_groups(answer_of(str(pattern), str(text))) for _, pattern, text in questions]
    assert differences(questions, ours, [without_groups(answer) for answer in ask_java(questions)]) == []


def test_groups_hold_what_they_hold_in_java() -> None:
    questions = made_matches(made_groups, dice())
    ours = [answer_of(str(pattern), str(text)) for _, pattern, text in questions]
    assert differences(questions, ours, ask_java(questions)) == []


# ---- arithmetic


def made_decimal(random: Random) -> str:
    digits = str(random.randrange(10 ** random.randint(1, 12)))
    places = random.randint(0, min(6, len(digits)))
    point = f"{digits[:-places] or '0'}.{digits[-places:]}" if places else digits
    return random.choice(["", "", "-"]) + point


def decimals(random: Random) -> tuple[list[Question], list[str]]:
    questions: list[Question] = []
    expressions: list[str] = []
    for _ in range(400):
        one, other = made_decimal(random), made_decimal(random)
        a, b = (f"Decimal.valueOf('{each}')" for each in (one, other))
        name = random.choice(["add", "subtract", "multiply"])
        questions.append(["decimal", name, one, other])
        expressions.append(f"({a} {SYMBOLS[name]} {b}).toPlainString()")
        scale, mode = random.randint(0, 5), random.choice(MODES)
        questions.append(["setScale", one, scale, mode])
        expressions.append(f"{a}.setScale({scale}, System.RoundingMode.{mode}).toPlainString()")
        if decimal.Decimal(other):
            questions.append(["divide", one, other, scale, mode])
            expressions.append(f"{a}.divide({b}, {scale}, System.RoundingMode.{mode}).toPlainString()")
    return questions, expressions


def whole_numbers(random: Random, width: int, edges: tuple[int, ...]) -> tuple[list[Question], list[str]]:
    questions: list[Question] = []
    expressions: list[str] = []
    kind = "Integer" if width == 32 else "Long"
    for _ in range(400):
        name, one, other = random.choice(list(SYMBOLS)), random.choice(edges), random.choice(edges)
        if name == "divide" and other == 0:
            continue
        questions.append(["integer", width, name, str(one), str(other)])
        expressions.append(f"{kind}.valueOf('{one}') {SYMBOLS[name]} {kind}.valueOf('{other}')")
    return questions, expressions


def test_decimals_round_and_scale_as_javas() -> None:
    questions, expressions = decimals(dice())
    assert differences(questions, ask_apex(expressions), ask_java(questions)) == []


@pytest.mark.parametrize(("width", "edges"), [(32, INTEGERS), (64, LONGS)])
def test_whole_numbers_overflow_as_javas(width: int, edges: tuple[int, ...]) -> None:
    questions, expressions = whole_numbers(dice(), width, edges)
    assert differences(questions, ask_apex(expressions), ask_java(questions)) == []


def test_sums_and_products_of_decimals_are_those_of_pythons_decimal() -> None:
    random = dice()
    exact = decimal.Context(prec=80)
    operations: dict[str, Callable[[decimal.Decimal, decimal.Decimal], decimal.Decimal]] = {
        "+": exact.add,
        "-": exact.subtract,
        "*": exact.multiply,
    }
    pairs = [(random.choice(list(operations)), made_decimal(random), made_decimal(random)) for _ in range(500)]
    ours = ask_apex([f"(Decimal.valueOf('{a}') {sign} Decimal.valueOf('{b}')).toPlainString()" for sign, a, b in pairs])
    theirs = [operations[sign](decimal.Decimal(a), decimal.Decimal(b)) for sign, a, b in pairs]
    assert [decimal.Decimal(one) for one in ours] == theirs


# ---- strings


def strings(random: Random) -> tuple[list[Question], list[str]]:
    questions: list[Question] = []
    expressions: list[str] = []
    calls = {
        "indexOf": "{a}.indexOf({b})", "lastIndexOf": "{a}.lastIndexOf({b})", "compareTo": "{a}.compareTo({b})",
        "startsWith": "{a}.startsWith({b})", "endsWith": "{a}.endsWith({b})",
        "equalsIgnoreCase": "{a}.equalsIgnoreCase({b})", "hashCode": "{a}.hashCode()",
        "toUpperCase": "{a}.toUpperCase()", "toLowerCase": "{a}.toLowerCase()", "trim": "{a}.trim()", "length": "{a}.length()",
    }  # fmt: skip
    for _ in range(600):
        one = "".join(random.choice(ALPHABET) for _ in range(random.randint(0, 8)))
        other = random.choice([one[1:3], one[-2:], one.swapcase(), "".join(random.choice(ALPHABET) for _ in range(2))])
        name = random.choice(list(calls))
        questions.append(["text", name, one, other])
        expressions.append(calls[name].format(a=quoted(one), b=quoted(other)))
    return questions, expressions


def test_strings_are_searched_compared_and_cased_as_javas() -> None:
    questions, expressions = strings(dice())
    assert differences(questions, ask_apex(expressions), ask_java(questions)) == []


# ---- dates


UNNAMED = "Australia/Lord_Howe"  # shifts by half an hour; Java has a name of its own for it


def dates(random: Random) -> tuple[list[Question], list[str]]:
    questions: list[Question] = []
    expressions: list[str] = []
    patterns = [
        "yyyy-MM-dd'T'HH:mm:ss.SSSZ",
        "EEE, d MMM yyyy h:mm a",
        "DDD yy/M/d H:m:s",
        "EEEE MMMM dd",
        "hh 'o''clock' a z",
    ]
    zones = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", UNNAMED, "America/Los_Angeles"]
    for _ in range(200):
        millis = random.randrange(0, 2_500_000_000_000)
        zone = random.choice(zones)
        pattern = random.choice(patterns[:-1] if zone == UNNAMED else patterns)
        questions.append(["format", millis, pattern, zone])
        expressions.append(f"Datetime.newInstance({millis}L).format({quoted(pattern)}, '{zone}')")
        day, months = (
            f"{random.randint(1900, 2100)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
            random.randint(-50, 50),
        )
        last = (
            f"{random.choice([1999, 2000, 2024, 2100])}-{random.choice(['01-31', '02-28', '03-31', '08-31', '12-31'])}"
        )
        for start in (day, last):
            questions.append(["plusMonths", start, months])
            expressions.append(f"String.valueOf(Date.valueOf('{start}').addMonths({months}))")
        questions.append(["plusYears", last, months])
        expressions.append(f"String.valueOf(Date.valueOf('{last}').addYears({months}))")
        questions.append(["daysBetween", day, last])
        expressions.append(f"Date.valueOf('{day}').daysBetween(Date.valueOf('{last}'))")
    return questions, expressions


def test_dates_are_formatted_and_counted_as_javas() -> None:
    questions, expressions = dates(dice())
    assert differences(questions, ask_apex(expressions), ask_java(questions)) == []
