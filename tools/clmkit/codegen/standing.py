"""Disk against plan without rendering the plan: a directory that still holds what the same spec gave before has nothing to change.

What a spec renders to is kept as the digest of its ledger and the paths of its extensions. It is believed only for the same spec,
the same source of this package and of the mapping's, and the same jinja2; the files on disk are read and digested every time, so an
edit by hand is seen whatever its size and time. Anything else renders and compares in full.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

import msgspec

from clmkit.codegen.plan import EXTENSIONS
from clmkit.codegen.project import plan_project
from clmkit.codegen.tree import LEDGER, Comparison, compare_files, digest_files, parse_ledger, read_ledger, read_package
from clmkit.mapping import kept
from clmkit.mapping.model import Spec

PACKAGE = Path(__file__).parent


class Rendering(msgspec.Struct, frozen=True):
    """What one spec became when it was last rendered."""

    tool: str
    spec: str  # digest of the resolved spec
    ledger: str  # digest of the ledger's text
    extensions: tuple[str, ...]


def compare_project(spec: Spec, root: Path) -> Comparison:
    """What would have to change under `root` for it to hold the spec's project; reads, never writes below `root`.

    Raises PlanError when the spec asks for what no org can hold.
    """
    place = kept.find_place(root / LEDGER)
    ledger, present = read_ledger(root), read_package(root)
    if place is None:
        return compare_files(plan_project(spec).render(), present, ledger)
    tool, written = _tool(), _digest(msgspec.msgpack.encode(spec))
    known = kept.read_kept(place, Rendering)
    if known is not None and (known.tool, known.spec, known.ledger) == (tool, written, _digest(ledger.encode())):
        standing = _find_standing(known, present, ledger)
        if standing is not None:
            return standing
    planned = plan_project(spec).render()
    comparison = compare_files(planned, present, ledger)
    extensions = tuple(path for path in planned if path.startswith(f"{EXTENSIONS}/"))
    kept.write_kept(place, Rendering(tool, written, _digest(comparison.ledger_text.encode()), extensions))
    return comparison


def _find_standing(known: Rendering, present: dict[str, bytes], ledger: str) -> Comparison | None:
    """A comparison without changes; None when a file differs from the ledger, is missing or is one too many."""
    digests = digest_files(present)
    written = parse_ledger(ledger)
    if written != {path: frozenset((digest,)) for path, digest in digests.items()}:
        return None
    if any(path not in present for path in known.extensions):
        return None
    return Comparison((), len(digests) + len(known.extensions), written, digests, is_ledger_current=True)


def _tool() -> str:
    return "\n".join((kept.fingerprint_of(PACKAGE), kept.fingerprint_of(kept.PACKAGE), version("jinja2")))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
