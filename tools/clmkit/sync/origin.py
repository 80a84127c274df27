"""Where a value came from: what an audit entry says of a write, so that lineage can be read back (`lineage`).

Every entry about a write names the events that led to it, the rule that decided each field, the mapping by version and hash, and
who approved that mapping. What the mapping made of each field (path, transform, owner) is told once, when a mapping comes into
force: names only, never values.

The hash is SHA-256 over the resolved spec, so that a comment does not change it and an overlay does.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from clmkit.mapping.model import FieldMapping, ObjectMapping, Spec
from clmkit.sync.apply import Write
from clmkit.sync.audit import digest
from clmkit.sync.decide import FieldDecision
from clmkit.sync.state import State

IN_FORCE, APPROVED = "mapping in force", "mapping approved"
MOST_EVENTS = 10
"""Of a burst of changes that became one write, the newest are named."""
_CURSOR = "mapping"


@dataclass(frozen=True, slots=True)
class Ruleset:
    """The mapping that decides, as the audit names it. `git` is the commit of its file, empty where that is not known."""

    name: str
    version: str
    hash: str
    git: str = ""
    approver: str = ""

    @property
    def label(self) -> str:
        return f"{self.name} {self.version} {self.hash[:12]}"

    @property
    def told(self) -> dict[str, str]:
        """What each entry about a write says of it."""
        return {"mapping": self.label} | ({"approver": self.approver} if self.approver else {})


def ruleset_of(spec: Spec, git: str = "") -> Ruleset:
    return Ruleset(spec.name, spec.version, hashlib.sha256(msgspec.json.encode(spec)).hexdigest(), git)


def find_commit(path: Path) -> str:
    """The commit that changed a file last, with `+` when it was changed since; empty outside a checkout."""
    told = []
    for words in (("log", "-1", "--format=%h"), ("status", "--porcelain")):
        command = ["git", "-C", str(path.parent), *words, "--", path.name]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        except OSError:
            return ""
        if done.returncode:
            return ""
        told.append(done.stdout.strip())
    commit, changed = told
    return f"{commit}+" if commit and changed else commit


def approve(state: State, rules: Ruleset, approver: str, reference: str, at: str) -> None:
    """Keep who approved this very mapping; entries name them from the sync's next run on."""
    with state.transaction():
        state.put_cursor(_approval(rules), approver)
        body = {"mapping": rules.label, "hash": rules.hash, "git": rules.git, "approver": approver, "ticket": reference}
        state.record(at, APPROVED, body)


def put_in_force(state: State, spec: Spec, rules: Ruleset, at: str) -> Ruleset:
    """The ruleset with its approver; when it is not the one that was in force before, the audit is told what it does."""
    found = replace(rules, approver=state.get_cursor(_approval(rules)))
    if state.get_cursor(_CURSOR) != f"{found.hash} {found.approver}":
        with state.transaction():
            state.put_cursor(_CURSOR, f"{found.hash} {found.approver}")
            state.record(at, IN_FORCE, {**found.told, "hash": found.hash, "git": found.git, "fields": _fields(spec)})
    return found


def tell_write(write: Write, events: Sequence[int], rules: Ruleset) -> dict[str, object]:
    """The body of an audit entry about one row that Salesforce took."""
    facts = write.plan.facts
    return {
        "object": facts.mapping.salesforce,
        "key": facts.row.key,
        "revision": facts.revision,
        "fields": {name: digest(str(value)) for name, value in write.fields.items()},
        **tell_causes((write.plan.push[name] for name in write.fields if name in write.plan.push), events, rules),
    }


def tell_causes(decisions: Iterable[FieldDecision], events: Sequence[int], rules: Ruleset) -> dict[str, object]:
    """Why: the fields by the rule that decided them, the events (their places in the inbox), the mapping."""
    by_rule: dict[str, list[str]] = {}
    for decision in decisions:
        by_rule.setdefault(decision.reason, []).append(decision.field.salesforce)
    return {"rules": by_rule, "events": list(events[-MOST_EVENTS:]), **rules.told}


def _approval(rules: Ruleset) -> str:
    return f"approved:{rules.hash}"


def _fields(spec: Spec) -> Mapping[str, Mapping[str, str]]:
    rules = rules_of(spec)
    return {
        f"{mapping.salesforce}.{column.salesforce}": {
            "clm": column.clm,
            "transform": column.transform,
            "owner": column.owner.value,
            "direction": column.direction.value,
            "rule": rules[f"{mapping.salesforce}.{column.salesforce}"],
        }
        for mapping in spec.objects
        for column in mapping.columns
    }


def rules_of(spec: Spec) -> Mapping[str, str]:
    """What decides the value of each field, as a digest: two mappings that treat a field alike have the same."""
    return {
        f"{mapping.salesforce}.{column.salesforce}": _rule(spec, mapping, column)
        for mapping in spec.objects
        for column in mapping.columns
    }


def _rule(spec: Spec, mapping: ObjectMapping, column: FieldMapping) -> str:
    known = next((one for one in spec.value_maps if one.name == column.type.value_map), None)
    around = (
        spec.zone,
        spec.currency,
        spec.us,
        mapping.clm,
        mapping.owner,
        known,
        spec.lifecycle if column.lifecycle else None,
    )
    facts = (*around, msgspec.structs.replace(column, **_WORDING))
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:16]


_WORDING: Mapping[str, Any] = {
    "label": "",
    "description": "",
    "help": "",
    "steward": "",
    "tags": (),
    "track_history": False,
}
"""What of a field decides no value."""
