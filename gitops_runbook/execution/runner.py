"""Run a notebook headless with papermill: parameters in, executed notebook out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

from gitops_runbook.errors import CommandFailed


def run_notebook(notebook: Path, parameters: Mapping[str, object], out: Path, folder: Path | None = None) -> Path:
    """Execute a notebook from beginning to end.

    Args:
        notebook: what to execute; it stays as it is.
        parameters: replace the values of its parameters cell.
        out: the executed notebook; where a cell fails, it holds what came before.
        folder: where it runs, which decides the workspace; None: where the notebook is.

    Returns:
        ``out``.

    Raises:
        CommandFailed: a cell raised, or the kernel ended.
    """
    import papermill  # type: ignore[import-untyped] # noqa: PLC0415 - it takes seconds to load
    from nbclient.exceptions import DeadKernelError  # noqa: PLC0415
    from papermill.exceptions import PapermillException  # type: ignore[import-untyped] # noqa: PLC0415
    from traitlets.config import Config  # noqa: PLC0415

    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with warnings.catch_warnings():
            # papermill reads cells of its own that have no id, and nbformat warns; ours have one.
            warnings.filterwarnings("ignore", module="nbformat")
            papermill.execute_notebook(
                str(notebook), str(out), dict(parameters), cwd=str(folder or notebook.parent), progress_bar=False,
                log_output=False, kernel_name="python3", language="python",
                config=Config({"KernelManager": {"transport": "ipc"}}),  # sockets only this user can reach
            )  # fmt: skip
    except (PapermillException, DeadKernelError) as error:
        said = str(error).strip().splitlines()
        happened = f"ended in an error: {said[-1] if said else type(error).__name__}"
        raise CommandFailed(str(notebook), happened, f"open {out} and look at the last cell that ran") from error
    return out
