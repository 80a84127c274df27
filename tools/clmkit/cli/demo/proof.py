"""The last step: gather what the run proved, write the evidence page and JUnit XML; then the summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clmkit.cli.demo.collect import Collected, collect, count_values, header_object
from clmkit.cli.demo.run import Run
from clmkit.cli.demo.runner import Outcome
from clmkit.cli.demo.workspace import write_json, write_text
from clmkit.release.evidence import Case, Difference, Evidence, StepTime, Suite, render_evidence, render_junit
from clmkit.robotlib.people import ClmUser, SalesforceUser
from clmkit.sync.state import State

LIMITS = (
    "The CLM says which party of a contract is us; the CLM twin takes the company that filed it, which it reads off the name of"
    " the file. The page shows beside each counterparty how it was told from us.",
    "Both systems are local: the org twin and the CLM twin stand in for Salesforce and for your CLM. What the org twin does"
    " and from which source it knows it is listed in its ledger.",
    "The Apex was executed by the org twin's own interpreter, which is not Salesforce's. Salesforce's parser, apex-ls and PMD"
    " judge the same code in the test suite.",
    "The contracts are real; the customers' contacts, the owners and the amounts of the lifecycle suites are made up.",
)
CONTRACTS = "SELECT Id, CLM_Id__c, Status, StartDate, EndDate FROM Contract WHERE CLM_Id__c != null"
SUITE_STEPS = ("apex", "robot", "pytest")


def write_evidence(run: Run) -> Outcome:
    collected = _look(run)
    evidence = _evidence(run, collected)
    write_text(run.workspace.evidence / "index.html", render_evidence(evidence))
    write_text(run.workspace.evidence / "junit.xml", render_junit(evidence.suites))
    run.proven = evidence
    figures = {"synced": evidence.synced, "parked": evidence.waiting, "parked_values": evidence.parked_values}
    return Outcome(f"{(run.workspace.evidence / 'index.html').relative_to(run.workspace.project)}", {**figures})


def write_summary(run: Run) -> None:
    """After the last step, so that its time is in it as well."""
    if run.proven is None:
        raise RuntimeError("the evidence step comes first")
    summary = summarise(run, run.proven)
    write_json(run.workspace.evidence / "evidence.json", summary)
    write_json(run.workspace.summary_file, summary)


def _look(run: Run) -> Collected:
    clm, salesforce = ClmUser(run.clm), SalesforceUser(run.org)
    state = State(run.sync_config().state)
    try:
        imported = set(_list(run.progress.done["customers"].figures["agreements"]))
        agreements = [agreement for agreement in clm.read_all("agreements") if agreement["id"] in imported]
        rows = salesforce.find(CONTRACTS)
        header = header_object(run.require_spec())
        waiting = {row.key: (row.reason, row.steward) for row in state.read_parked(kind="row") if row.object == header}
    finally:
        state.close()
        salesforce.close()
        clm.close()
    return collect(run.require_spec(), agreements, {row["CLM_Id__c"]: row for row in rows}, waiting)


def _evidence(run: Run, collected: Collected) -> Evidence:
    spec, done = run.require_spec(), run.progress.done
    reconciled = done["reconcile"].figures
    return Evidence(
        made_at=run.started_at,
        spec_name=spec.name,
        spec_version=spec.version,
        spec_summary=spec.summary,
        source=run.contracts.name,
        contracts=collected.contracts,
        coverage=collected.coverage,
        suites=tuple(_suite(done[key].figures) for key in SUITE_STEPS),
        compared=_whole(reconciled["compared"]),
        differences=tuple(Difference(*row) for row in _list(reconciled["differences"])),
        api_calls={str(kind): _whole(count) for kind, count in _table(done["push"].figures["api_calls"]).items()},
        steps=tuple(
            StepTime(title, run.progress.seconds[key], done[key].line)
            for key, title in run.titles.items()
            if key in done
        ),
        limits=LIMITS,
    )


def summarise(run: Run, evidence: Evidence) -> dict[str, object]:
    """The figures of the run, as `build/summary.json` holds them."""
    customers = run.progress.done["customers"].figures
    return {
        "made_at": evidence.made_at,
        "clean": evidence.is_clean,
        "contracts": {
            "read": customers["read"],
            "rejected": customers["rejected"],
            "synced": evidence.synced,
            "parked": evidence.waiting,
            "sides": {row.agreement_id: row.sides for row in evidence.contracts if row.sides},
            "parked_reasons": {row.agreement_id: row.waiting for row in evidence.contracts if row.waiting},
        },
        "values": count_values(evidence.coverage),
        "parked_values": [
            {
                "agreement": row.agreement_id,
                "field": value.label,
                "value": value.value,
                "reason": value.reason,
                "steward": value.steward,
            }
            for row in evidence.contracts
            if not row.waiting
            for value in row.parked
        ],
        "fields": {"compared": evidence.compared, "differing": len(evidence.differences)},
        "differences": [list(_astuple(difference)) for difference in evidence.differences],
        "api_calls": dict(evidence.api_calls),
        "seconds": {key: run.progress.seconds[key] for key in run.titles if key in run.progress.seconds},
        "suites": {
            suite.name: {"passed": suite.passed, "failed": suite.failed, "not_run": suite.not_run}
            for suite in evidence.suites
        },
    }


def _astuple(difference: Difference) -> tuple[str, ...]:
    return (
        difference.object_label, difference.key, difference.field, difference.clm, difference.salesforce, difference.owner,
    )  # fmt: skip


def _suite(figures: Mapping[str, object]) -> Suite:
    cases = tuple(Case(name, passed, seconds, message) for name, passed, seconds, message in _list(figures["cases"]))
    return Suite(str(figures["name"]), str(figures["runner"]), cases, _whole(figures["not_run"]))


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list")
    return value


def _table(value: object) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not a table")
    return value
