"""How an org is reached, and reached again once its session has ended: by an alias of the sf CLI, by a file, by standard input."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from clmkit.cli.main import main
from clmkit.clients.errors import LoginFailed
from clmkit.release.org_access import HINT, RENEWED, AccessError, OrgAccess, read_access, renew_access

URL = "https://x.my.salesforce.com"
WITHHELD = {
    "instanceUrl": URL,
    "accessToken": "[REDACTED] Use 'sf org auth show-access-token' to view",
    "username": "u",
}


def put_sf(folder: Path, patch: pytest.MonkeyPatch, display: str, token: str = "") -> None:
    """An `sf` that is alone on the PATH and prints these answers."""
    known = f"'org display --target-org prod --json') printf %s '{display}';;"
    words = f"#!/bin/sh\ncase \"$*\" in {known} *) printf %s '{token}';; esac\n"
    (folder / "sf").write_text(words, encoding="utf-8")
    (folder / "sf").chmod(0o700)
    patch.setenv("PATH", str(folder))


def said(**result: object) -> str:
    """An answer of the CLI, in single quotes for a shell."""
    return json.dumps({"status": 0, "result": result}).replace("'", "'\\''")


def test_an_alias_is_asked_of_the_sf_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_sf(tmp_path, monkeypatch, said(instanceUrl=URL, accessToken="T", username="u"))
    assert read_access("prod") == OrgAccess(URL, "T", "u", source="prod")


def test_a_token_that_one_command_withholds_is_asked_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_sf(tmp_path, monkeypatch, said(**WITHHELD), said(accessToken="T"))
    assert read_access("prod") == OrgAccess(URL, "T", "u", source="prod")


@pytest.mark.parametrize(
    ("display", "words"),
    [
        (
            json.dumps(
                {"status": 1, "message": "Parsing --target-org\n\tNo authorization information found for prod."}
            ),
            "no such file, and `sf org display` says: Parsing --target-org No authorization information found for prod",
        ),
        ("no json", "`sf org display` ended with 0 and no JSON"),
    ],
)
def test_what_the_sf_cli_says_of_an_alias_that_it_does_not_know_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, display: str, words: str
) -> None:
    put_sf(tmp_path, monkeypatch, display)
    with pytest.raises(AccessError) as caught:
        read_access("prod")
    assert str(caught.value) == f"prod: {words}. {HINT}"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("prod", "no such file, and no `sf` on the PATH to ask for an org of that alias"),
        ("prod.json", "No such file or directory"),
        ("orgs/prod", "No such file or directory"),
    ],
)
def test_a_name_that_is_neither_file_nor_alias_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AccessError) as caught:
        read_access(name)
    assert str(caught.value) == f"{name}: {words}. {HINT}"


def test_a_file_with_a_withheld_token_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "org.json"
    file.write_text(json.dumps({"result": WITHHELD}), encoding="utf-8")
    with pytest.raises(AccessError) as caught:
        read_access(str(file))
    words = "the sf CLI withheld the access token. Give `--org` the alias or username instead."
    assert str(caught.value) == f"{file}: {words}"


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"instance_url": URL, "access_token": "T"}, "{file}: the session in it has ended or is not valid. " + RENEWED),
        (
            {"instance_url": "https://y.my.salesforce.com", "access_token": "U"},
            "{file}: led to " + URL + " and leads to https://y.my.salesforce.com now; this is another org",
        ),
        ({}, "the session has ended, and no other can be read: {file}: has none of instance_url"),
    ],
)
def test_a_session_that_ended_is_taken_anew_from_its_file_and_from_no_other_org(
    tmp_path: Path, now: dict[str, str], words: str
) -> None:
    file = tmp_path / "org.json"
    file.write_text(json.dumps(now), encoding="utf-8")
    with pytest.raises(LoginFailed) as caught:
        renew_access(OrgAccess(URL, "T", source=str(file)))
    assert str(caught.value).startswith(words.format(file=file))


def test_a_file_that_holds_another_session_renews_the_one_that_ended(tmp_path: Path) -> None:
    file = tmp_path / "org.json"
    file.write_text(json.dumps({"instance_url": URL, "access_token": "U"}), encoding="utf-8")
    assert renew_access(OrgAccess(URL, "T", source=str(file))).access_token == "U"


def test_a_session_of_standard_input_cannot_be_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"instance_url": URL, "access_token": "T"})))
    with pytest.raises(LoginFailed) as caught:
        renew_access(read_access("-"))
    assert str(caught.value) == f"the session given on standard input has ended or is not valid. {RENEWED}"


@pytest.mark.parametrize(("command", "code"), [("plan", 2), ("drift", 1)])
def test_a_package_directory_that_is_not_there_is_not_an_empty_one(command: str, code: int, tmp_path: Path) -> None:
    org, gone = tmp_path / "org.json", tmp_path / "gone"
    org.write_text(json.dumps({"instance_url": URL, "access_token": "T", "username": "u"}), encoding="utf-8")
    spec = Path(__file__).parents[3] / "mappings" / "contract.yml"
    result = CliRunner().invoke(main, [command, "--org", str(org), "--spec", str(spec), "--package", str(gone)])
    reason = "there is no such package directory; run `clmkit generate`, or name it with --package"
    assert (result.exit_code, result.stderr) == (code, f"error: {gone}: {reason}\n")
