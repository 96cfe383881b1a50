"""Run a project through the wire oracle and print, as JSON, what it did to the cluster."""

import argparse
import json
import sys
from pathlib import Path

from .run import run_oracle


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--playbook", default="site.yml")
    parser.add_argument("--inventory", action="append", required=True, help="relative to the project; repeatable")
    parser.add_argument("--limit", default="all")
    parser.add_argument("--ansible-playbook", type=Path, required=True)
    parser.add_argument("--collections", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True, help="interpreter with the kubernetes package")
    parser.add_argument("--helm", type=Path, required=True)
    parser.add_argument("--kubectl", type=Path, required=True)
    parser.add_argument("--vault-password-file", type=Path)
    parser.add_argument("-e", "--extra-vars", action="append", default=[])
    parser.add_argument("--kind", action="append", default=[], metavar="APIVERSION,KIND[,cluster]")
    parser.add_argument("--log", type=Path, help="write ansible's own output here")
    return parser


def main() -> int:
    """Run one environment and print the result."""
    options = _parser().parse_args()
    result = run_oracle(
        options.project,
        options.playbook,
        options.inventory,
        options.limit,
        ansible_playbook=options.ansible_playbook,
        collections=options.collections,
        python=options.python,
        helm=options.helm,
        kubectl=options.kubectl,
        vault_password_file=options.vault_password_file,
        extra_vars=options.extra_vars,
        kinds=[(version, kind, not scope) for version, kind, *scope in (text.split(",") for text in options.kind)],
    )
    if options.log:
        options.log.write_text(result.output, encoding="utf-8")
    elif result.returncode:
        sys.stderr.write(result.output)
    sys.stdout.write(json.dumps(result.as_json(), indent=2, ensure_ascii=False) + "\n")
    return result.returncode


if __name__ == "__main__":
    sys.exit(main())
