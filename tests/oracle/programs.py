"""Puts the fake helm and kubectl on PATH and dispatches their calls."""

from pathlib import Path
from typing import Any

from .api_server import ApiServer
from .go_programs import Answer, GoProgramError
from .helm import Helm
from .kubectl import Kubectl

_SHIM = """#!{python}
import sys
sys.path.insert(0, {root!r})
from tests.oracle.shim import main
sys.exit(main({program!r}, {port}))
"""


class FakePrograms:
    """The fake helm and kubectl of one fake cluster."""

    def __init__(self, helm: Helm, kubectl: Kubectl) -> None:
        self.helm = helm
        self.kubectl = kubectl

    def call(self, program: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one call; what the oracle itself cannot do fails the call instead of passing silently."""
        try:
            answer = self.helm.call(request) if program == "helm" else self.kubectl.call(request)
        except GoProgramError as error:
            answer = Answer(1, "", f"error: {error}\n")
        return {"returncode": answer.returncode, "stdout": answer.stdout, "stderr": answer.stderr}


def install(folder: Path, server: ApiServer, python: Path) -> None:
    """Write the executables; each knows its server, so no environment needs to survive."""
    folder.mkdir()
    root, port = str(Path(__file__).parents[2]), server.server_address[1]
    for program in ("helm", "kubectl"):
        path = folder / program
        path.write_text(_SHIM.format(python=python, root=root, program=program, port=port), encoding="utf-8")
        path.chmod(0o755)
