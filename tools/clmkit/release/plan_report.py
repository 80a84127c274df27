"""A plan as text: a table for people, JSON for programs, one self-contained page for those who approve it."""

from __future__ import annotations

import json
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from importlib.resources import files
from itertools import zip_longest

import jinja2
from markupsafe import Markup, escape

from clmkit.release.changes import Break, Bump
from clmkit.release.consumers import show_consumers
from clmkit.release.notes import to_plain
from clmkit.release.plan import MOST_BYTES, MOST_FILES, Calls, Item, Pair, Plan, WayBack
from clmkit.release.withdrawals import Withdrawal

SHORT_HASH = 12
PAIRS = {
    Pair.INTENT_BUILT: "the mapping asks for other files than the package directory holds; `clmkit generate` comes first",
    Pair.BUILT_ORG: "what a release would change: `+` comes, `~` changes, `-` goes, `=` is in the org only and stays there",
    Pair.BUILT_DATA: "records that the deploy would hurt, counted in the org",
    Pair.INTENT_DATA: (
        "records that the sync would judge otherwise, keep under another key or write no longer; told when `--against` names "
        "the mapping that runs now"
    ),
}
WIDTH = 150
MOST_NAMED = 5
CODE = re.compile(r"`([^`]+)`")


def render_human(plan: Plan, width: int = WIDTH) -> str:
    lines = [headline(plan)]
    for pair in Pair:
        items = [item for item in plan.items if item.pair is pair]
        if items:
            lines += ["", pair.value, *_table(items, width)]
    return "\n".join([*lines, "", *_ending(plan)])


def headline(plan: Plan) -> str:
    versions = f"{plan.against} -> {plan.spec_version}" if plan.against else plan.spec_version
    if plan.is_empty:
        return f"{plan.spec_name} {versions}: the org holds what the mapping asks for"
    bump = f", suggested bump: {plan.bump.name}" if plan.bump is not Bump.NONE else ""
    count, broken = len(plan.items), count_breaks(plan)
    told = f" ({', '.join(f'{number} {one.value}' for one, number in broken.items())})" if broken else ""
    return f"{plan.spec_name} {versions}: {count} difference{'s' * (count != 1)}, {sum(broken.values())} breaking{told}{bump}"


def count_breaks(plan: Plan) -> dict[Break, int]:
    """How many breaks of each class; one that also hurts records is one."""
    names = {item.change.name: item.change.rule.breaks for item in plan.breaks}
    counts = Counter(names.values())
    return {one: counts[one] for one in Break if counts[one]}


def _table(items: list[Item], width: int) -> Iterator[str]:
    """A line an item; what is too long for its column goes on below it."""
    rules = [item.change.rule for item in items]
    widest = max(len(rule.breaks.value) for rule in rules)
    room = width - len(f"  ~  {'':{widest}}  REL000    ")
    named = min(max(len(item.change.subject) for item in items), room // 2)
    for item, rule in zip(items, rules, strict=True):
        head = f"  {item.sign}  {rule.breaks.value:{widest}}  {rule.code}  "
        columns = zip_longest(_fold(item.change.subject, named), _fold(describe(item), room - named), fillvalue="")
        for number, (name, words) in enumerate(columns):
            yield f"{'' if number else head:{len(head)}}{name:{named}}  {words}".rstrip()


def _fold(text: str, width: int) -> list[str]:
    return [text] if len(text) <= width else textwrap.wrap(text, width)


def describe(item: Item) -> str:
    """What changes, from what to what, whom it hurts and what names it."""
    words = [tell(item)]
    if item.consumers:
        words.append(f"named by {show_consumers(item.consumers)}")
    return "; ".join(words)


def tell(item: Item) -> str:
    """What changes, from what to what, and how many records it hurts."""
    change = item.change
    arrow = " -> ".join(part for part in (change.before, change.after) if part)
    words = [change.rule.summary + (f": {arrow}" if arrow else "")]
    if item.count is not None:
        words.append(f"{item.count:,} record{'s' * (item.count != 1)}: {item.note}")
    elif item.is_hidden:
        words.append(f"not counted, the user may not read the field: {item.note}")
    elif item.note:
        words.append(item.note)
    return "; ".join(words)


def _ending(plan: Plan) -> Iterator[str]:
    if plan.withdrawal.keys:
        yield f"Deletes       {show_withdrawal(plan.withdrawal)}"
    if plan.order:
        yield "Deploy order  " + "  ".join(
            f"{place} {group} ({count})" for place, (group, count) in enumerate(plan.order, 1)
        )
    yield f"Limits        {'; '.join(limits(plan))}"
    if plan.calls:
        yield f"API calls     {show_calls(plan.calls)}"
    if plan.deploys:
        yield f"Rollback      {show_way_back(plan.way_back)}"
    for item in plan.undecided:
        yield f"Undecided     Decides: {item.change.name}"
    yield f"Plan          {plan.hash[:SHORT_HASH]}"
    yield f"Next          {next_step(plan)}"


def limits(plan: Plan) -> Iterator[str]:
    """What the deploy uses of what an org allows."""
    yield f"{plan.files:,} of {MOST_FILES:,} files, {kilobytes(plan)} KB of {MOST_BYTES // 1024 // 1024} MB"
    for sobject, count, most in plan.fields:
        yield f"{count:,} of {most:,} custom fields on {sobject}"


def show_calls(calls: Calls) -> str:
    """The sync's calls a day, the change where it is known, and the org's own count."""
    change = f"{calls.before:,} -> {calls.after:,}" if calls.before is not None else f"{calls.after:,}"
    told = f"{change} a day by the budget of the mapping book"
    if calls.used is None or calls.allowed is None:
        return f"{told}; the org does not tell its own count"
    return f"{told}; the org used {calls.used:,} of {calls.allowed:,} in the last 24 hours"


def show_way_back(way: WayBack) -> str:
    """What `clmkit apply HASH --rollback` would do."""
    counts = f"restores {len(way.restored)} components, removes {len(way.removed)}"
    left = f", leaves {', '.join(map(str, way.left[:MOST_NAMED]))}" if way.left else ""
    return counts + left + (f" and {len(way.left) - MOST_NAMED} more" if len(way.left) > MOST_NAMED else "")


def show_withdrawal(withdrawal: Withdrawal) -> str:
    """How many components go, and when."""
    parts = (
        ("before the new parts", withdrawal.first),
        ("after the new parts", withdrawal.last),
        ("in the end, by a step of its own for each flow", withdrawal.flows),
    )
    return "; ".join(f"{len(keys)} {when}" for when, keys in parts if keys)


def kilobytes(plan: Plan) -> int:
    return -(-plan.zip_bytes // 1024)


def next_step(plan: Plan) -> str:
    """What the reader does now."""
    if plan.is_stale:
        return "clmkit generate, then plan again: the package directory is not what the mapping asks for"
    if not plan.is_within_limits:
        if plan.crowded:
            return f"map fewer fields, or say which edition the org has: too many custom fields on {', '.join(plan.crowded)}"
        return "deploy in parts: the package is larger than one deploy may be"
    if plan.orphans:
        names = "; ".join(f"{key.full_name} extends {base}" for key, base in plan.orphans)
        return f"delete your classes whose base goes with this release, then plan again: {names}"
    if not plan.deploys:
        return "nothing to deploy"
    if plan.undecided:
        return "decide each break in a record in docs/decisions that holds its line, then plan again"
    return f"clmkit apply {plan.hash[:SHORT_HASH]}"


def render_json(plan: Plan) -> str:
    return json.dumps(to_document(plan), indent=2, ensure_ascii=False)


def to_document(plan: Plan) -> dict[str, object]:
    return {
        "hash": plan.hash,
        "spec": {"name": plan.spec_name, "version": plan.spec_version, "against": plan.against},
        "empty": plan.is_empty,
        "bump": plan.bump.name.lower(),
        "breaks": {one.value: count for one, count in count_breaks(plan).items()},
        "items": [_item(item, plan) for item in plan.items],
        "undecided": [item.change.name for item in plan.undecided],
        "deploys": list(plan.deploys),
        "withdrawn": list(map(str, plan.withdrawal.keys)),
        "orphans": [{"class": key.full_name, "extends": base} for key, base in plan.orphans],
        "order": [{"group": group, "components": count} for group, count in plan.order],
        "limits": {
            "files": plan.files,
            "most_files": MOST_FILES,
            "zip_bytes": plan.zip_bytes,
            "most_zip_bytes": MOST_BYTES,
            "fields": [{"object": sobject, "fields": count, "most": most} for sobject, count, most in plan.fields],
        },
        "calls": None if plan.calls is None else asdict(plan.calls),
        "rollback": {
            "restores": list(map(str, plan.way_back.restored)),
            "removes": list(map(str, plan.way_back.removed)),
            "leaves": list(map(str, plan.way_back.left)),
        },
        "next": next_step(plan),
        "built": dict(plan.built),
        "org": dict(plan.org),
    }


def _item(item: Item, plan: Plan) -> dict[str, object]:
    return {
        "pair": item.pair.value,
        "sign": item.sign,
        **to_plain(item.change, plan.decisions.get(item.change.name, "")),
        "note": item.note,
        "records": item.count,
        "hidden": item.is_hidden,
        "retired": item.is_retired,
        "consumers": [{"type": key.metadata_type, "name": key.full_name} for key in item.consumers],
    }


def render_html(plan: Plan) -> str:
    """A page with everything in it; it opens years later, with no network."""
    loader = jinja2.FunctionLoader(
        lambda name: files("clmkit.release").joinpath("templates", name).read_text(encoding="utf-8")
    )
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["code"] = _mark_code
    return environment.get_template("plan.html.j2").render(
        plan=plan,
        pairs=[(pair, sorted((item for item in plan.items if item.pair is pair), key=_by_class)) for pair in Pair],
        classes=count_breaks(plan),
        headline=headline(plan),
        next_step=next_step(plan),
        kilobytes=kilobytes(plan),
        most_files=MOST_FILES,
        show_calls=show_calls,
        show_way_back=show_way_back,
        show_withdrawal=show_withdrawal,
        show_consumers=show_consumers,
        pair_texts=PAIRS,
        tell=tell,
        short_hash=plan.hash[:SHORT_HASH],
    )


def _by_class(item: Item) -> int:
    """What needs somebody's eyes first."""
    return list(Break).index(item.change.rule.breaks)


def _mark_code(text: str) -> Markup:
    """What stands in backticks, as code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before it is marked
