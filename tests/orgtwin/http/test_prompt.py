"""What a connection answers, byte by byte: requests whole in one reading, in several, behind one another, and the last one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from orgtwin.http.prompt import find_unknown_server
from orgtwin.http.ready import ReadyFile

VERSIONS = b"GET /services/data/ HTTP/1.1\r\nHost: x\r\n\r\n"
SECONDS = 30


@pytest.fixture
def connection(org_twin: ReadyFile) -> Iterator[socket.socket]:
    place = urlsplit(org_twin.http_url)
    with socket.create_connection((place.hostname, place.port), timeout=SECONDS) as one:
        yield one


def read_answer(connection: socket.socket, *, with_body: bool = True) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the next answer; not a byte more is read."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    first, *lines = head.decode().rstrip("\r\n").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    body = b""
    while with_body and len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(int(headers["content-length"]) - len(body))
    return int(first.split()[1]), headers, body


def query(token: str) -> bytes:
    """A request with a body: a query inside a batch."""
    body = b'{"batchRequests": [{"method": "GET", "url": "v66.0/query?q=SELECT+Name+FROM+Organization"}]}'
    head = f"POST /services/data/v66.0/composite/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_another_version_of_the_server_is_refused_with_what_to_do() -> None:
    told = "orgtwin is served by uvicorn 0.54.x, and here is 0.55.1: install 'uvicorn==0.54.*'"
    assert (find_unknown_server("0.55.1"), find_unknown_server("0.54.9"), find_unknown_server()) == (told, None, None)


def test_two_requests_in_one_packet_are_answered_in_order(connection: socket.socket, org_twin: ReadyFile) -> None:
    connection.sendall(query(org_twin.access_token) + VERSIONS)
    answers = [read_answer(connection) for _ in range(2)]
    assert [status for status, _, _ in answers] == [200, 200]
    assert b'"hasErrors":false' in answers[0][2]
    assert b'"version":"66.0"' in answers[1][2]


def test_a_request_may_come_in_pieces(connection: socket.socket, org_twin: ReadyFile) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    whole = query(org_twin.access_token)
    head = whole.index(b"\r\n\r\n") + 4
    for start, end in ((0, 9), (9, head - 2), (head - 2, head + 3), (head + 3, len(whole))):
        connection.sendall(whole[start:end])
    status, _, body = read_answer(connection)
    assert (status, b'"hasErrors":false' in body) == (200, True)


def test_a_request_behind_one_that_is_streamed_waits_for_its_turn(
    connection: socket.socket, org_twin: ReadyFile
) -> None:
    root, token = "/services/data/v66.0/jobs/ingest", f"Host: x\r\nAuthorization: Bearer {org_twin.access_token}\r\n"
    job = b'{"object": "Account", "operation": "insert"}'
    connection.sendall(f"POST {root} HTTP/1.1\r\n{token}Content-Length: {len(job)}\r\n\r\n".encode() + job)
    job_id = read_answer(connection)[2].split(b'"id":"', 1)[1][:18].decode()
    csv = b"Name\nAcme\n"
    connection.sendall(f"PUT {root}/{job_id}/batches HTTP/1.1\r\n{token}Content-Length: 10\r\n\r\n".encode() + csv)
    assert read_answer(connection)[0] == 201
    done = b'{"state": "UploadComplete"}'
    connection.sendall(f"PATCH {root}/{job_id} HTTP/1.1\r\n{token}Content-Length: {len(done)}\r\n\r\n".encode() + done)
    assert read_answer(connection)[0] == 200
    connection.sendall(f"GET {root}/{job_id}/successfulResults HTTP/1.1\r\n{token}\r\n".encode() + VERSIONS)
    status, headers, _ = read_answer(connection)
    assert (status, headers["transfer-encoding"]) == (200, "chunked")
    streamed = b""
    while not streamed.endswith(b"\r\n0\r\n\r\n"):
        streamed += connection.recv(1)
    assert b'"Acme"\n' in streamed
    assert b'"version":"66.0"' in read_answer(connection)[2]


@pytest.mark.parametrize(
    "request_", [VERSIONS.replace(b"Host: x", b"Host: x\r\nConnection: close"), VERSIONS.replace(b"1.1", b"1.0")]
)
def test_the_last_answer_of_a_connection_ends_it(connection: socket.socket, request_: bytes) -> None:
    connection.sendall(request_)
    status, headers, _ = read_answer(connection)
    assert (status, headers["connection"], connection.recv(1)) == (200, "close", b"")


def test_the_head_alone_comes_before_the_next_answer(connection: socket.socket) -> None:
    connection.sendall(VERSIONS.replace(b"GET", b"HEAD") + VERSIONS)
    _, head, _ = read_answer(connection, with_body=False)
    _, whole, body = read_answer(connection)
    assert head["content-length"] == whole["content-length"] == str(len(body))


def test_a_client_that_asks_first_is_told_to_go_on(connection: socket.socket, org_twin: ReadyFile) -> None:
    asking = query(org_twin.access_token).replace(b"Host: x", b"Host: x\r\nExpect: 100-continue")
    head, _, body = asking.partition(b"\r\n\r\n")
    connection.sendall(head + b"\r\n\r\n")
    assert read_answer(connection)[0] == 100
    connection.sendall(body)
    assert read_answer(connection)[0] == 200


def test_what_is_no_http_is_refused_and_the_connection_ends(connection: socket.socket) -> None:
    connection.sendall(b"SMTP or so\r\n\r\n")
    assert read_answer(connection)[0] == 400
    assert connection.recv(1) == b""
