"""``gitops-runbook convert``: an Ansible project becomes a Flux repository, with proof."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitops_runbook.cli.ending import ends_in_order, interruption

if TYPE_CHECKING:
    from gitops_runbook.runbooks.conversion import Conversion

NOT_EXACT = 3


@ends_in_order
def convert(  # noqa: PLR0913, PLR0917 - each parameter is an option of the product contract
    project: Annotated[Path, typer.Argument(help="Folder of the Ansible project.")],
    playbook: Annotated[str, typer.Option(metavar="FILE", help="The playbook, relative to PROJECT.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the tree is written: an empty folder, one that is "
        "unchanged since it was generated, or a clean git work tree.")],
    environment: Annotated[list[str] | None, typer.Option(metavar="NAME=LIMIT[@INVENTORY]",
        help="An environment: the hosts ansible's --limit selects, and the inventory (several: @a,b), relative to "
        "PROJECT. Repeat it.")] = None,
    inventory: Annotated[list[str] | None, typer.Option("--inventory", "-i", metavar="PATH", help="Inventory of the "
        "environments that name none of their own.")] = None,
    path_prefix: Annotated[str, typer.Option(metavar="P", help="Folder of the repository the tree lives in.")] = "",
    extra_vars: Annotated[list[str] | None, typer.Option("--extra-vars", "-e", metavar="[ENV:]VAR=VALUE|@FILE",
        help="Extra variables, for all environments or one.")] = None,
    tags: Annotated[str, typer.Option(metavar="T", help="As for ansible-playbook.")] = "",
    skip_tags: Annotated[str, typer.Option(metavar="T", help="As for ansible-playbook.")] = "",
    flux_version: Annotated[str, typer.Option(metavar="V", help="Version of Flux; default: the newest known.")] = "",
    vault_password_file: Annotated[str, typer.Option(metavar="F", help="As for ansible-playbook; relative to the "
        "current folder, else to PROJECT. Without it, Secrets from vaults are withheld.")] = "",
    age_recipient: Annotated[list[str] | None, typer.Option(metavar="ENV=KEY", help="age public key that may read an "
        "environment's encrypted files. Repeat it.")] = None,
    allow_project_code: Annotated[bool, typer.Option("--allow-project-code", help="Inventory scripts, plugins and "  # noqa: FBT002
        "vault scripts of the project may run on this machine.")] = False,
    ansible_playbook: Annotated[str, typer.Option(metavar="PATH", help="Your ansible-playbook; default: PATH's.")] = "",
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the report (JSON) goes; default: "
        "DIR/.gitops-runbook/report.json.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report and nothing else.")] = False,  # noqa: FBT002
) -> int:  # fmt: skip
    """Turn an Ansible project into a Flux repository, proven.

    The playbook is recorded in your own ansible; no cluster is needed and no task takes effect. The tree is then built
    and compared with what Ansible would have applied, object by object.

    Exit codes: 0 exact, 3 not exact, 2 input that cannot be used.
    """
    from gitops_runbook.cli.convert_arguments import ConvertArguments, conversion_options  # noqa: PLC0415
    from gitops_runbook.cli.convert_progress import conversion_progress  # noqa: PLC0415
    from gitops_runbook.runbooks.convert import convert as run_conversion  # noqa: PLC0415

    options = conversion_options(ConvertArguments(
        project=project, playbook=playbook, out=out, environment=environment or (), inventory=inventory or (),
        extra_vars=extra_vars or (), age_recipient=age_recipient or (), path_prefix=path_prefix, tags=tags,
        skip_tags=skip_tags, flux_version=flux_version, vault_password_file=vault_password_file,
        allow_project_code=allow_project_code, ansible_playbook=ansible_playbook, report=report,
    ))  # fmt: skip
    with interruption() as wish, conversion_progress(wish.check) as progress:
        conversion = run_conversion(options, progress)
    _print(conversion, as_json=as_json)
    return 0 if conversion.proof.exact else NOT_EXACT


def _print(conversion: Conversion, *, as_json: bool) -> None:
    from gitops_runbook.cli.convert_summary import print_summary  # noqa: PLC0415

    if as_json:
        sys.stdout.write(json.dumps(conversion.as_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        print_summary(conversion)
