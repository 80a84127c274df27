"""The twin as a process: how it starts, ends, and what survives when it is killed."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

COMMAND = [str(Path(sys.executable).with_name("clmtwin")), "serve"]
WITHIN_SECONDS = 120.0


@contextmanager
def twin_process(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    command = [*COMMAND, "--ready-file", str(ready), "--data", str(folder / "data"), *options]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + WITHIN_SECONDS
        while not ready.exists():
            assert child.poll() is None, child.stderr.read() if child.stderr else b""
            assert time.monotonic() < deadline
            with suppress(subprocess.TimeoutExpired):
                child.wait(0.02)
        yield child, json.loads(ready.read_bytes())
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate()


def token(facts: dict[str, Any]) -> str:
    form = f"grant_type=client_credentials&client_id={facts['client_id']}&client_secret={facts['client_secret']}"
    with urllib.request.urlopen(facts["http_url"] + "/oauth/token", form.encode()) as answer:
        return str(json.load(answer)["access_token"])


def create(facts: dict[str, Any], bearer: str, title: str) -> str:
    request = urllib.request.Request(
        facts["http_url"] + "/api/v1/agreements",
        json.dumps({"title": title}).encode(),
        {"authorization": f"Bearer {bearer}"},
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["id"])


def titles(facts: dict[str, Any], bearer: str) -> list[str]:
    request = urllib.request.Request(
        facts["http_url"] + "/api/v1/changes?limit=1000", headers={"authorization": f"Bearer {bearer}"}
    )
    with urllib.request.urlopen(request) as answer:
        return [change["agreement"]["title"] for change in json.load(answer)["changes"]]


def test_sigterm_ends_the_twin_cleanly(tmp_path: Path) -> None:
    with twin_process(tmp_path) as (child, facts):
        assert (tmp_path / "ready.json").stat().st_mode & 0o077 == 0
        assert facts["pid"] == child.pid
        child.send_signal(signal.SIGTERM)
        assert child.wait(WITHIN_SECONDS) == 0


def test_the_twin_ends_when_its_parent_lets_go_of_standard_input(tmp_path: Path) -> None:
    with twin_process(tmp_path, "--until-stdin-closes") as (child, _):
        assert child.stdin is not None
        child.stdin.close()
        child.stdin = None
        assert child.wait(WITHIN_SECONDS) == 0


def test_a_port_in_use_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*COMMAND, "--port", str(port), "--data", str(tmp_path / "data")],
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        2,
        f"clmtwin: cannot listen on 127.0.0.1:{port}: Address already in use\n",
    )
    assert not (tmp_path / "data").exists()


def test_two_twins_do_not_share_a_data_folder(tmp_path: Path) -> None:
    with twin_process(tmp_path):
        done = subprocess.run([*COMMAND, "--data", str(tmp_path / "data")], capture_output=True, text=True, check=False)
    store = tmp_path / "data/clm.sqlite"
    assert done.returncode == 2
    assert done.stderr == f"clmtwin: {store}: another clmtwin keeps its data here; stop it or choose another --data\n"


@pytest.mark.parametrize("writes_before", [1, 23])
def test_what_was_answered_is_kept_by_a_twin_that_is_killed(tmp_path: Path, writes_before: int) -> None:
    answered: list[str] = []
    with twin_process(tmp_path) as (child, facts):
        bearer = token(facts)
        for number in range(writes_before):
            create(facts, bearer, f"agreement {number}")
            answered.append(f"agreement {number}")
        sender = socket.create_connection(("127.0.0.1", int(facts["http_url"].rsplit(":", 1)[1])))
        body = json.dumps({"title": "in flight"})
        sent = [
            "POST /api/v1/agreements HTTP/1.1",
            "host: x",
            f"authorization: Bearer {bearer}",
            f"content-length: {len(body)}",
            "",
        ]
        head = "\r\n".join([*sent, ""])
        sender.sendall((head + body).encode())
        child.kill()
        child.wait()
        sender.close()
    with twin_process(tmp_path) as (_, facts):
        kept = titles(facts, token(facts))
        assert kept[: len(answered)] == answered
        assert kept[len(answered) :] in ([], ["in flight"])
        assert create(facts, token(facts), "next") == f"AGR-{len(kept) + 1:06d}"


def test_a_restarted_twin_knows_its_clients_and_nobody_without_the_secret(tmp_path: Path) -> None:
    with twin_process(tmp_path) as (_, before):
        pass
    with twin_process(tmp_path) as (_, facts):
        assert before["client_secret"] == facts["client_secret"]
        assert token(facts)
        with pytest.raises(urllib.error.HTTPError) as refusal:
            token({**facts, "client_secret": "wrong"})
        assert refusal.value.code == 401
        refusal.value.close()
