"""A kept spec is the loaded spec, and never an old one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clmkit.mapping import kept, loader
from clmkit.mapping.kept import find_place, fingerprint_of, load_kept
from clmkit.mapping.loader import load_spec

BASE = Path(__file__).with_name("base.yml").read_text(encoding="utf-8")
OVERLAY = "overlay: clmkit/v1\nbase: spec.yml\norg: emea\nsummary: Another org.\nchange: {currency: {org: EUR}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a folder with a spec and an overlay of it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CLMKIT_CACHE", raising=False)
    (tmp_path / "spec.yml").write_text(BASE)
    (tmp_path / "emea.yml").write_text(OVERLAY)
    return tmp_path


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were judged anew."""
    seen: list[Path] = []

    def watch(path: Path) -> loader.Loaded:
        seen.append(path)
        return load_spec(path)

    monkeypatch.setattr(kept, "load_spec", watch)
    return seen


@pytest.mark.parametrize("name", ["spec.yml", "emea.yml"])
def test_the_second_load_judges_nothing_and_gives_the_same_spec(folder: Path, judged: list[Path], name: str) -> None:
    first, second = load_kept(folder / name), load_kept(folder / name)
    assert judged == [folder / name]
    assert (second.spec, second.findings) == (first.spec, first.findings)
    assert second.spec is not None


def test_one_changed_byte_is_judged_anew_though_size_and_time_are_the_same(folder: Path, judged: list[Path]) -> None:
    path = folder / "spec.yml"
    load_kept(path)
    times = path.stat()
    path.write_text(BASE.replace("version: 1.0.0", "version: 1.0.1"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    loaded = load_kept(path)
    assert loaded.spec is not None
    assert (len(judged), loaded.spec.version) == (2, "1.0.1")


def test_an_overlay_is_judged_anew_when_the_spec_below_it_changed(folder: Path, judged: list[Path]) -> None:
    load_kept(folder / "emea.yml")
    (folder / "spec.yml").write_text(BASE.replace("version: 1.0.0", "version: 2.0.0"))
    loaded = load_kept(folder / "emea.yml")
    assert loaded.spec is not None
    assert (len(judged), loaded.spec.version) == (2, "2.0.0")


def test_another_tool_judges_anew(folder: Path, judged: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    load_kept(folder / "spec.yml")
    monkeypatch.setattr(kept, "fingerprint_of", lambda _package: "another")
    load_kept(folder / "spec.yml")
    assert len(judged) == 2


def test_a_changed_source_file_is_another_tool(tmp_path: Path) -> None:
    source = tmp_path / "rules.py"
    source.write_text("one")
    before = fingerprint_of(tmp_path)
    source.write_text("two!")
    assert fingerprint_of(tmp_path) != before


def test_a_spec_with_an_error_is_judged_every_time(folder: Path, judged: list[Path]) -> None:
    path = folder / "spec.yml"
    path.write_text(BASE.replace("owner: clm,", "owner: nobody,"))
    assert load_kept(path).spec is None
    assert load_kept(path).findings
    assert len(judged) == 2


def test_warnings_are_kept_with_the_spec(folder: Path, judged: list[Path]) -> None:
    path = folder / "spec.yml"
    path.write_text(
        BASE.replace("stewards: {legal_ops: Legal operations}", "stewards: {legal_ops: Legal, other: Other}")
    )
    first, second = load_kept(path), load_kept(path)
    assert [finding.code for finding in second.findings] == ["MAP328"]
    assert (first.findings, len(judged)) == (second.findings, 1)


@pytest.mark.parametrize("damage", [b"", b"\x81", b"not msgpack at all"])
def test_a_damaged_file_is_judged_anew_and_replaced(folder: Path, judged: list[Path], damage: bytes) -> None:
    path = folder / "spec.yml"
    load_kept(path)
    place = find_place(path)
    assert place is not None
    place.write_bytes(damage)
    assert load_kept(path).spec is not None
    assert load_kept(path).spec is not None
    assert len(judged) == 2


def test_a_cache_that_cannot_be_written_is_no_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "file"))
    assert load_kept(folder / "spec.yml").spec is not None


def test_nothing_is_kept_when_it_is_switched_off(
    folder: Path, judged: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLMKIT_CACHE", "off")
    load_kept(folder / "spec.yml")
    load_kept(folder / "spec.yml")
    assert len(judged) == 2
    assert not (folder / "cache").exists()
