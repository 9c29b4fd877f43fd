"""`python -m mayday`: the command, where its script is not on the path."""

from mayday.cli.main import run

run()
