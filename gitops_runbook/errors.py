"""All exceptions of the package, one tree.

RunbookError                     anything this package reports on purpose
├── UsageError                   exit 2: an option or argument cannot be used as given
│   └── ParameterError           exit 2: a notebook parameter is unknown, missing or ill-typed
├── ConfigurationError           exit 2: gitops-runbook.yaml or decisions.yaml is wrong; names file, line, nearest key
├── UnreadableInput              exit 2: a file of the user cannot be read or parsed
│   └── ProjectCodeNotAllowed    exit 2: the project would run code of its own on this machine
├── OutputRefused                exit 2: the output folder holds something that would be lost
├── ToolMissing                  exit 2: a program is needed and cannot be found or provisioned
├── CommandFailed                exit 3: a program we ran answered with an error
├── RecordingFailed              exit 3: ansible ended before the recording was complete
└── RunStopped                   ends a run on purpose: ``run.stop(reason)``

Every error says which object, what happened and what to do next; ``str()`` is exactly that, over at most three lines.
"""

from __future__ import annotations


class RunbookError(Exception):
    """Anything this package reports on purpose.

    Args:
        subject: the object the error is about: a path, an option, a program, a Kubernetes object.
        happened: what is wrong with it, as a clause without a full stop.
        remedy: what the reader does next, as an instruction.
    """

    exit_code = 3

    def __init__(self, subject: str, happened: str, remedy: str) -> None:
        super().__init__(subject, happened, remedy)
        self.subject = subject
        self.happened = happened
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.subject}: {self.happened}\nNext: {self.remedy}"


class UsageError(RunbookError):
    """An option or argument cannot be used as given, e.g. ``--environment staging`` without ``=LIMIT``."""

    exit_code = 2


class ParameterError(UsageError):
    """A notebook parameter is unknown, missing or ill-typed, e.g. ``enviroment`` for ``environment``."""


class ConfigurationError(RunbookError):
    """A configuration file is wrong, e.g. an unknown key at ``gitops-runbook.yaml:7``."""

    exit_code = 2


class UnreadableInput(RunbookError):
    """A file of the user cannot be read or parsed, e.g. a playbook with a tab in its YAML."""

    exit_code = 2


class ProjectCodeNotAllowed(UnreadableInput):
    """The project would run its own code on this machine, e.g. an inventory script, and nobody allowed it."""


class OutputRefused(RunbookError):
    """The output folder holds something that would be lost, e.g. files nobody generated and no git."""

    exit_code = 2


class ToolMissing(RunbookError):
    """A program is needed and can be neither found nor provisioned, e.g. ``ansible-playbook``."""

    exit_code = 2


class CommandFailed(RunbookError):
    """A program we ran answered with an error, e.g. ``kustomize build`` on a broken overlay."""


class RecordingFailed(RunbookError):
    """Ansible ended before the recording was complete, e.g. because it was killed."""


class RunStopped(RunbookError):
    """Ends a run on purpose, with a reason; not a failure."""

    exit_code = 0
