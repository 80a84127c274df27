"""The two people of a lifecycle suite: one works in the CLM, one in Salesforce.

They use other clients than the product (requests, simple-salesforce), so that a suite does not see through the product's own eyes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import requests
from simple_salesforce.api import Salesforce

TIMEOUT_SECONDS = 30
Document = dict[str, Any]


class Refused(Exception):
    """A system refuses what a person asked for; the message is the system's own."""


class ClmUser:
    """A person in the CLM. `name` is the actor of the changes."""

    def __init__(self, ready: Mapping[str, str], name: str = "legal@contracts.example") -> None:
        self._url = ready["http_url"]
        self._session = requests.Session()
        self._session.trust_env = False
        form = {
            "grant_type": "client_credentials",
            "client_id": ready["client_id"],
            "client_secret": ready["client_secret"],
        }
        answer = self._session.post(f"{self._url}/oauth/token", data=form, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        self._session.headers.update({"Authorization": f"Bearer {answer.json()['access_token']}", "X-CLM-User": name})

    def get(self, agreement_id: str) -> Document:
        return self._send("GET", f"/api/v1/agreements/{agreement_id}")

    def create(self, agreement: Document) -> Document:
        return self._send("POST", "/api/v1/agreements", agreement)

    def change(self, agreement_id: str, change: Document) -> Document:
        return self._send("PATCH", f"/api/v1/agreements/{agreement_id}", change)

    def act(self, agreement_id: str, action: str, order: Document | None = None) -> Document:
        """POST to one of the agreement's actions: transitions, approvals, envelope, amendments, renewals, terminate."""
        return self._send("POST", f"/api/v1/agreements/{agreement_id}/{action}", order or {})

    def add_person(self, email: str, name: str | None = None) -> Document:
        """Make a person known to the CLM; answers its id. The same address is the same person."""
        return self._send("POST", "/api/v1/people", {"email": email, "name": name})

    def import_contracts(self, csv: bytes) -> Document:
        """Hand the CLM a file of captured contracts; answers read, created, already_present, rejected."""
        path, headers = "/api/v1/imports/contracts", {"Content-Type": "text/csv"}
        return _document(self._session.post(self._url + path, data=csv, headers=headers, timeout=TIMEOUT_SECONDS))

    def read_all(self, resource: str) -> Iterator[Document]:
        """Every entry of a resource that comes in pages: agreements, counterparties, people."""
        after, more = "", True
        while more:
            page = self._send("GET", f"/api/v1/{resource}?limit=500&after={quote(after)}")
            yield from page[resource]
            after, more = page["cursor"], page["more"]

    def _send(self, method: str, path: str, body: Document | None = None) -> Document:
        return _document(self._session.request(method, self._url + path, json=body, timeout=TIMEOUT_SECONDS))

    def close(self) -> None:
        self._session.close()


def _document(answer: requests.Response) -> Document:
    try:
        document: Document = answer.json()
    except ValueError as error:
        raise Refused(f"HTTP {answer.status_code} {answer.text[:200]}") from error
    if answer.status_code >= 400:
        raise Refused(f"{document.get('code')}: {document.get('detail')}")
    return document


class SalesforceUser:
    """A person in Salesforce: the administrator whose token the ready file holds."""

    def __init__(self, ready: Mapping[str, str]) -> None:
        session = requests.Session()
        session.trust_env = False
        session.verify = ready["ca_bundle"]
        host = ready["https_url"].removeprefix("https://")
        self._session = session
        self._client = Salesforce(instance=host, session_id=ready["access_token"], session=session, version="66.0")

    def find(self, soql: str) -> list[Document]:
        """Every row of a query, without the API's bookkeeping."""
        records: list[Document] = self._client.query_all(soql)["records"]
        return [{name: value for name, value in record.items() if name != "attributes"} for record in records]

    def create(self, sobject_type: str, values: Document) -> str:
        """A new record; answers its id."""
        return str(getattr(self._client, sobject_type).create(values)["id"])

    def change(self, sobject_type: str, record_id: str, values: Document) -> None:
        getattr(self._client, sobject_type).update(record_id, values)

    def delete(self, sobject_type: str, record_id: str) -> None:
        getattr(self._client, sobject_type).delete(record_id)

    def close(self) -> None:
        self._session.close()
