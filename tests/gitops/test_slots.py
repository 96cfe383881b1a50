from __future__ import annotations

from gitops_runbook.gitops.slots import APPS, CONFIGS, CONTROLLERS, Slot

_SECOND_CONFIGS = Slot("infrastructure", "configs", 1)
_SECOND_APPS = Slot("apps", "", 1)


def test_slots_sort_in_the_order_in_which_flux_applies_them() -> None:
    expected = [CONTROLLERS, CONFIGS, _SECOND_CONFIGS, APPS, _SECOND_APPS]
    mixed = [expected[place] for place in (3, 0, 4, 2, 1)]
    assert sorted(mixed) == expected


def test_what_follows_is_always_later() -> None:
    for slot in (CONTROLLERS, CONFIGS, _SECOND_CONFIGS, APPS, _SECOND_APPS):
        assert slot < slot.following()
        assert not slot < slot  # noqa: PLR0124 - nothing is before itself
    assert CONTROLLERS.following() == CONFIGS


def test_a_slot_names_its_kustomization_and_counts_from_two() -> None:
    names = [slot.name for slot in (CONTROLLERS, CONFIGS, _SECOND_CONFIGS, APPS, _SECOND_APPS)]
    assert names == [
        "infrastructure-controllers", "infrastructure-configs", "infrastructure-configs-2",
        "applications", "applications-2",
    ]  # fmt: skip


def test_no_two_slots_share_a_folder() -> None:
    slots = (CONTROLLERS, CONFIGS, _SECOND_CONFIGS, APPS, _SECOND_APPS)
    assert [slot.folder("production") for slot in slots] == [
        "infrastructure/production/controllers", "infrastructure/production/configs",
        "infrastructure/production/configs-2", "apps/production", "apps/production/stage-2",
    ]  # fmt: skip


def test_a_slot_reads_as_the_answers_in_decisions() -> None:
    assert [str(slot) for slot in (CONTROLLERS, CONFIGS, APPS)] == [
        "infrastructure/controllers", "infrastructure/configs", "apps",
    ]  # fmt: skip
