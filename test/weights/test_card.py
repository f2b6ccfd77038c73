# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What a card says: its entries, its scores in this form and the one before."""

from __future__ import annotations

from pathlib import Path

import pytest
from cards import carded

from lwrf_ros.weights.card import CardError, Score, read_card, scores_of, with_scores

STREETS = Score("100 street photographs", "mean IoU", 0.7214, {"road": 0.9, "car": 0.54})


def test_a_card_is_read(tmp_path: Path) -> None:
    path = carded(tmp_path / "w.safetensors", data="our yard", license="MIT")
    assert read_card(path) == {"data": "our yard", "license": "MIT"}


@pytest.mark.parametrize("content", [b"", b"\x80\x02}.", b"\x08\0\0\0\0\0\0\0{broken}"])
def test_what_has_no_card_has_an_empty_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w").write_bytes(content)
    assert read_card(tmp_path / "w") == {}
    assert read_card(tmp_path / "none") == read_card(tmp_path) == {}


def test_scores_come_back_as_they_were_put_in() -> None:
    accuracy = Score("201 rooms", "pixel accuracy", 0.88, {})
    card = with_scores({"data": "x", "scores": "[]"}, [STREETS, accuracy])
    assert card["data"] == "x"
    assert card["scores"] == (
        '[{"data": "100 street photographs", "metric": "mean IoU", "value": 0.7214, '
        '"classes": {"road": 0.9, "car": 0.54}}, '
        '{"data": "201 rooms", "metric": "pixel accuracy", "value": 0.88}]'
    )
    assert scores_of(card) == [STREETS, accuracy]
    assert str(STREETS) == "mean IoU 0.7214 on 100 street photographs"


def test_scores_of_older_cards_are_those_that_are_numbers() -> None:
    card = {
        "validation_mean_iou": "0.4801",
        "mean_iou_on_val_before_val_joined": "0.682",
        "pixel_accuracy": "good",
        "classes": "camvid",
    }
    assert scores_of(card) == [
        Score("", "mean iou on val before val joined", 0.682, {}),
        Score("", "validation mean iou", 0.4801, {}),
    ]
    assert str(scores_of(card)[1]) == "validation mean iou 0.4801"
    assert scores_of({**card, "scores": "[]"}) == []


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "3",
        '["a"]',
        '[{"metric": "mean IoU", "value": 0.6}]',
        '[{"data": "d", "metric": "mean IoU", "value": "good"}]',
        '[{"data": "d", "metric": "m", "value": 0.6, "classes": [0.6]}]',
        '[{"data": "d", "metric": "m", "value": NaN}]',
    ],
)
def test_scores_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(CardError, match=r"the card's scores are .*; wanted a JSON list of"):
        scores_of({"scores": text})
