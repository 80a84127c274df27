"""`orgtwin serve` as its own process: addresses, certificates, the ready file, the end."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import stat
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from orgtwin.cli import main
from orgtwin.http.ready import ReadyFile, read_ready
from orgtwin.pytest_plugin import start_process, stop_process

V = "/services/data/v66.0"


def https(ready: ReadyFile, context: ssl.SSLContext | None = None) -> http.client.HTTPSConnection:
    place = urlsplit(ready.https_url)
    trusted = context or ssl.create_default_context(cafile=ready.ca_bundle)
    return http.client.HTTPSConnection("localhost", place.port, context=trusted)


def ask(
    connection: http.client.HTTPConnection, ready: ReadyFile, method: str, path: str, body: Any = None, token: str = ""
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token or ready.access_token}"}
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    content = answer.read()
    return answer.status, json.loads(content) if content else None


def test_both_listeners_serve_one_org_and_name_the_address_they_were_called_by(org_twin: ReadyFile) -> None:
    secure = https(org_twin)
    plain = http.client.HTTPConnection(urlsplit(org_twin.http_url).netloc)
    status, created = ask(secure, org_twin, "POST", f"{V}/sobjects/Account", {"Name": "Acme"})
    _, read = ask(plain, org_twin, "GET", f"{V}/sobjects/Account/{created['id']}?fields=Name")
    _, info = ask(secure, org_twin, "GET", "/services/oauth2/userinfo")
    secure.close()
    plain.close()
    assert (status, read["Name"]) == (201, "Acme")
    assert info["sub"].startswith(f"https://localhost:{urlsplit(org_twin.https_url).port}/id/")


def test_a_connection_stays_open_between_requests(org_twin: ReadyFile) -> None:
    connection = https(org_twin)
    ask(connection, org_twin, "GET", V)
    before = connection.sock
    ask(connection, org_twin, "GET", V)
    assert connection.sock is before
    connection.close()


@pytest.mark.parametrize(("version", "is_served"), [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)])
def test_tls_older_than_1_2_is_refused(org_twin: ReadyFile, version: ssl.TLSVersion, is_served: bool) -> None:
    context = ssl.create_default_context(cafile=org_twin.ca_bundle)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python's word on TLS 1.1
        context.maximum_version = version
    connection = https(org_twin, context)
    served = True
    try:
        connection.connect()
    except OSError:
        served = False
    connection.close()
    assert served is is_served


def test_a_client_that_does_not_know_the_authority_does_not_connect(org_twin: ReadyFile) -> None:
    connection = https(org_twin, ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.connect()
    connection.close()


def test_the_bundle_holds_other_authorities_too(org_twin: ReadyFile) -> None:
    assert Path(org_twin.ca_bundle).read_text().count("BEGIN CERTIFICATE") > 50


def test_the_ready_file_opens_the_org_and_only_for_its_owner(org_twin_process: ReadyFile) -> None:
    ready_file = Path(org_twin_process.ca_bundle).with_name("ready.json")
    assert stat.S_IMODE(ready_file.stat().st_mode) == 0o600
    assert org_twin_process.access_token.startswith(f"{org_twin_process.org_id}!")
    assert os.getpgid(org_twin_process.pid)


@pytest.mark.parametrize(("name", "saved"), [("drop_before_commit", 0), ("drop_after_commit", 1)])
def test_a_cut_connection_is_reset_on_the_wire(org_twin: ReadyFile, name: str, saved: int) -> None:
    connection = https(org_twin)
    ask(connection, org_twin, "POST", "/twin/admin/faults", {"name": name}, org_twin.admin_token)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ask(connection, org_twin, "POST", f"{V}/sobjects/Account", {"Name": "a"})
    connection.close()
    again = https(org_twin)
    _, found = ask(again, org_twin, "GET", f"{V}/query?q=SELECT+COUNT()+FROM+Account")
    again.close()
    assert found["totalSize"] == saved


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.output


def test_snapshots_and_reset_work_from_the_command_line(org_twin: ReadyFile) -> None:
    ready_file = str(Path(org_twin.ca_bundle).with_name("ready.json"))
    connection = https(org_twin)

    def count() -> int:
        total: int = ask(connection, org_twin, "GET", f"{V}/query?q=SELECT+COUNT()+FROM+Account")[1]["totalSize"]
        return total

    ask(connection, org_twin, "POST", f"{V}/sobjects/Account", {"Name": "a"})
    assert run("snapshot", "one", "--ready-file", ready_file) == (0, "")
    ask(connection, org_twin, "POST", f"{V}/sobjects/Account", {"Name": "b"})
    assert count() == 2
    assert run("restore", "one", "--ready-file", ready_file) == (0, "")
    assert count() == 1
    assert run("reset", "--ready-file", ready_file) == (0, "")
    assert count() == 0
    connection.close()


def test_restoring_what_was_never_taken_is_an_error(org_twin: ReadyFile) -> None:
    ready_file = str(Path(org_twin.ca_bundle).with_name("ready.json"))
    code, said = run("restore", "nothing", "--ready-file", ready_file)
    assert code == 2
    assert said.startswith("Error: there is no snapshot 'nothing'; taken so far: ")


def test_env_prints_what_the_clients_need(org_twin: ReadyFile) -> None:
    ready_file = str(Path(org_twin.ca_bundle).with_name("ready.json"))
    code, said = run("env", "--json", "--ready-file", ready_file)
    variables = json.loads(said)
    assert code == 0
    assert variables["REQUESTS_CA_BUNDLE"] == org_twin.ca_bundle
    assert len(variables["CUMULUSCI_KEY"]) == 16
    assert json.loads(variables["CUMULUSCI_ORG_twin"])["instance_url"] == org_twin.https_url


def test_a_twin_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "ready.json"
    assert run("env", "--ready-file", str(missing)) == (
        2,
        f"Error: {missing}: no such file. Start the twin with: orgtwin serve --ready-file {missing}\n",
    )


def serve(*arguments: str) -> tuple[int, str]:
    """`orgtwin serve` that is expected to end by itself."""
    command = [sys.executable, "-m", "orgtwin", "serve", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_port_in_use_is_named_and_nothing_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = serve("--ready-file", str(tmp_path / "r.json"), "--https-port", str(port))
    assert (code, said) == (
        2,
        f"Error: cannot listen on 127.0.0.1:{port}: Address already in use. Choose another port, or 0 for a free one.\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, said = serve("--ready-file", str(tmp_path / "file" / "ready.json"))
    assert code == 2
    assert said == f"Error: {tmp_path}/file/ready.ca.pem: cannot be written: File exists\n"


def test_sigterm_ends_a_twin_cleanly_and_takes_its_ready_file_along(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    process = start_process(ready_file)
    assert stop_process(process) == 0
    assert list(tmp_path.iterdir()) == []


def plain(ready: ReadyFile) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(ready.http_url).netloc)


def test_an_org_in_a_directory_survives_a_kill_with_the_job_that_was_in_progress(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    process = start_process(ready_file, "--data", str(tmp_path / "org"))
    ready = read_ready(ready_file)
    connection = plain(ready)
    status, _ = ask(connection, ready, "POST", f"{V}/sobjects/Account", {"Name": "kept"})
    _, job = ask(connection, ready, "POST", f"{V}/jobs/ingest", {"object": "Contact", "operation": "insert"})
    rows = "\n".join(["LastName", *(f"{number:05}" for number in range(30_000)), ""])
    connection.request("PUT", f"/{job['contentUrl']}", rows, {"Authorization": f"Bearer {ready.access_token}"})
    connection.getresponse().read()
    address = f"{V}/jobs/ingest/{job['id']}"
    ask(connection, ready, "PATCH", address, {"state": "UploadComplete"})
    _, before = ask(connection, ready, "GET", address)
    process.kill()
    process.communicate()
    connection.close()
    ready_file.unlink()

    process = start_process(ready_file, "--data", str(tmp_path / "org"))
    ready = read_ready(ready_file)
    connection = plain(ready)
    after = dict(before)
    deadline = time.monotonic() + 60
    while after["state"] == "InProgress" and time.monotonic() < deadline:
        _, after = ask(connection, ready, "GET", address)
    _, found = ask(connection, ready, "GET", f"{V}/query?q=SELECT+Name+FROM+Account")
    _, counted = ask(
        connection, ready, "GET", f"{V}/query?q=SELECT+COUNT(Id)+n,COUNT_DISTINCT(LastName)+d+FROM+Contact"
    )
    connection.close()
    stop_process(process)
    assert (status, [row["Name"] for row in found["records"]]) == (201, ["kept"])
    assert (after["state"], after["numberRecordsProcessed"], after["numberRecordsFailed"]) == ("JobComplete", 30_000, 0)
    assert (counted["records"][0]["n"], counted["records"][0]["d"]) == (30_000, 30_000)
    assert before["numberRecordsProcessed"] <= 30_000


def test_a_directory_serves_one_twin_at_a_time(tmp_path: Path) -> None:
    process = start_process(tmp_path / "ready.json", "--data", str(tmp_path / "org"))
    code, said = serve("--ready-file", str(tmp_path / "other.json"), "--data", str(tmp_path / "org"))
    stop_process(process)
    assert code == 2
    assert said == (
        f"Error: {tmp_path}/org/org.journal is in use by another process: stop it or choose another directory\n"
    )


def test_a_client_that_leaves_in_the_middle_of_its_request_harms_nobody(org_twin: ReadyFile) -> None:
    place = urlsplit(org_twin.http_url)
    with socket.create_connection((str(place.hostname), int(place.port or 0))) as leaving:
        head = f"POST {V}/sobjects/Account HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {org_twin.access_token}\r\n"
        leaving.sendall(f'{head}Content-Length: 100\r\n\r\n{{"Name": "half'.encode())
    connection = https(org_twin)
    _, found = ask(connection, org_twin, "GET", f"{V}/query?q=SELECT+COUNT()+FROM+Account")
    connection.close()
    assert found["totalSize"] == 0


COUNTER = """trigger Counter on Account (before update) {
    for (Account a : Trigger.new) { a.NumberOfEmployees = Trigger.oldMap.get(a.Id).NumberOfEmployees + 1; }
}"""


def test_two_clients_at_once_change_a_record_one_after_the_other(org_twin: ReadyFile) -> None:
    """Each transaction sees what the one before it left: none is lost, refused or kept waiting for ever."""
    connection = https(org_twin)
    trigger = {"Name": "Counter", "TableEnumOrId": "Account", "Body": COUNTER}
    assert ask(connection, org_twin, "POST", f"{V}/tooling/sobjects/ApexTrigger", trigger)[0] == 201
    _, made = ask(connection, org_twin, "POST", f"{V}/sobjects/Account", {"Name": "Acme", "NumberOfEmployees": 0})
    path = f"{V}/sobjects/Account/{made['id']}"

    def change(client: int) -> list[int]:
        own = https(org_twin)
        answers = [ask(own, org_twin, "PATCH", path, {"Description": f"{client} {n}"})[0] for n in range(10)]
        own.close()
        return answers

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(change, range(2))) == [[204] * 10] * 2
    _, read = ask(connection, org_twin, "GET", f"{path}?fields=NumberOfEmployees")
    connection.close()
    assert read["NumberOfEmployees"] == 20
