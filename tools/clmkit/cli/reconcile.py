"""`clmkit reconcile`: compare both systems, certify that they hold the same, check a certificate.

Exit codes: 0 nothing differs (and the certificate holds); 1 something differs, or the certificate no longer holds; 2 it could not
be done.
"""

from __future__ import annotations

import time
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from clmkit.cli.output import AS_JSON
from clmkit.cli.sync_options import CONFIG, guarded, read_config
from clmkit.operate.certificate import NotCertified, certify, find_faults, read_certificate
from clmkit.sync.reconcile import ReconcileReport, reconcile_once

NEW_FILE = click.Path(dir_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@CONFIG
@AS_JSON
@click.option(
    "--certify",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a certificate when nothing differs.",
)
@click.option("--owner", default="", help="--certify: who vouches for the data.")
@click.option("--key", type=FILE, help="--certify: the owner's private key (PEM; Ed25519, P-256 or RSA).")
@click.option("--check", "certificate", type=FILE, help="Say whether this certificate still holds.")
@click.option("--public-key", type=FILE, help="--check: the owner's public key (PEM).")
def reconcile(
    config_path: Path, as_json: bool, target: Path | None, owner: str, key: Path | None,
    certificate: Path | None, public_key: Path | None,
) -> None:  # fmt: skip
    """Compare both systems value by value; certify that they agree.

    Lists every difference. Reads only; a sync may run meanwhile.

    \b
    Examples:
      clmkit reconcile
      clmkit reconcile --certify build/certificate.jws --owner "Revenue accounting" --key owner.pem
      clmkit reconcile --check build/certificate.jws --public-key owner.pub.pem

    \b
    Exit codes:
      0  nothing differs, and the certificate holds
      1  something differs, or the certificate no longer holds
      2  it could not be done
    """
    if (target is not None and not (owner and key)) or (certificate is not None and public_key is None):
        raise click.UsageError("--certify needs --owner and --key; --check needs --public-key.")
    config = read_config(config_path)
    report = guarded(lambda: reconcile_once(config))
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        _print_report(report)
    faults: list[str] = []
    try:
        if target is not None and key is not None:
            target.write_text(certify(report, config.spec, owner, key.read_bytes(), int(time.time())) + "\n")
            click.echo(f"certified: {target}", err=True)
        if certificate is not None and public_key is not None:
            claims = read_certificate(certificate.read_text(encoding="utf-8"), public_key.read_bytes())
            faults = find_faults(claims, report, config.spec)
            for fault in faults:
                click.echo(f"clmkit: the certificate no longer holds: {fault}", err=True)
    except NotCertified as refused:
        click.echo(f"clmkit: {refused}", err=True)
        raise SystemExit(1) from refused
    raise SystemExit(0 if report.is_clean and not faults else 1)


def _print_report(report: ReconcileReport) -> None:
    console = Console()
    counts = Table("object", "rows", "fields", "different")
    for name, count in report.objects.items():
        counts.add_row(name, str(count.rows), str(count.fields), str(count.differences))
    console.print(counts)
    if report.differences:
        table = Table("row", "field", "CLM", "Salesforce", "owner")
        for one in report.differences:
            table.add_row(f"{one.object} {one.key}", one.field, one.clm, one.salesforce, one.owner)
        console.print(table)
    console.print(
        f"{report.fields_compared} fields compared, {report.differing} differ, {len(report.parked)} wait for a person."
    )
    for unread in report.unread:
        console.print(f"not compared: {unread.agreement or 'part of the list'}: {unread.reason}")
