# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is said of the licence of weights, from whatever stands on their card."""

from __future__ import annotations

import pytest

from lwrf_ros.weights.licence import terms_of


@pytest.mark.parametrize(
    ("licence", "data", "terms"),
    [
        ("CC-BY-NC-4.0", "CamVid", "trained on CamVid (CC BY-NC 4.0): for non-commercial use"),
        ("CC-BY-NC-SA-3.0", "ADE", "trained on ADE (CC BY-NC-SA 3.0): for non-commercial use"),
        ("CC-BY-4.0", "our yard", "trained on our yard (CC BY 4.0)"),
        ("Apache-2.0", "our yard", "trained on our yard (Apache-2.0)"),
        ("LicenseRef-NC", "our yard", "trained on our yard (LicenseRef-NC)"),
        ("CC-BY-NC-4.0", "", "licence CC BY-NC 4.0: for non-commercial use"),
        ("MIT", "  ", "licence MIT"),
        ("", "CamVid", ""),
        (" \n", "CamVid", ""),
    ],
)
def test_terms(licence: str, data: str, terms: str) -> None:
    assert terms_of({"license": licence, "data": data}) == terms


def test_without_a_licence_nothing_is_claimed() -> None:
    assert terms_of({}) == terms_of({"data": "CamVid", "classes": "camvid"}) == ""


def test_a_card_cannot_write_into_a_log_what_it_likes() -> None:
    card = {"license": "MIT\n[ERROR] fire", "data": "\x1b[31mred" + "!" * 10_000}
    terms = terms_of(card)
    assert terms.isprintable()
    assert terms.startswith("trained on \\x1b[31mred!!!")
    assert terms.endswith("!… (MIT [ERROR] fire)")
    assert len(terms) < 200


def test_a_text_of_120_characters_is_whole() -> None:
    assert terms_of({"license": "x" * 120}) == "licence " + "x" * 120
    assert terms_of({"license": "x" * 121}) == "licence " + "x" * 119 + "…"
