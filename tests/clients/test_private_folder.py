from __future__ import annotations

import pytest

from gitops_runbook.clients.private_folder import private_folder


def test_nobody_else_may_look_into_it_and_it_is_gone_afterwards() -> None:
    with private_folder() as folder:
        (folder / "secret").write_text("x")
        assert folder.stat().st_mode & 0o777 == 0o700

    assert not folder.exists()


def test_it_is_gone_after_an_error_too() -> None:
    with pytest.raises(ValueError, match="mine"), private_folder() as folder:
        raise ValueError("mine")

    assert not folder.exists()
