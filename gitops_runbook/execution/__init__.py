"""Around the kernel: run a notebook headless, write it as HTML, list the notebooks there are."""

from gitops_runbook.execution.catalogue import NotebookEntry, list_notebooks
from gitops_runbook.execution.html import write_html
from gitops_runbook.execution.runner import run_notebook

__all__ = ["NotebookEntry", "list_notebooks", "run_notebook", "write_html"]
