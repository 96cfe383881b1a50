from __future__ import annotations

import pytest

from gitops_runbook.toolchain.__main__ import main
from tests.toolchain.conftest import Index


def test_what_cannot_be_had_is_listed_and_the_rest_is_provisioned(
    index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    index.publish()

    assert main(["absent", "greet"]) == 2

    printed = capsys.readouterr()
    assert printed.out == "absent\n"
    assert "absent: there is no recipe for this tool" in printed.err
    assert "greet 1.2.3 (cache): " in printed.err


def test_nothing_is_listed_when_all_can_be_had(index: Index, capsys: pytest.CaptureFixture[str]) -> None:
    index.publish()

    assert main(["greet"]) == 0
    assert capsys.readouterr().out == ""
