"""docs/reference/release.md, from the table of rules. `python -m clmkit.release.reference` writes it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import jinja2

from clmkit.release.changes import RULES
from clmkit.release.plan_report import PAIRS

PAGE = Path("docs/reference/release.md")


def render_page() -> str:
    text = files("clmkit.release").joinpath("templates", "release.md.j2").read_text(encoding="utf-8")
    template = jinja2.Template(text, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    page: str = template.render(pairs=PAIRS.items(), rules=sorted(RULES.values(), key=lambda rule: rule.code))
    return page


if __name__ == "__main__":
    PAGE.write_text(render_page(), encoding="utf-8")
