"""The parts of the tree, in the order in which Flux applies them: one Flux Kustomization each."""

from __future__ import annotations

from dataclasses import dataclass, replace

_RANKS = (("infrastructure", "controllers"), ("infrastructure", "configs"), ("apps", ""))
_NAMES = ("infrastructure-controllers", "infrastructure-configs", "applications")


@dataclass(frozen=True)
class Slot:
    """One part of the tree; slots compare in dependency order.

    Attributes:
        area: ``infrastructure`` or ``apps``.
        part: ``controllers`` or ``configs`` in ``infrastructure``, empty in ``apps``.
        stage: 0, or higher for what must wait until the stage before is complete.
    """

    area: str
    part: str
    stage: int = 0

    @property
    def name(self) -> str:
        """The Flux Kustomization: ``infrastructure-controllers``, …, ``applications-2`` for the second stage."""
        return _NAMES[self.rank] + self._suffix

    @property
    def rank(self) -> int:
        """0 controllers, 1 configs, 2 apps."""
        return _RANKS.index((self.area, self.part))

    @property
    def _suffix(self) -> str:
        return f"-{self.stage + 1}" if self.stage else ""

    def folder(self, layer: str) -> str:
        """The folder of this part below the tree's root.

        Args:
            layer: ``base`` or the name of an environment.

        Returns:
            E.g. ``infrastructure/base/controllers``, ``apps/production`` or ``apps/production/stage-2``.
        """
        if self.part:
            return f"{self.area}/{layer}/{self.part}{self._suffix}"
        return f"{self.area}/{layer}/stage{self._suffix}" if self.stage else f"{self.area}/{layer}"

    def following(self) -> Slot:
        """The next slot: nothing that stands in it is applied before all of this one is ready."""
        return CONFIGS if self.part == "controllers" else replace(self, stage=self.stage + 1)

    def __lt__(self, other: Slot) -> bool:
        return (self.rank, self.stage) < (other.rank, other.stage)

    def __str__(self) -> str:
        """As ``decisions.yaml`` names it: ``infrastructure/configs``, ``apps``, with the stage when there is one."""
        return "/".join(part for part in (self.area, self.part) if part) + self._suffix


CONTROLLERS = Slot("infrastructure", "controllers")
CONFIGS = Slot("infrastructure", "configs")
APPS = Slot("apps", "")
