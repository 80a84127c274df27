"""`clmkit init` writes a project that lints clean, and the same agreements for the same seed."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema_rs import Draft202012Validator

from clmkit.cli.main import main
from clmkit.mapping.approvals import find_row
from clmkit.mapping.loader import load_bytes, load_spec
from clmkit.mapping.model import ApprovalRow
from clmkit.mapping.sides import choose_sides
from clmkit.mapping.yaml_tree import parse_tree
from clmkit.templates.agreements import make_agreements
from clmkit.templates.catalogue import TEMPLATES, Template

EACH = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["init", *arguments], catch_exceptions=False)
    return result.exit_code, result.output


def test_the_list_names_every_template() -> None:
    code, output = run("--list")
    assert code == 0
    assert [line.split()[0] for line in output.splitlines()] == list(TEMPLATES)


def test_without_a_template_the_choice_is_shown() -> None:
    code, output = run()
    assert code == 2
    assert output.endswith("clmkit init: which template? Give one of the above with --template\n")


@EACH
def test_a_new_project_lints_clean(template: Template, tmp_path: Path) -> None:
    code, _ = run("--template", template.name, "--out", str(tmp_path))
    assert (code, load_spec(tmp_path / "mappings/contract.yml").findings) == (0, ())
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()) == [
        "Makefile",
        "README.md",
        "datasets/agreements.json",
        "mappings/contract.yml",
        "mappings/schema.json",
        "sfdx-project.json",
        "tests/test_contracts.py",
    ]
    assert len(json.loads((tmp_path / "datasets/agreements.json").read_text())) == 25


@EACH
def test_an_editor_finds_the_schema_of_a_new_mapping_beside_it(template: Template, tmp_path: Path) -> None:
    run("--template", template.name, "--out", str(tmp_path))
    first, *_ = (tmp_path / "mappings/contract.yml").read_text().splitlines()
    name = first.removeprefix("# yaml-language-server: $schema=")
    schema = json.loads((tmp_path / "mappings" / name).read_text())
    data = parse_tree((tmp_path / "mappings/contract.yml").read_text())[0]
    assert data is not None
    assert Draft202012Validator(schema).is_valid(data.data)


def test_a_new_project_generates_beside_its_mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("--template", "saas", "--out", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["generate"], catch_exceptions=False)
    assert (result.exit_code, (tmp_path / "force-app/generated/files.sha256").exists()) == (0, True)
    project = json.loads((tmp_path / "sfdx-project.json").read_text())
    assert [(tmp_path / one["path"]).is_dir() for one in project["packageDirectories"]] == [True]


def test_what_is_there_is_not_overwritten_without_force(tmp_path: Path) -> None:
    run("--template", "saas", "--out", str(tmp_path))
    mapping = tmp_path / "mappings/contract.yml"
    mapping.write_text("mine")
    code, output = run("--template", "licensing", "--out", str(tmp_path))
    assert (code, output) == (2, f"clmkit init: {mapping} is there already; --force overwrites it\n")
    assert mapping.read_text() == "mine"
    assert run("--template", "licensing", "--out", str(tmp_path), "--force")[0] == 0
    assert mapping.read_text().endswith(TEMPLATES["licensing"].read_mapping())


@EACH
def test_the_same_seed_makes_the_same_agreements_and_another_others(template: Template) -> None:
    assert make_agreements(template, 20, 1) == make_agreements(template, 20, 1)
    assert make_agreements(template, 20, 1) != make_agreements(template, 20, 2)


@EACH
def test_lines_sum_to_the_total_value(template: Template) -> None:
    for agreement in make_agreements(template, 50, 3):
        total = sum(Decimal(line["amount"]) for line in agreement["lines"])
        assert total == Decimal(agreement["value"]["total"])


@EACH
def test_every_agreement_of_a_template_has_its_approvers_and_its_sides(template: Template) -> None:
    spec = load_bytes(template.read_mapping().encode(), template.file).spec
    assert spec is not None
    assert spec.approvals is not None
    assert spec.us is not None
    for agreement in make_agreements(template, 50, 5):
        assert isinstance(find_row(spec.approvals, agreement), ApprovalRow)
        sides = choose_sides(spec.us, agreement)
        assert (sides.us, sides.counterparty) == ((template.us,), agreement["counterparty"]["name"])
        assert sides.is_clear
