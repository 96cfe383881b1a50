"""``gitops-runbook doctor``: what is there on this machine, what is missing, and what to do about it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gitops_runbook.cli.ending import ends_in_order

FOUND_WRONG = 3


@ends_in_order
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,  # noqa: FBT002
) -> int:
    """Say what is missing on this machine, and what to do.

    Nothing is installed or changed. Exit code 3 when something is missing.
    """
    from gitops_runbook.model.checks import Status, badness  # noqa: PLC0415
    from gitops_runbook.runbooks.machine import check_machine  # noqa: PLC0415

    checks = sorted(check_machine(Path.cwd()), key=lambda check: -badness(check.status))
    if as_json:
        text = json.dumps({"schema_version": 1, "checks": [check.as_json() for check in checks]}, indent=2)
        sys.stdout.write(text + "\n")
    else:
        icons = {Status.PASSED: "✔", Status.WARNED: "▲", Status.SKIPPED: "–"}
        for check in checks:
            sys.stdout.write(f"{icons.get(check.status, '✖')} {check.status:7} {check.name}: {check.observed}\n")
            sys.stdout.write(f"  {check.why}\n  Next: {check.remedy}\n" if check.remedy else "")
    return FOUND_WRONG if any(check.status is Status.FAILED for check in checks) else 0
