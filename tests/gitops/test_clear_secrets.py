"""The last net finds a secret in every form in which somebody could read it, and nothing else."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_runbook.gitops.clear_secrets import clear_secrets

SECRET = 'c4n-ary/+"ü 81f3'


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"password: {SECRET}\n",
        f"url: postgresql://user:{quote(SECRET, safe='')}@db\n",
        f"data: {_base64(SECRET)}\n",
        f"data: {_base64('user:' + SECRET)}\n",
        f"data: {_base64('me:' + SECRET + '@host')}\n",
        f"data: {_base64('x' + SECRET + '!')}\n",
        f"json: {json.dumps(SECRET)}\n",
        f"json: {json.dumps(SECRET, ensure_ascii=False)}\n",
        f"data: >-\n  {_base64(SECRET)[:10]}\n  {_base64(SECRET)[10:]}\n",
        f"data: {base64.urlsafe_b64encode(SECRET.encode()).decode()}\n",
    ],
)
def test_a_secret_is_found_in_every_readable_form(text: str) -> None:
    assert clear_secrets({"b.yaml": text, "a.yaml": "password: other\n"}, [SECRET]) == ["b.yaml"]


def test_a_text_of_several_lines_is_found_by_any_of_them() -> None:
    key = "-----BEGIN-----\nfirst-line-of-key\nsecond-line-of-key\n"
    assert clear_secrets({"a": "  second-line-of-key\n", "b": "third"}, [key]) == ["a"]


def test_what_is_too_short_to_mean_anything_is_not_looked_for() -> None:
    assert clear_secrets({"a": "replicas: 5\nenabled: no\nport: 8080\n"}, ["no", "5", "", "8080", "\n"]) == []


@given(st.binary(max_size=7), st.text(min_size=6, max_size=30), st.binary(max_size=7))
def test_a_secret_is_found_at_any_place_of_a_longer_base64_text(before: bytes, secret: str, after: bytes) -> None:
    if len(secret.strip()) < 6:
        return
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    assert clear_secrets({"a": f"data:\n  x: {encoded}\n"}, [secret]) == ["a"]
