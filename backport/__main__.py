"""`python -m backport`: the command line."""

from backport.cli.main import run

run()
