"""Drift: what the org holds otherwise than the package directory says, who changed it and when, and what to do about each. Pure.

Three answers to each item: adopt it into the mapping, revert it in the org, or accept it until a date with an owner. Acceptances
stand in a small file that is committed beside the mapping. What was found is part of it: who edits further is drift again.

    accepted:
      - change: REL601 CustomField Contract.CLM_Title__c
        owner: legal_ops
        until: 2027-01-31
        reason: Sales asked for it during the quarter's close.
        found: 'label: Name'
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import yaml

from clmkit.clients.metadata_api import Listed
from clmkit.mapping.model import Spec
from clmkit.release.adopt import plan_adoption
from clmkit.release.adopt_words import NO_WORD
from clmkit.release.changes import Change
from clmkit.release.components import ComponentChange, Components, Key, compare_components, digest, without_retired
from clmkit.release.judge_components import COMPONENT_CHANGED, judge_components
from clmkit.release.judge_pages import PAGES, judge_page
from clmkit.release.spec_edit import AdoptError, AnyEdit, Edit, show_path

EDITED = "code_edited"


class DriftError(Exception):
    """What was asked about drift cannot be done; the message says why and what can."""


class Acceptance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody's word that an item may stay for a while."""

    change: str
    owner: str
    until: dt.date
    reason: str
    found: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    accepted: list[Acceptance] = []


class Verdict(enum.IntEnum):
    """How the org stands; the value is the exit code of `clmkit drift`."""

    CLEAN = 0
    DRIFT = 2
    BREAKING = 3


@dataclass(frozen=True, slots=True)
class DriftItem:
    """One difference in a component; who and when are empty where the org does not tell."""

    component: ComponentChange
    change: Change
    changed_by: str
    changed_at: str
    adopt: str
    acceptance: Acceptance | None = None
    is_expired: bool = False

    @property
    def key(self) -> Key:
        return self.component.key

    @property
    def is_open(self) -> bool:
        return self.acceptance is None or self.is_expired


def find_drift(
    spec: Spec,
    built: Components,
    org: Components,
    changes: Mapping[Key, Listed],
    accepted: Sequence[Acceptance],
    today: dt.date,
) -> tuple[DriftItem, ...]:
    """Every way in which the org is not what the package directory says."""
    known = {(acceptance.change, acceptance.found): acceptance for acceptance in accepted}
    places = _places(spec)
    items = []
    for component in compare_components(built, without_retired(org, built)):
        row = changes.get(component.key)
        for told in _judge(component):
            acceptance = known.get((told.name, _find_state(component, told)))
            items.append(
                DriftItem(
                    component=component,
                    change=told,
                    changed_by=row.changed_by if row else "",
                    changed_at=row.changed_at if row else "",
                    adopt=_advise(spec, component, told, places),
                    acceptance=acceptance,
                    is_expired=acceptance is not None and acceptance.until < today,
                )
            )
    return tuple(items)


def _find_state(component: ComponentChange, change: Change) -> str:
    """What the org holds of an item: of code and pages, whose text no line tells whole, the fingerprint."""
    if component.after is None:
        return "gone"
    is_told_whole = change.kind != EDITED and component.key.metadata_type not in PAGES
    return change.after or "none" if is_told_whole else digest(component.after)[:12]


def _judge(component: ComponentChange) -> Sequence[Change]:
    """A page that somebody edited is told once, by what it takes from those who use it."""
    is_edit = component.before is not None and component.after is not None
    if is_edit and component.key.metadata_type in PAGES:
        return (judge_page(component),)
    return tuple(map(_as_edit, judge_components([component])))


def _as_edit(change: Change) -> Change:
    """Nobody rewrites a component in an org from the mapping: there it is an edit."""
    return replace(change, kind=EDITED) if change.kind == COMPONENT_CHANGED else change


def _places(spec: Spec) -> dict[str, str]:
    return {
        f"{mapping.salesforce}.{field.salesforce}": f"objects.{mapping.name}, field {field.name}"
        for mapping in spec.objects
        for field in mapping.columns
    }


def _advise(spec: Spec, component: ComponentChange, change: Change, places: Mapping[str, str]) -> str:
    """How the mapping comes to say what the org does: by command where it has words for it, else where to write it."""
    with suppress(AdoptError):
        written = ", ".join(dict.fromkeys(_tell_places(plan_adoption(spec, component))))
        return f'clmkit drift --org FILE --adopt "{change.name}"   (writes {written})'
    key, place = component.key, places.get(change.target)
    arrow = " -> ".join(part for part in (change.before, change.after) if part)
    if place:
        return f"write it into the mapping ({place}: {arrow}), then clmkit generate"
    if key.metadata_type in NO_WORD:
        return NO_WORD[key.metadata_type]
    if key.metadata_type in ("GlobalValueSet", "StandardValueSet"):
        return f"write it into the mapping with its CLM text (value_maps or lifecycle: {arrow}), then clmkit generate"
    return "write it into the mapping, then clmkit generate"


def _tell_places(edits: Iterable[AnyEdit]) -> Iterator[str]:
    for edit in edits:
        if isinstance(edit, Edit):
            yield show_path(edit.path)
        else:
            changed = [name for name in {**edit.base, **edit.value} if edit.base.get(name) != edit.value.get(name)]
            yield from (show_path((*edit.path, name)) for name in changed)


def judge_drift(items: Iterable[DriftItem]) -> Verdict:
    open_items = [item for item in items if item.is_open]
    if any(item.change.is_break for item in open_items):
        return Verdict.BREAKING
    return Verdict.DRIFT if open_items else Verdict.CLEAN


def read_acceptances(path: Path) -> list[Acceptance]:
    """The committed acceptances; a file that is not there accepts nothing. Raises DriftError."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return msgspec.convert(raw or {}, _File).accepted
    except FileNotFoundError:
        return []
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise DriftError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    except msgspec.ValidationError as error:
        raise DriftError(f"{path}: {error}. An entry has change, owner, until (a date) and reason.") from error


def accept(
    items: Sequence[DriftItem], accepted: Sequence[Acceptance], new: Acceptance, spec: Spec, today: dt.date
) -> str:
    """The text of the file with one acceptance more. Raises DriftError."""
    states = dict.fromkeys(_find_state(item.component, item.change) for item in items if item.change.name == new.change)
    if not states:
        known = ", ".join(item.change.name for item in items if item.is_open) or "there is none"
        raise DriftError(f"{new.change}: the org has no such drift; open items: {known}")
    stewards = [name for name, _ in spec.stewards]
    if new.owner not in stewards:
        raise DriftError(f"{new.owner}: no steward of the mapping; known: {', '.join(stewards)}")
    if new.until < today:
        raise DriftError(f"{new.until}: lies in the past; accept until a day to come")
    kept = [one for one in accepted if one.change != new.change]
    found = (msgspec.structs.replace(new, found=state) for state in states)
    rows = [msgspec.structs.asdict(one) for one in (*kept, *found)]
    return yaml.safe_dump({"accepted": rows}, sort_keys=False, allow_unicode=True)
