"""`orgtwin`: the command line. A row of COMMANDS is a command and its line in `--help`; its module is imported when it runs.

Exit codes: 0 done; 1 the work was done and found something wrong; 2 the input or the surroundings are wrong, nothing was changed;
130 Ctrl-C ended it; 143 SIGTERM did.
"""

from __future__ import annotations

import click

from orgtwin.lazy import LazyGroup

COMMANDS = {
    "apex": ("orgtwin.apex.cli:apex", "Apex on this machine."),
    "env": ("orgtwin.http.client_commands:env", "Print the variables that cci, sf and simple-salesforce need."),
    "reset": ("orgtwin.http.client_commands:reset", "Make the org new again: nothing deployed, saved or used."),
    "restore": ("orgtwin.http.client_commands:restore", "Go back to the snapshot NAME."),
    "serve": ("orgtwin.http.serve_command:serve", "Serve a new org over HTTP and HTTPS, until Ctrl-C."),
    "snapshot": ("orgtwin.http.client_commands:snapshot", "Remember records, schema and settings under NAME."),
}


@click.group(cls=LazyGroup, rows=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clmkit")
def main() -> None:
    """A Salesforce org on this machine, for tests."""
