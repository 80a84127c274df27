"""A directory that stands as the spec left it is told without rendering; anything else is rendered and compared in full."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from clmkit.codegen import standing
from clmkit.codegen.project import plan_project
from clmkit.codegen.standing import compare_project
from clmkit.codegen.tree import LEDGER, Verb, compare_tree, write_tree
from clmkit.mapping import kept
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import Spec

CLASS = "generated/classes/CLM_Access.cls"
EXTENSION = "extensions/classes/CLM_ContractRules.cls"


@pytest.fixture(scope="module")
def spec(root: Path) -> Spec:
    loaded = load_spec(root / "mappings" / "contract.yml").spec
    assert loaded is not None
    return loaded


@pytest.fixture(scope="module")
def planned(spec: Spec) -> dict[str, bytes]:
    return plan_project(spec).render()


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch, planned: dict[str, bytes]) -> list[str]:
    """One entry for every time that the project was rendered."""
    seen: list[str] = []

    class Watched:
        def render(self) -> dict[str, bytes]:
            seen.append("rendered")
            return planned

    monkeypatch.setattr(standing, "plan_project", lambda _spec: Watched())
    return seen


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: Spec, rendered: list[str]) -> Path:
    """A package directory that was generated, and whose rendering is kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CLMKIT_CACHE", raising=False)
    folder = tmp_path / "force-app"
    write_tree(compare_project(spec, folder), folder)
    rendered.clear()
    return folder


def test_a_standing_directory_is_told_as_a_full_comparison_tells_it(
    out: Path, spec: Spec, rendered: list[str], planned: dict[str, bytes]
) -> None:
    assert compare_project(spec, out) == compare_tree(planned, out)
    assert rendered == []


def edit_with_the_same_size_and_time(path: Path) -> None:
    times, text = path.stat(), path.read_bytes()
    path.write_bytes(text.replace(b"e", b"f", 1))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize(
    ("path", "touch", "verb", "is_edited"),
    [
        (CLASS, edit_with_the_same_size_and_time, Verb.UPDATE, True),
        (CLASS, Path.unlink, Verb.ADD, False),
        ("generated/classes/Stray.cls", lambda path: path.write_text("stray"), Verb.REMOVE, True),
        (EXTENSION, Path.unlink, Verb.ADD, False),
    ],
)
def test_whatever_happened_to_a_file_is_found(
    out: Path, spec: Spec, rendered: list[str], path: str, touch: Callable[[Path], object], verb: Verb, is_edited: bool
) -> None:
    touch(out / path)
    (change,) = compare_project(spec, out).changes
    assert (change.path, change.verb, change.is_edited) == (path, verb, is_edited)
    assert rendered == ["rendered"]


def test_a_hand_written_file_beside_the_extensions_is_no_reason_to_render(
    out: Path, spec: Spec, rendered: list[str]
) -> None:
    (out / "extensions" / "classes" / "Mine.cls").write_text("mine")
    assert compare_project(spec, out).is_clean
    assert rendered == []


def test_an_edit_that_the_ledger_was_made_to_know_is_found(out: Path, spec: Spec, rendered: list[str]) -> None:
    ledger = out / LEDGER
    ledger.write_text(ledger.read_text().replace("a", "b", 1))
    assert not compare_project(spec, out).is_clean
    assert rendered == ["rendered"]


def test_another_spec_or_another_tool_renders(
    out: Path, spec: Spec, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_project(msgspec.structs.replace(spec, summary="Another."), out)
    assert rendered == ["rendered"]
    compare_project(spec, out)
    monkeypatch.setattr(kept, "fingerprint_of", lambda _package: "another")
    compare_project(spec, out)
    assert len(rendered) == 3


def test_nothing_is_kept_when_it_is_switched_off(
    out: Path, spec: Spec, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLMKIT_CACHE", "off")
    assert compare_project(spec, out).is_clean
    assert rendered == ["rendered"]
