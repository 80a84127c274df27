"""What only some may read stays where they read it: not in dead letters, audit, alerts, figures, traces, evidence, logs, or errors.

One story with a canary in each kind of field, through everything that quotes values: a text that does not read, a row that
Salesforce refuses in words that hold the value, a run that it stops so, a patch that the CLM refuses so, an edit that is found by
comparing.
"""

import asyncio
import json
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs

import msgspec
import pytest
from click.testing import CliRunner
from tests.clmkit.operate.test_cutover import CutoverOrg
from tests.clmkit.sync.test_sweep import LATER
from tests.clmkit.sync.world import SHIPPED, World, shipped_spec

from clmkit.cli.demo.collect import collect
from clmkit.cli.main import main
from clmkit.clients.clm import ClmCredentials
from clmkit.clients.errors import LoginFailed, Refused
from clmkit.clients.salesforce_login import ClientCredentials, log_in
from clmkit.clients.transport import Reply
from clmkit.connectors import DescribedClm, load_description
from clmkit.mapping.model import Spec
from clmkit.operate.alerts import find_alerts
from clmkit.operate.cutover import Cutover
from clmkit.operate.metrics import Metrics
from clmkit.operate.traces import open_traces
from clmkit.release.evidence import Difference, Evidence, render_evidence
from clmkit.sync.audit.export import FORMATS
from clmkit.sync.config import TracesConfig
from clmkit.sync.lineage import find_lineage, read_events
from clmkit.sync.load import Loader
from clmkit.sync.reconcile import ReconcileReport
from clmkit.sync.replay import recall, replay
from clmkit.sync.report import RunReport
from clmkit.sync.sweep import Sweep, open_cases

EVER = "2999-01-01T00:00:00.000Z"  # the writes of the story are told at the time they happen
CLAUSE = "KINGFISHER clause"
DOCUMENT = "https://clm.example.com/d/KINGFISHER"
PRICE = "about 40917 kingfishers"
OWNER = "kingfisher@example.com"
SECRET = "kingfisher-secret"
REVENUE = 7310917.25
FORMS = ("kingfisher", "7310917.25", "7,310,917.25", "7310917", "40917")
"""A part of every canary, in lower case, and the ways in which a refusal writes the number."""

Places = Mapping[str, str]


def restricting() -> Spec:
    """The shipped mapping with two more restricted fields: a text, and one that goes both ways."""
    spec = shipped_spec()
    contract = spec.get_object("contract")
    fields = tuple(
        msgspec.structs.replace(one, audience=("steward",)) if one.name in ("owner", "document") else one
        for one in contract.fields
    )
    objects = tuple(msgspec.structs.replace(one, fields=fields) if one is contract else one for one in spec.objects)
    return msgspec.structs.replace(spec, objects=objects)


def find_leaks(places: Places) -> list[str]:
    return [place for place, text in places.items() if any(form in text.casefold() for form in FORMS)]


def plant(world: World) -> None:
    """AGR-000001 has all canaries; 2 and 3 are refused, 4 is edited in the org, 5 is refused by the CLM."""
    line = {"id": "LIN-1", "product": "Licence", "quantity": 1, "unit_price": PRICE, "amount": REVENUE}
    told = {
        "value": {"arr": REVENUE, "total": REVENUE, "currency": "USD"},
        "document": {"url": DOCUMENT, "sha256": None},
        "clauses": [{"type": "Non-Compete", "present": True, "deviation": CLAUSE}],
    }
    world.agreement("AGR-000001", **told, lines=[line])
    for number in (2, 4, 5):
        world.agreement(f"AGR-{number:06d}", **told)
    world.org.refuse["AGR-000002"] = ("STRING_TOO_LONG", f"data value too large: {DOCUMENT} beside 7,310,917.25")


def refuse_patch() -> None:
    raise Refused("CLM PATCH", 422, "invalid", f"business_owner.email: {OWNER} is nobody here")


@dataclass(frozen=True)
class Told:
    world: World
    places: Places
    folder: Path


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("leak")
    world = World(spec=restricting(), state_path=folder / "sync.sqlite")
    logged: list[str] = []
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: logged.append(record.getMessage())  # type: ignore[method-assign]
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        places, rest = play(world, folder), play_the_rest(folder)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    yield Told(world, {**places, **rest, "log": "\n".join(logged)}, folder)
    world.restart()


def play(world: World, folder: Path) -> Places:
    traces = open_traces(TracesConfig(file=str(folder / "traces.jsonl")), partial(read_events, world.state))
    plant(world)
    engine = world.engine()
    reports = [asyncio.run(engine.run())]
    traces.note(engine.tally.marks)
    traces.close()
    world.org.records["User"]["005KING"] = {"Id": "005KING", "Email": OWNER, "SystemModstamp": ""}
    world.org.edit("Contract", "AGR-000005", OwnerId="005KING")
    world.clm.before_commit = refuse_patch
    reports.append(world.run())
    world.org.edit("Contract", "AGR-000004", CLM_ARR__c=40917)
    compared = world.reconcile()
    world.org.refuse["AGR-000003"] = ("INVALID_FIELD", f"No column takes {REVENUE} or '{DOCUMENT}'")
    world.agreement("AGR-000003", document={"url": DOCUMENT, "sha256": None}, value={"arr": REVENUE, "currency": "USD"})
    reports.append(world.run(looks=False))
    return {
        **read_state(world),
        **{f"command {name}": ask(folder, name) for name in (*COMMANDS, *UNANSWERED)},
        "alerts": msgspec.json.encode(find_alerts(world.state.read_parked(), reports[-1])).decode(),
        "metrics": figures(world, reports),
        "runs": msgspec.json.encode(reports).decode(),
        "traces": (folder / "traces.jsonl").read_text(),
        "comparison": msgspec.json.encode(compared).decode(),
        "evidence": evidence(world, compared),
    }


def play_the_rest(folder: Path) -> Places:
    """The same canaries through a cutover with its backfill, a sweep with cases, and both kinds of replay."""
    org = CutoverOrg()
    world = World(spec=restricting(), org=org, state_path=folder / "rest.sqlite")
    plant(world)
    said: list[str] = []
    engine = world.engine()
    loader = Loader(world.state, org, engine.now, lambda: 0.0, "kit")
    cutover = Cutover(engine, loader, org, org, folder / "before.jsonl", tell=said.append)
    report = asyncio.run(cutover.run())
    org.edit("Contract", "AGR-000001", CLM_ARR__c=40917, CLM_Document_Url__c=DOCUMENT + "/2")
    swept = asyncio.run(Sweep(world.spec, world.state, org, lambda: LATER).run())
    open_cases(world.state, swept, LATER)
    past = asyncio.run(recall(world.state, world.spec, world.clm, "AGR-000001", EVER))
    again = asyncio.run(replay(world.engine(), "AGR-000001", "2026-01-01T00:00:00.000Z"))
    lineage = find_lineage(world.state, "AGR-000001", "CLM_ARR__c")
    places = {
        "cutover": msgspec.json.encode(report).decode() + "\n".join(said),
        "dead letters of a backfill and a sweep": str(world.state.read_parked()),
        "audit of both": "".join(entry.body or "" for entry in world.state.read_audit()),
        "sweep": msgspec.json.encode(swept).decode(),
        "recall": msgspec.json.encode(past).decode(),
        "replay": msgspec.json.encode(again).decode(),
        "lineage": msgspec.json.encode(lineage).decode(),
    }
    world.restart()
    return places


def read_state(world: World) -> Places:
    """What is kept to be read by people. The bases of the merge are not: they are in no command's output."""
    entries = list(world.state.read_audit())
    return {
        "dead letters": str(world.state.read_parked()),
        "inbox": str(world.state.database.execute("SELECT * FROM event", ())),
        "audit": "".join(entry.body or "" for entry in entries),
        **{f"audit as {name}": "\n".join(map(export, entries)) for name, export in FORMATS.items()},
    }


COMMANDS = (
    "sync dead-letters",
    "sync dead-letters --json",
    "sync status --json",
    "sync redrive",
    "sync redrive --json",
    "sync alerts",
    "sync alerts --json",
    "audit verify --json",
    "audit lineage AGR-000001 CLM_ARR__c --json",
    "audit show AGR-000001 --json",
    "audit export --format ocsf",
    "audit export --format cef",
)
UNANSWERED = (
    "sync run --json",
    "sync backfill --json",
    "sync cutover --json",
    "sync reconcile --json",
    "sync replay AGR-000001 --at 2026-11-22 --json",
    "sync replay AGR-000001 --since 2026-11-22 --json",
    "reconcile --json",
)
"""With nobody there to answer: what is told is an error."""


def ask(folder: Path, command: str) -> str:
    config = folder / "sync.yml"
    (folder / "secret").write_text(SECRET)
    config.write_text(
        f"spec: {SHIPPED}\nstate: sync.sqlite\n"
        "clm: {url: 'http://127.0.0.1:9', client_id: kit, client_secret: {file: secret}}\n"
        "salesforce: {url: 'http://127.0.0.1:9', client_id: app, client_secret: {file: secret}}\n"
    )
    result = CliRunner().invoke(main, [*command.split(), "--config", str(config)])
    assert result.exit_code in (0, 1, 2), result.output
    shown = "".join(traceback.format_exception(result.exception)) if result.exception is not None else ""
    return result.output + shown


def figures(world: World, reports: list[RunReport]) -> str:
    metrics = Metrics(world.state.read_parked)
    for report in reports:
        metrics.note(report)
    return metrics.render().decode()


def evidence(world: World, compared: ReconcileReport) -> str:
    records = {key: world.contract(key) for key in world.clm.agreements if world.org.find("Contract", key)}
    waiting = {row.key: (row.reason, row.steward) for row in world.state.read_parked(kind="row")}
    found = collect(world.spec, list(world.clm.agreements.values()), records, waiting)
    page = Evidence(
        made_at="2026-11-21T21:00:00Z", spec_name="contract", spec_version="1", spec_summary="", source="twin",
        contracts=found.contracts, coverage=found.coverage, suites=(), compared=compared.fields_compared,
        differences=tuple(Difference(*msgspec.structs.astuple(one)) for one in compared.differences),
        api_calls={}, steps=(), limits=(),
    )  # fmt: skip
    return render_evidence(page)


# place -> what shows that the story came there
MARKS = {
    "dead letters": "unit_price",
    "inbox": "AGR-000002",
    "audit": "CLM_ARR__c",
    "audit as ocsf": "CLM_ARR__c",
    "audit as cef": "CLM_ARR__c",
    "command sync dead-letters": "(withhel",
    "command sync dead-letters --json": "(withheld)",
    "command sync status --json": '"row":2',
    "command sync redrive": "AGR-000002",
    "command sync redrive --json": "AGR-000002",
    "command sync alerts": "(withheld)",
    "command sync alerts --json": "(withheld)",
    "command audit verify --json": '"holds":true',
    "command audit lineage AGR-000001 CLM_ARR__c --json": '"digest"',
    "command audit show AGR-000001 --json": "CLM_ARR__c",
    "command audit export --format ocsf": "CLM_ARR__c",
    "command audit export --format cef": "CLM_ARR__c",
    **{f"command {name}": "Traceback" for name in UNANSWERED},
    "cutover": '"name":"switch"',
    "dead letters of a backfill and a sweep": "Reconciliation: Salesforce holds",
    "audit of both": '"finding":"stale"',
    "sweep": '"fields":["CLM_ARR__c","CLM_Document_Url__c"]',
    "recall": '"value":"(withheld)","is_known":true',
    "replay": '"field":"CLM_ARR__c"',
    "lineage": '"digest"',
    "alerts": "No column takes (withheld) or '(withheld)'",
    "metrics": 'clmkit_dead_letters{kind="row"',
    "runs": "No column takes (withheld) or '(withheld)'",
    "traces": "AGR-000001",
    "comparison": '"field":"CLM_ARR__c","clm":"(withheld)","salesforce":"(withheld)"',
    "evidence": "(withheld)",
    "log": "selector",
}


def test_the_story_came_to_every_place(told: Told) -> None:
    assert {place: mark for place, mark in MARKS.items() if mark not in told.places[place]} == {}
    assert set(told.places) == set(MARKS)


@pytest.mark.parametrize("place", MARKS)
def test_no_value_of_a_restricted_field_nor_a_clause_is_told(told: Told, place: str) -> None:
    assert find_leaks({place: told.places[place]}) == []


@pytest.mark.parametrize("canary", [CLAUSE, DOCUMENT, PRICE, OWNER, SECRET, str(REVENUE), f"{REVENUE:,}"])
def test_a_canary_that_is_told_is_found(told: Told, canary: str) -> None:
    for place, text in told.places.items():
        assert find_leaks({place: f"{text}\n{canary}"}) == [place]


def test_the_org_has_restricted_values_in_their_own_fields_and_nothing_of_a_clause(told: Told) -> None:
    org = told.world.org.records
    found = {
        (sobject, name)
        for sobject, records in org.items()
        for record in records.values()
        for name, value in record.items()
        if find_leaks({"": str(value)})
    }
    own = ("CLM_ARR__c", "CLM_Total_Value__c", "CLM_Document_Url__c")
    assert found - {("Contract", name) for name in own} == {("CLM_Line__c", "Amount__c"), ("User", "Email")}
    assert CLAUSE not in str(org)


def test_a_withheld_dead_letter_says_why_and_goes_on_when_the_cause_is_gone(told: Told) -> None:
    letters = {(row.key, row.field): (row.value, row.reason) for row in told.world.state.read_parked()}
    assert letters["LIN-1", "unit_price"] == ("(withheld)", "(withheld) is not a plain number such as 120000.00.")
    assert letters["AGR-000005", "owner"] == (
        "(withheld)",
        "The CLM does not take this value. (invalid: business_owner.email: (withheld) is nobody here)",
    )


def test_the_state_file_holds_restricted_values_in_the_bases_of_the_merge_alone_and_is_its_owners(told: Told) -> None:
    """A merge tells an edit by the value that both systems agreed on last, so the state keeps it; a clause never left the CLM."""
    database = told.world.state.database
    tables = [str(one) for (one,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    cells = {
        f"{table}.{name}": str(database.execute(f"SELECT {name} FROM {table}"))
        for table in tables
        for name in database.columns(table)
    }
    assert len(cells) > 40
    assert find_leaks(cells) == ["link.base"]
    bases = {str(key): str(base) for key, base in database.execute("SELECT key, base FROM link")}
    assert CLAUSE not in str(bases)
    assert (DOCUMENT in bases["AGR-000001"], PRICE in str(bases)) == (True, False)
    files = list(told.folder.glob("sync.sqlite*"))
    assert {oct(one.stat().st_mode & 0o777) for one in files if not one.name.endswith(".lock")} == {"0o600"}


class Echo:
    """A token endpoint that answers with what it was sent, as some do."""

    async def send(self, kind: str, method: str, url: str, *, headers: Mapping[str, str], body: bytes) -> Reply:
        sent = parse_qs(body.decode())["client_secret"][0]
        words = {"error": "invalid_client", "error_description": f"no client has the secret {sent}"}
        return Reply(401, {}, json.dumps(words).encode())


LOGINS: Mapping[str, Callable[[], object]] = {
    "Salesforce": lambda: log_in(Echo(), "https://org.example.com", ClientCredentials("app", SECRET)),  # type: ignore[arg-type]
    "CLM": lambda: DescribedClm(
        Echo(), "https://clm.example.com", ClmCredentials("kit", SECRET), load_description("clm", SHIPPED.parent)  # type: ignore[arg-type]
    ).get_agreement("AGR-000001"),
}  # fmt: skip


@pytest.mark.parametrize("login", LOGINS.values(), ids=list(LOGINS))
def test_a_secret_that_a_token_endpoint_repeats_is_in_no_traceback(login: Callable[[], object]) -> None:
    with pytest.raises(LoginFailed) as failed:
        asyncio.run(login())  # type: ignore[arg-type]
    shown = "".join(traceback.format_exception(failed.value))
    assert "no client has the secret (withheld)" in shown
    assert find_leaks({"traceback": shown}) == []
