"""Where output goes: the cell of a notebook, or plain text when there is no kernel."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Protocol

from gitops_runbook.errors import RunStopped
from gitops_runbook.model.checks import Status
from gitops_runbook.notebook.markup import Rendered
from gitops_runbook.notebook.rendering import verdict


class Screen(Protocol):
    """Shows things to whoever watches."""

    def show(self, shown: Rendered) -> None:
        """Add something below what is already there."""

    def show_board(self, shown: Rendered, *, last: bool = False) -> None:
        """Show the board, or bring the one that stands there up to date; ``last``: it will not change again."""


class NotebookScreen:
    """Shows in the running cell; the board stays where it was shown first."""

    def __init__(self, board_id: str) -> None:
        self._board_id = board_id
        self._has_board = False

    def show(self, shown: Rendered) -> None:
        """Add an output to the running cell."""
        from IPython.display import display  # noqa: PLC0415 - a plain script never needs IPython

        display(shown)  # type: ignore[no-untyped-call]

    def show_board(self, shown: Rendered, *, last: bool = False) -> None:  # noqa: ARG002 - an update in place is quiet
        """Show or update the board by its display id."""
        from IPython.display import display  # noqa: PLC0415

        display(shown, display_id=self._board_id, update=self._has_board)  # type: ignore[no-untyped-call]
        self._has_board = True


class TextScreen:
    """Writes lines; the board comes first and once more at the end."""

    def __init__(self) -> None:
        self._has_board = False

    def show(self, shown: Rendered) -> None:
        """Write the text to standard output."""
        sys.stdout.write(shown.text + "\n")
        sys.stdout.flush()

    def show_board(self, shown: Rendered, *, last: bool = False) -> None:
        """Write the board at the beginning and at the end."""
        if last or not self._has_board:
            self.show(shown)
        self._has_board = True


def choose_screen(board_id: str) -> Screen:
    """Find out whether a kernel runs us; a script that never imported IPython is not made to."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive else None
    if shell is None or getattr(shell, "kernel", None) is None:
        return TextScreen()
    shell.set_custom_exc((RunStopped,), _show_stop)
    return NotebookScreen(board_id)


def _show_stop(
    shell: Any,  # noqa: ANN401, ARG001 - IPython's signature
    kind: type[BaseException],  # noqa: ARG001
    error: RunStopped,
    trace: TracebackType,  # noqa: ARG001
    tb_offset: int | None = None,  # noqa: ARG001
) -> None:
    """Stopping on purpose is no crash: Run All ends here with a sentence instead of a traceback."""
    NotebookScreen("").show(verdict(Status.SKIPPED, "The run was stopped", error.happened))
