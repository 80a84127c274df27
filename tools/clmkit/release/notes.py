"""A verdict as text: for the terminal, for a program, as release notes in Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from clmkit.release.changes import Break, Bump, Change
from clmkit.release.verdict import Verdict

TITLES = {
    Break.DATA: "Values or identities are lost",
    Break.METADATA: "The org would refuse",
    Break.BEHAVIOUR: "The sync decides otherwise",
    Break.CONSUMER: "Reports, flows and people are affected",
    Break.SAFE: "Nothing breaks",
}


def render_human(verdict: Verdict) -> str:
    return "\n".join(_human_lines(verdict))


def _human_lines(verdict: Verdict) -> Iterator[str]:
    yield _headline(verdict)
    for change in verdict.changes:
        yield from _human_change(change, verdict.decisions.get(change.name, ""))
    yield from _advice(verdict)


def _headline(verdict: Verdict) -> str:
    before, after = verdict.before.spec, verdict.after.spec
    count = len(verdict.breaks)
    words = "nothing changed" if not verdict.changes else f"{_plural(len(verdict.changes), 'change')}, {count} breaking"
    bump = "" if verdict.bump is Bump.NONE else f", suggested bump: {verdict.bump.name} ({verdict.suggested_version})"
    return f"{after.name} {before.version} -> {after.version}: {words}{bump}"


def _human_change(change: Change, decision: str) -> Iterator[str]:
    rule = change.rule
    place = f"{change.subject} ({change.target})" if change.target else change.subject
    mark = "!" if change.is_break else " "
    yield f"  {mark} {rule.breaks.value:<9}  {rule.code}  {place}: {rule.summary}{_values(change)}"
    if change.is_break:
        yield f"      why: {rule.reason}"
        if rule.prevents:
            yield f"      prevents: {rule.prevents}"
        yield f"      next: {rule.next_step}"
        yield f"      decided in {decision}" if decision else "      undecided"


def _values(change: Change) -> str:
    if not change.before and not change.after:
        return ""
    if not change.before or not change.after:
        return f" ({change.before or change.after})"
    return f" ({change.before} -> {change.after})"


def _advice(verdict: Verdict) -> Iterator[str]:
    after = verdict.after.spec
    if not verdict.is_version_enough:
        yield f"version: {after.version} is too small a step; write `version: {verdict.suggested_version}` into the spec"
    if verdict.undecided:
        yield f"decisions: {_plural(len(verdict.undecided), 'break')} undecided. Write a record into docs/decisions with the lines"
        for change in verdict.undecided:
            yield f"    Decides: {change.name}"


def render_json(verdict: Verdict) -> str:
    document = {
        "spec": verdict.after.spec.name,
        "before": {"from": verdict.before.name, "version": verdict.before.spec.version},
        "after": {"from": verdict.after.name, "version": verdict.after.spec.version},
        "bump": verdict.bump.name.lower(),
        "suggested_version": verdict.suggested_version,
        "releasable": verdict.is_releasable,
        "changes": [to_plain(change, verdict.decisions.get(change.name, "")) for change in verdict.changes],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def to_plain(change: Change, decision: str) -> dict[str, object]:
    """A change for JSON."""
    rule = change.rule
    return {
        "code": rule.code,
        "kind": change.kind,
        "class": rule.breaks.value,
        "subject": change.subject,
        "target": change.target,
        "before": change.before,
        "after": change.after,
        "summary": rule.summary,
        "reason": rule.reason,
        "prevents": rule.prevents,
        "next": rule.next_step,
        "decision": decision,
    }


def render_markdown(verdict: Verdict) -> str:
    """Release notes: what breaks first, each with its reason and next step."""
    return "\n".join(_markdown_lines(verdict))


def _markdown_lines(verdict: Verdict) -> Iterator[str]:
    before, after = verdict.before.spec, verdict.after.spec
    yield f"# {after.name} {after.version}"
    yield ""
    yield f"Changes since {before.version}: {len(verdict.changes)}, {len(verdict.breaks)} of them breaking."
    for breaks in Break:
        changes = [change for change in verdict.changes if change.rule.breaks is breaks]
        if changes:
            yield from ("", f"## {TITLES[breaks]}", "")
            for change in changes:
                yield from _markdown_change(change, verdict.decisions.get(change.name, ""))


def _markdown_change(change: Change, decision: str) -> Iterator[str]:
    rule = change.rule
    target = f" (`{change.target}`)" if change.target else ""
    yield f"- **{change.subject}**{target}: {rule.summary}{_values(change)}. `{rule.code}`"
    if change.is_break:
        yield f"  - Why it matters: {rule.reason}."
        yield f"  - What to do: {rule.next_step}."
        yield f"  - Decided in {decision}." if decision else "  - Not decided yet."


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


FORMATS: dict[str, Callable[[Verdict], str]] = {
    "human": render_human,
    "json": render_json,
    "markdown": render_markdown,
}
