"""The command line ``gitops-runbook``: one file per command, and nothing heavy until a command runs."""

from __future__ import annotations


def main() -> None:
    """Run the command line and exit with its code (product contract "Exit codes")."""
    from gitops_runbook.cli.app import app  # noqa: PLC0415 - importing the package must stay light

    app(prog_name="gitops-runbook")
