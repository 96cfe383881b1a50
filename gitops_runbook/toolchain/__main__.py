"""``python -m gitops_runbook.toolchain NAME…``: find or provision programs, for ``scripts/``.

Progress and problems go to standard error; standard output gets the names of those that cannot be had, one a line.
"""

from __future__ import annotations

import sys

from gitops_runbook.errors import ToolMissing
from gitops_runbook.toolchain.provision import ensure


def main(names: list[str]) -> int:
    """Ensure each program, going on after a failure; 0 when all are there, else ToolMissing's exit code."""
    missing = []
    for name in names:
        try:
            tool = ensure(name, progress=lambda line: _say(f"  {line}"))
        except ToolMissing as error:
            _say(str(error))
            sys.stdout.write(f"{name}\n")
            missing.append(name)
        else:
            _say(f"  {tool.name} {tool.version} ({tool.origin}): {tool.path}")
    return ToolMissing.exit_code if missing else 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
