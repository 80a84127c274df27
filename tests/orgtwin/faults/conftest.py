"""The org twin's own fixtures: a running process, or an org without sockets."""

from orgtwin.pytest_plugin import org_twin, org_twin_client, org_twin_process

__all__ = ["org_twin", "org_twin_client", "org_twin_process"]
