"""Random single mutations of a written tree, as a slip of the hand or a defect of ours could make them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.documents.json_values import Json
from gitops_runbook.documents.yaml_text import dump
from tests.gitops.proof_tree import OVERLAYS, manifest

_SCALAR = re.compile(r"^(?P<head>\s*(?:- )*(?:[^\s:#][^:]*: |- ))(?P<value>[^\s|{\[].*)$")
_ENCRYPTED = re.compile(r"(data|iv|tag):([A-Za-z0-9+/]{4,})")

Mutation = Callable[[Path, random.Random], str]
"""Changes one file below the root and says what it did; an empty text when there was nothing to change."""


def delete_line(root: Path, rng: random.Random) -> str:
    path, lines = _pick(root, rng)
    number = rng.choice([number for number, line in enumerate(lines) if line.strip() not in ("", "---")])
    removed = lines.pop(number)
    _save(path, lines)
    return f"deleted {removed.strip()!r} in {path.relative_to(root)}"


def change_scalar(root: Path, rng: random.Random) -> str:
    path, lines = _pick(root, rng)
    number, match = _pick_scalar(lines, rng)
    value = match["value"]
    place = rng.choice([place for place, character in enumerate(value) if character.isalnum()] or [0])
    other = rng.choice([letter for letter in "0123456789abcxyz" if letter != value[place]])
    lines[number] = match["head"] + value[:place] + other + value[place + 1 :]
    _save(path, lines)
    return f"{match[0].strip()!r} became {lines[number].strip()!r} in {path.relative_to(root)}"


def swap_values(root: Path, rng: random.Random) -> str:
    path, lines = _pick(root, rng)
    (one, first), (other, second) = _pick_scalar(lines, rng), _pick_scalar(lines, rng)
    lines[one], lines[other] = first["head"] + second["value"], second["head"] + first["value"]
    _save(path, lines)
    return f"swapped {first[0].strip()!r} and {second[0].strip()!r} in {path.relative_to(root)}"


def unquote(root: Path, rng: random.Random) -> str:
    path, lines = _pick(root, rng)
    quoted = [number for number, line in enumerate(lines) if re.search(r'"[^"\\ :]+"$', line)]
    if not quoted:
        return ""
    number = rng.choice(quoted)
    lines[number] = lines[number].replace('"', "")
    _save(path, lines)
    return f"took the quotes from {lines[number].strip()!r} in {path.relative_to(root)}"


def drop_entry(root: Path, rng: random.Random) -> str:
    """Take a resource or a patch out of a kustomization.yaml."""
    path = rng.choice(sorted(root.glob("*/**/kustomization.yaml")))
    [document] = load_all(path.read_text())
    key = rng.choice([key for key in ("resources", "patches") if document.get(key)])
    dropped = document[key].pop(rng.randrange(len(document[key])))
    path.write_text(dump({name: value for name, value in document.items() if value}))
    return f"took {dropped!r} out of {path.relative_to(root)}"


def add_object(root: Path, rng: random.Random) -> str:
    """An object nobody asked for, or one that stands in the environment already."""
    env = rng.choice(sorted(OVERLAYS))
    one, other = rng.sample(OVERLAYS[env], 2)
    extra = rng.choice(
        [
            manifest("v1", "ConfigMap", "ml", "extra", data={"a": "1"}),
            manifest("v1", "Namespace", "", "ml", metadata={"labels": {"env": env}}),
            manifest("v1", "Service", "ml", "mlflow", spec={"type": "ClusterIP"}),
        ]
    )
    (root / one / "extra.yaml").write_text(dump(extra))
    path = root / one / "kustomization.yaml"
    [document] = load_all(path.read_text())
    path.write_text(dump({**document, "resources": [*document["resources"], "extra.yaml"]}))
    return f"added {extra['kind']} to {one} (not {other})"


def damage_ciphertext(root: Path, rng: random.Random) -> str:
    path = rng.choice(_sealed(root))
    text = path.read_text()
    match = rng.choice(list(_ENCRYPTED.finditer(text)))
    place = rng.randrange(match.start(2), match.end(2) - 2)
    other = rng.choice([letter for letter in "ABCDwxyz0189" if letter != text[place]])
    path.write_text(text[:place] + other + text[place + 1 :])
    return f"changed a letter of {match[1]} in {path.relative_to(root)}"


def exchange_environments(root: Path, rng: random.Random) -> str:
    """Put the sealed file of one environment into the other."""
    path = rng.choice(_sealed(root))
    here, there = ("staging", "production") if "staging" in path.parts else ("production", "staging")
    other = Path(*(there if part == here else part for part in path.parts))
    path.write_text(other.read_text())
    return f"copied {other.relative_to(root)} to {here}"


def transform(root: Path, rng: random.Random) -> str:
    """Let Kustomize change something on the way."""
    path = root / rng.choice(OVERLAYS[rng.choice(sorted(OVERLAYS))]) / "kustomization.yaml"
    [document] = load_all(path.read_text())
    transformers: list[dict[str, Json]] = [
        {"namePrefix": "x-"},
        {"namespace": "other"},
        {"commonAnnotations": {"a": "b"}},
        {"labels": [{"pairs": {"team": "x"}}]},
        {"images": [{"name": "ghcr.io/mlflow/mlflow", "newTag": "v2.10.1"}]},
        {"replicas": [{"name": "mlflow", "count": 7}]},
    ]
    content = rng.choice(transformers)
    path.write_text(dump({**document, **content}))
    return f"{content} in {path.relative_to(root)}"


MUTATIONS: tuple[Mutation, ...] = (
    delete_line, delete_line, change_scalar, change_scalar, change_scalar, swap_values, unquote, drop_entry,
    add_object, damage_ciphertext, exchange_environments, transform,
)  # fmt: skip


def _sealed(root: Path) -> list[Path]:
    return [path for path in sorted(root.rglob("*.yaml")) if "ENC[" in path.read_text()]


def _pick(root: Path, rng: random.Random) -> tuple[Path, list[str]]:
    paths = [path for path in sorted(root.rglob("*.yaml")) if path.relative_to(root).parts[0] != "clusters"]
    path = rng.choice(paths)
    return path, path.read_text().splitlines()


def _pick_scalar(lines: list[str], rng: random.Random) -> tuple[int, re.Match[str]]:
    found = [(number, match) for number, line in enumerate(lines) if (match := _SCALAR.match(line))]
    return rng.choice(found)


def _save(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n")
