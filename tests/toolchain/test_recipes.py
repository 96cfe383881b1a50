from __future__ import annotations

import re

import pytest

from gitops_runbook.toolchain.recipes import RECIPES, Recipe


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_is_pinned_and_accepts_what_it_provisions(recipe: Recipe) -> None:
    assert recipe.accepts(tuple(int(part) for part in recipe.version.split(".")))
    assert re.fullmatch("[0-9a-f]{64}", recipe.wheel.sha256)
    assert re.fullmatch(r"\d+(\.\d+)+", recipe.wheel.version)


@pytest.mark.parametrize(
    ("name", "version", "accepted"),
    [
        ("helm", (3, 12), True),
        ("helm", (3, 11, 9), False),
        ("helm", (4, 0, 0), False),
        ("kubectl", (1, 29, 0), True),
        ("kubectl", (1, 28, 15), False),
        ("kubectl", (2, 0), True),
    ],
)
def test_versions_are_accepted_as_promised(name: str, version: tuple[int, ...], accepted: bool) -> None:  # noqa: FBT001
    assert RECIPES[name].accepts(version) is accepted
