"""docs/reference/release.md, from the table of rules. `python -m clmkit.release.reference` writes it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import jinja2

from clmkit.release.adopt_words import NO_WORD
from clmkit.release.changes import RULES
from clmkit.release.plan_report import PAIRS
from clmkit.release.withdrawals import FIRST, FLOW, LAST

PAGE = Path("docs/reference/release.md")


def render_page() -> str:
    text = files("clmkit.release").joinpath("templates", "release.md.j2").read_text(encoding="utf-8")
    template = jinja2.Template(text, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    rules = sorted(RULES.values(), key=lambda rule: rule.code)
    page: str = template.render(pairs=PAIRS.items(), leaving=_leaving(), unadopted=_unadopted(), rules=rules)
    return page


def _leaving() -> list[tuple[str, list[str]]]:
    """When types go, and which."""
    first = ("go in the deploy, before the new parts: each takes one of a few places", sorted(FIRST))
    last = ("go in the deploy, after the new parts, which no longer refer to them", sorted(LAST))
    return [first, last, ("is deactivated, then deleted after the deploy: a deploy deletes no flow", [FLOW])]


def _unadopted() -> list[tuple[str, list[str]]]:
    """Why types are not adopted, and which."""
    return [(why, sorted(one for one in NO_WORD if NO_WORD[one] == why)) for why in dict.fromkeys(NO_WORD.values())]


if __name__ == "__main__":
    PAGE.write_text(render_page(), encoding="utf-8")
