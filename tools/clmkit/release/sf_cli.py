"""What the sf CLI knows of an org by its alias or username: address and session, as JSON.

The CLI renews a session before it shows it. Since 2026 `sf org display` withholds the access token and another command shows it.
Sources: "org display", "org auth show-access-token" (Salesforce CLI Command Reference).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

SF = "sf"
WITHHELD = "[REDACTED]"
ALIAS = re.compile(r"[\w.@+-]+")
SECONDS = 120


class SfCliError(Exception):
    """The CLI does not tell; `str()` holds its words."""


def is_alias(name: str) -> bool:
    """Whether a name can be an alias or a username; one that ends like a file is a file's."""
    return ALIAS.fullmatch(name) is not None and not name.endswith(".json")


def ask_sf(alias: str) -> str:
    """The org of an alias as JSON, with its access token. Raises SfCliError."""
    found = _run("org", "display", alias)
    if str(found.get("accessToken", "")).startswith(WITHHELD):
        found["accessToken"] = _run("org", "auth", "show-access-token", alias).get("accessToken")
    return json.dumps(found)


def _run(*words: str) -> dict[str, Any]:
    """The `result` of a command about the org that stands last."""
    *command, alias = words
    program = shutil.which(SF)
    if program is None:
        raise SfCliError(f"no such file, and no `{SF}` on the PATH to ask for an org of that alias")
    try:
        done = subprocess.run(
            [program, *command, "--target-org", alias, "--json"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        said: Any = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise SfCliError(f"`{SF} {' '.join(command)}` took more than {SECONDS} seconds") from error
    except ValueError as error:
        raise SfCliError(f"`{SF} {' '.join(command)}` ended with {done.returncode} and no JSON") from error
    result = said.get("result") if isinstance(said, dict) else None
    if not isinstance(result, dict):
        refusal = " ".join(str(said.get("message", "")).split()) if isinstance(said, dict) else ""
        raise SfCliError(f"no such file, and `{SF} {' '.join(command)}` says: {refusal.rstrip('.')}")
    return result
