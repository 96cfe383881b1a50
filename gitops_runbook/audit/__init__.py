"""What happened, on disk: a run, its steps and checks, its journal and its result."""

from gitops_runbook.audit.folder import RunFolder
from gitops_runbook.audit.reading import RunRecord, read_run
from gitops_runbook.audit.run import Run
from gitops_runbook.audit.steps import Step, StepOutcome

__all__ = ["Run", "RunFolder", "RunRecord", "Step", "StepOutcome", "read_run"]
