"""What the notebook and the summary read out of a conversion: next steps, forecast, what is common."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from gitops_runbook.gitops.proof_difference import ProofDifference
from gitops_runbook.model.checks import Status
from gitops_runbook.runbooks.conversion import Conversion
from gitops_runbook.runbooks.convert_notebook import (
    commonality_picture,
    difference_rows,
    kind_rows,
    shared_objects,
    task_rows,
)
from gitops_runbook.runbooks.forecast import forecast, next_steps


def test_what_is_missing_for_withheld_secrets_comes_first(conversion: Conversion) -> None:
    first = next_steps(conversion)[0]
    assert "--vault-password-file FILE" in first
    assert "who may read those of production, staging (--age-recipient ENV=KEY" in first


def test_a_forecast_says_why_an_empty_cluster_would_not_come_up_whole(conversion: Conversion) -> None:
    found = {check.name: check for check in forecast(conversion)}
    assert found["the tree is what Ansible would have applied"].status is Status.PASSED
    assert found["every Secret is delivered"].status is Status.WARNED
    assert "Secret/notebooks/notebook-token" in found["every Secret is delivered"].observed


def test_a_difference_fails_the_forecast_and_is_the_first_thing_to_do(conversion: Conversion) -> None:
    difference = ProofDifference("staging", "ConfigMap/a/b", "/data/x", 1, 2)
    wrong = replace(conversion, proof=replace(conversion.proof, differences=(difference,)))
    assert forecast(wrong)[0].status is Status.FAILED
    assert "ConfigMap/a/b /data/x" in forecast(wrong)[0].remedy
    assert "then convert again" in next_steps(wrong)[-1]


def test_objects_are_counted_where_they_stand_in_the_tree(conversion: Conversion) -> None:
    statistics = conversion.statistics
    how = Counter(item.how for item in shared_objects(conversion))
    assert how["same everywhere"] + how["common, patched"] == statistics.shared + statistics.patched
    assert how["common, patched"] == statistics.patched > 0
    assert how["only in some"] == statistics.overlay_only == 1


def test_a_row_says_in_which_environment_an_object_differs(conversion: Conversion) -> None:
    rows = {str(row["object"]): row for row in difference_rows(conversion)}
    assert rows["ConfigMap/notebooks/notebook-culling"]["only in"] == "production"
    patched = [row for row in rows.values() if row["how"] == "common, patched"]
    assert patched
    assert all(str(row["patched in"]).endswith(("value)", "values)")) for row in patched)


def test_tables_count_per_environment(conversion: Conversion) -> None:
    kinds = {str(row["kind"]): row for row in kind_rows(conversion)}
    assert (kinds["ConfigMap"]["production"], kinds["ConfigMap"]["staging"]) == (1, 0)
    counts = {str(row["count"]): row for row in task_rows(conversion)}
    assert (counts["skipped by their when"]["production"], counts["skipped by their when"]["staging"]) == (0, 1)


def test_the_picture_s_text_gives_the_numbers(conversion: Conversion) -> None:
    _, words = commonality_picture(conversion)
    assert words.startswith("Objects of production, staging by workload: ")
    assert "1 only in some" in words
