"""`orgtwin` and `python -m orgtwin`: the handler of Ctrl-C first, then whatever takes long to import."""

from __future__ import annotations

from orgtwin.interrupts import end_at_once


def main() -> None:
    """Run the command line."""
    end_at_once()
    from orgtwin.cli import main as run

    run()


if __name__ == "__main__":
    main()
