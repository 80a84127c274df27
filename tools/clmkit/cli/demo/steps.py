"""The steps of the demo, one function and one row of STEPS each."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable, Sequence

import msgspec

from clmkit.cli.demo.cumulusci import run_cci
from clmkit.cli.demo.failure import StepFailed
from clmkit.cli.demo.processes import tool
from clmkit.cli.demo.proof import write_evidence
from clmkit.cli.demo.run import Run
from clmkit.cli.demo.runner import Outcome, Step
from clmkit.cli.demo.suites import run_apex, run_pytest, run_robot
from clmkit.cli.demo.workspace import write_text
from clmkit.codegen.project import plan_project
from clmkit.codegen.tree import compare_tree, write_tree
from clmkit.mapping.loader import load_spec
from clmkit.mapping.report import render_human
from clmkit.release.evidence import Suite
from clmkit.robotlib.people import ClmUser, Refused
from clmkit.sync.database import StateError
from clmkit.sync.engine import run_once
from clmkit.sync.reconcile import reconcile_once
from clmkit.sync.report import RunReport

HEADER = "Contract"
CLM_CALL = "clm_"
WATCH = "--until-stdin-closes"


def lint(run: Run) -> Outcome:
    loaded = load_spec(run.spec_path)
    if loaded.spec is None:
        raise StepFailed(f"{run.spec_path}: {len(loaded.errors)} errors", render_human(loaded.errors))
    run.spec = loaded.spec
    fields = sum(len(mapping.fields) for mapping in loaded.spec.objects)
    warnings = len(loaded.findings)
    return Outcome(
        f"{run.spec_path}: {len(loaded.spec.objects)} objects, {fields} fields, no errors, {warnings} warnings",
        {"objects": len(loaded.spec.objects), "fields": fields, "warnings": warnings},
    )


def generate(run: Run) -> Outcome:
    target = run.workspace.project / "force-app"
    comparison = compare_tree(plan_project(run.require_spec()).render(), target)
    if comparison.edited:
        names = "\n".join(f"force-app/{change.path}" for change in comparison.edited)
        raise StepFailed("generated files were edited by hand; nothing was written", f"{names}\nclmkit generate --diff")
    if not comparison.is_clean:
        write_tree(comparison, target)
    figures = {"changed": len(comparison.changes), "unchanged": comparison.unchanged}
    return Outcome(f"force-app: {figures['changed']} files written, {figures['unchanged']} unchanged", {**figures})


def start_twins(run: Run) -> Outcome:
    """New ports and tokens every time: what CumulusCI saved of the org before would win over what it is told now."""
    place = run.workspace
    shutil.rmtree(place.cumulusci_home, ignore_errors=True)
    org = run.processes.start_server(
        [tool("orgtwin"), "serve", "--ready-file", str(place.org_ready_file), "--data", str(place.run / "org"), WATCH],
        place.org_ready_file,
        place.logs / "orgtwin.log",
    )
    clm = run.processes.start_server(
        [tool("clmtwin"), "serve", "--ready-file", str(place.clm_ready_file), "--data", str(place.run / "clm"), WATCH],
        place.clm_ready_file,
        place.logs / "clmtwin.log",
    )
    run.write_sync_config()
    return Outcome(f"org twin at {org['https_url']}, CLM twin at {clm['http_url']}")


def deploy(run: Run) -> Outcome:
    run_cci(run.processes, run.workspace, run.environment(), ["flow", "run", "dev_org", "--org", "twin"], "deploy")
    return Outcome("cci flow run dev_org: schema, permission sets and Apex deployed, permission sets assigned")


def load_customers(run: Run) -> Outcome:
    """The CLM reads the contracts; Salesforce gets an account and a contact for every counterparty, and the owners."""
    clm = ClmUser(run.clm)
    try:
        report = clm.import_contracts(run.contracts.read_bytes())
        agreements = [agreement["id"] for agreement in clm.read_all("agreements")]
        parties = [
            [party["id"], party["name"], *_contact(clm, party["id"])] for party in clm.read_all("counterparties")
        ]
    except Refused as refusal:
        help_ = "make room and run again" if "insufficient_storage" in str(refusal) else "correct the file"
        raise StepFailed(f"{run.contracts}: the CLM refuses the file: {refusal}", help_) from refusal
    finally:
        clm.close()
    file = run.workspace.run / "parties.csv"
    write_text(file, _csv(["id", "name", "person_id", "email"], parties))
    arguments = ["task", "run", "load_recipe", "--org", "twin", "--recipe_options", f"parties:{file}"]
    run_cci(run.processes, run.workspace, run.environment(), arguments, "load")
    rejected = len(report["rejected"])
    return Outcome(
        f"{report['read']} contracts in the CLM, {rejected} rows rejected; {len(parties)} accounts in Salesforce",
        {"read": report["read"], "rejected": report["rejected"], "agreements": agreements},
    )


def _contact(clm: ClmUser, party_id: str) -> tuple[str, str]:
    """The primary contact of a counterparty, known to the CLM: id and address."""
    email = f"contact-{party_id.lower()}@contracts.example"
    return str(clm.add_person(email)["id"]), email


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return table.getvalue()


def push(run: Run) -> Outcome:
    report = _sync(run)
    records = sum(report.rows_created.values())
    calls = {kind: count for kind, count in report.api_calls_by_kind.items() if not kind.startswith(CLM_CALL)}
    contracts = report.rows_created.get(HEADER, 0)
    return Outcome(
        f"{contracts} contracts as {records} records in Salesforce with {sum(calls.values())} API calls",
        {"contracts": contracts, "records": report.rows_created, "api_calls": calls},
    )


def _sync(run: Run) -> RunReport:
    try:
        report = run_once(run.sync_config())
    except StateError as error:
        raise StepFailed(str(error), "run again: it goes on where it stopped") from error
    if report.stopped:
        raise StepFailed(f"the sync stopped: {report.stopped}", "mend it and run again: it goes on where it stopped")
    return report


def apex(run: Run) -> Outcome:
    return _suite(run_apex(run))


def robot(run: Run) -> Outcome:
    return _suite(run_robot(run))


def pytest(run: Run) -> Outcome:
    return _suite(run_pytest(run))


def _suite(suite: Suite) -> Outcome:
    line = f"{suite.passed} passed, {suite.failed} failed, {suite.not_run} not run"
    cases = [[case.name, case.passed, case.seconds, case.message] for case in suite.cases]
    return Outcome(line, {"name": suite.name, "runner": suite.runner, "cases": cases, "not_run": suite.not_run})


def reconcile(run: Run) -> Outcome:
    """After a last sync: what the suites left behind has settled, and nothing may differ."""
    _sync(run)
    report = reconcile_once(run.sync_config())
    return Outcome(
        f"{report.fields_compared} values of {report.rows_compared} records compared, {report.differing} differences",
        {
            "compared": report.fields_compared,
            "differing": report.differing,
            "differences": [list(msgspec.structs.astuple(difference)) for difference in report.differences],
        },
    )


STEPS: Sequence[Step[Run]] = (
    Step("lint", "Lint the mapping", lint, once=False),
    Step("generate", "Generate force-app", generate, once=False),
    Step("twins", "Start both systems", start_twins, once=False),
    Step("deploy", "Deploy with CumulusCI", deploy),
    Step("apex", "Test the Apex", apex),
    Step("customers", "Load customers", load_customers),
    Step("push", "Push the contracts", push),
    Step("robot", "Lifecycle in Robot Framework", robot),
    Step("pytest", "Lifecycle in pytest", pytest),
    Step("reconcile", "Compare both systems", reconcile, once=False),
    Step("evidence", "Write the evidence", write_evidence, once=False),
)
