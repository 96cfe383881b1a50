"""In the kernel: begin a run, go through its steps, show what was seen.

from gitops_runbook.notebook import start
run = start("convert", environment=environment)
with run.step("record") as step:
step.show(findings)
run.finish()
"""

from gitops_runbook.notebook.rendering import checks, findings_table, picture, render, table, tree
from gitops_runbook.notebook.session import NotebookRun, NotebookStep, start

__all__ = ["NotebookRun", "NotebookStep", "checks", "findings_table", "picture", "render", "start", "table", "tree"]
