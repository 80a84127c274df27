"""The golden trees: what each generator makes of a small spec, whole, on one page.

golden/small.yml          what all of them start from
golden/<generator>.yml    what is laid over it: the feature that the generator is for
golden/<generator>.tree   every file that it makes, each below a line with its path

python -m tests.clmkit.codegen.trees              names the trees that are not what the generators make
python -m tests.clmkit.codegen.trees --update     writes them; read the diff as you would read code
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import yaml

from clmkit.codegen.book.make import make_book
from clmkit.codegen.book.traffic import Load
from clmkit.codegen.destructive import plan_removal
from clmkit.codegen.made import plan_made
from clmkit.codegen.plan import PlannedFile
from clmkit.codegen.project import PLANNERS, components_of, plan_manifest, plan_project
from clmkit.mapping.layers import merge
from clmkit.mapping.loader import load_bytes
from clmkit.mapping.model import Spec

GOLDEN = Path(__file__).with_name("golden")
SMALL = "small"
RULE = "=" * 4


def make_tree(name: str) -> str:
    """What the generator makes now."""
    return "\n".join(
        f"{RULE} {path}\n{content.decode()}" for path, content in GENERATORS[name](read_spec(name)).items()
    )


def read_tree(name: str) -> str:
    path = GOLDEN / f"{name}.tree"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def read_spec(name: str) -> Spec:
    small, laid_over = (yaml.safe_load((GOLDEN / f"{one}.yml").read_text(encoding="utf-8")) for one in (SMALL, name))
    loaded = load_bytes(yaml.safe_dump(merge(small, laid_over or {}), sort_keys=False).encode(), f"{name}.yml")
    assert loaded.spec is not None, loaded.errors
    return loaded.spec


def _plan(planner: Callable[[Spec], Iterable[PlannedFile]], spec: Spec) -> Mapping[str, bytes]:
    return {file.path: file.render() for file in sorted(planner(spec), key=lambda file: file.path)}


def _made(spec: Spec) -> Iterable[PlannedFile]:
    return plan_made(spec, components_of(file for planner in PLANNERS for file in planner(spec)))


def _manifest(spec: Spec) -> Iterator[PlannedFile]:
    yield plan_manifest(spec, components_of(file for planner in PLANNERS for file in planner(spec)))


def _removals(spec: Spec) -> Mapping[str, bytes]:
    return plan_removal(plan_project(spec), plan_project(read_spec(SMALL))).render(spec.api_version)


def _book(spec: Spec) -> Mapping[str, bytes]:
    """The mapping book as its tables: the page and the workbook say the same in their own forms."""
    tables = make_book(spec, Load()).tables
    pages = (("\n".join(" | ".join(row) for row in (table.columns, *table.rows)) + "\n").encode() for table in tables)
    return {table.title: page for table, page in zip(tables, pages, strict=True)}


GENERATORS: Mapping[str, Callable[[Spec], Mapping[str, bytes]]] = {
    **{planner.__name__.removeprefix("plan_"): partial(_plan, planner) for planner in PLANNERS},
    "made": partial(_plan, _made),
    "manifest": partial(_plan, _manifest),
    "removals": _removals,
    "book": _book,
}


def main() -> int:
    changed = [name for name in GENERATORS if make_tree(name) != read_tree(name)]
    for name in changed:
        if "--update" in sys.argv[1:]:
            (GOLDEN / f"{name}.tree").write_text(make_tree(name), encoding="utf-8", newline="\n")
        sys.stdout.write(f"{name}\n")
    return 1 if changed and "--update" not in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
