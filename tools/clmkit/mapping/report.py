"""Findings as text: for people, for programs, for code scanning (SARIF 2.1.0), for a GitHub pull request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote

import msgspec

from clmkit.mapping.findings import Finding, Severity
from clmkit.mapping.reading import PAGES
from clmkit.mapping.rules import all_rules

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LONGEST_EXCERPT = 160


def render_human(findings: Sequence[Finding]) -> str:
    """`file:line:column: error CODE: message`, the source line with carets, `help:`, and a count at the end."""
    blocks = [_render_block(finding) for finding in findings]
    return "\n".join([*blocks, count_findings(findings)])


def _render_block(finding: Finding) -> str:
    place = finding.place
    lines = [f"{finding.file}:{place.line}:{place.column}: {finding.severity.value} {finding.code}: {finding.message}"]
    if finding.excerpt.strip():
        lines.extend(_render_excerpt(finding))
    lines.append(f"  help: {finding.help}")
    return "\n".join(lines) + "\n"


def _render_excerpt(finding: Finding) -> list[str]:
    """The line and its carets. A long line is cut around the place; a tab is shown as one space so that the carets stand right."""
    place = finding.place
    start = 0 if len(finding.excerpt) <= _LONGEST_EXCERPT else max(0, place.column - 1 - _LONGEST_EXCERPT // 2)
    shown = finding.excerpt[start : start + _LONGEST_EXCERPT].replace("\t", " ")
    column = place.column - 1 - start
    carets = "^" * max(1, min(place.width, len(shown) - column))
    gutter = f"{place.line} | "
    return [f"  {gutter}{shown}", f"  {' ' * len(gutter)}{' ' * column}{carets}"]


def count_findings(findings: Sequence[Finding]) -> str:
    errors = sum(finding.is_error for finding in findings)
    warnings = len(findings) - errors
    if not findings:
        return "no findings"
    return f"{_plural(errors, 'error')}, {_plural(warnings, 'warning')}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def render_json(findings: Sequence[Finding]) -> str:
    return msgspec.json.format(msgspec.json.encode({"findings": list(findings)}), indent=2).decode()


def render_github(findings: Sequence[Finding]) -> str:
    """Workflow commands, one a line. Source: GitHub Docs, Workflow commands for GitHub Actions."""
    return "\n".join(_render_annotation(finding) for finding in findings)


def _render_annotation(finding: Finding) -> str:
    place = finding.place
    properties = {
        "file": finding.file,
        "line": str(place.line),
        "col": str(place.column),
        "endColumn": str(place.column + place.width),
        "title": finding.code,
    }
    written = ",".join(f"{key}={_escape_property(value)}" for key, value in properties.items())
    return f"::{finding.severity.value} {written}::{_escape(f'{finding.message}. help: {finding.help}')}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")


def render_sarif(findings: Sequence[Finding]) -> str:
    """One run with the rules that were broken. Source: OASIS, SARIF Version 2.1.0."""
    codes = sorted({finding.code for finding in findings})
    pages = {rule.code: (rule.name, rule.page) for rule in all_rules()} | {c: ("reading", p) for c, p in PAGES.items()}
    rules = [_render_rule(code, *pages[code]) for code in codes]
    run = {
        "tool": {"driver": {"name": "clmkit", "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_render_result(finding, codes) for finding in findings],
    }
    document = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _render_rule(code: str, name: str, page: str) -> dict[str, object]:
    """A rule as a code-scanning page shows it: the law as its title, the whole page as its help."""
    law = page.strip().partition("\n")[0]
    return {"id": code, "name": name, "shortDescription": {"text": law}, "help": {"text": page.strip()}}


def _render_result(finding: Finding, codes: list[str]) -> dict[str, object]:
    place = finding.place
    region = {"startLine": place.line, "startColumn": place.column, "endColumn": place.column + place.width}
    location = {"artifactLocation": {"uri": quote(finding.file)}, "region": region}
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": "error" if finding.severity is Severity.ERROR else "warning",
        "message": {"text": f"{finding.message}. {finding.help}"},
        "locations": [{"physicalLocation": location}],
    }


FORMATS: dict[str, Callable[[Sequence[Finding]], str]] = {
    "human": render_human,
    "json": render_json,
    "sarif": render_sarif,
    "github": render_github,
}
