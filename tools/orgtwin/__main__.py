"""`python -m orgtwin` is `orgtwin`."""

from orgtwin.cli import main

main()
