"""gitops-runbook: executable runbooks that move a platform from Ansible push to Flux pull.

A notebook narrates, a runbook module decides, a client touches, the model only describes.
Importing this package loads nothing heavy; import the room you need:

    from gitops_runbook.notebook import start          # inside a notebook
    from gitops_runbook.runbooks import convert         # the functions behind notebook and command line
"""

__version__ = "0.1.0"
