# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Two replays compared: equal ones are the same, a changed weight is found and shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from quick import QUICK, QUICK_ARGUMENTS
from small_bags import HEIGHT, WIDTH, frames, raw_image, stamp_ns, write_bag
from test_replay_run import labels_of, read_bag

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.cli import main as cli
from lwrf_ros.errors import LwrfError
from lwrf_ros.network import build_network, randomise
from lwrf_ros.replay.comparison import Limits, compare
from lwrf_ros.replay.label_bag import LabelBag
from lwrf_ros.weights.checkpoint import save_weights

COUNT = 12
NAMES = ClassTable.load("camvid").names


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    return write_bag(tmp_path / "bag", {"/image": frames(raw_image, COUNT)})


def weights_with(path: Path, bias: float) -> Path:
    """Write the quick network's weights, one number of them changed."""
    network = build_network("mobilenet_v2", len(NAMES), "light_weight")
    randomise(network, seed=0)
    network.classifier.bias.data[3] += bias
    save_weights(network, path)
    return path


def test_one_changed_weight_is_found_and_shown(tmp_path: Path, bag: Path, capsys: Any) -> None:
    golden, now = tmp_path / "golden", tmp_path / "now"
    quick = ("--device", "cpu", "--input-size", "64x64", "--classes", "camvid", "--weights")
    first = str(weights_with(tmp_path / "first.safetensors", 0.0))
    second = str(weights_with(tmp_path / "second.safetensors", 0.5))
    assert cli.main(["replay", str(bag), "-o", str(golden), *quick, first]) == 0
    again = ("-o", str(now), "--against", str(golden))
    assert cli.main(["replay", str(bag), *again, *quick, first]) == 0
    assert "SAME within the limits" in capsys.readouterr().out
    assert [path.name for path in (now / "comparison").glob("*.png")] == []
    arguments = ["replay", str(bag), *again, "--overwrite", *quick, second, "--json", "--report"]
    assert cli.main(arguments) == 1
    # Said nowhere else than of the comparison's pictures, which the page carries.
    assert "of the pixels have another class" in (now / "report.html").read_text()
    found = json.loads(capsys.readouterr().out)
    check_found(found, read_bag(golden), read_bag(now))
    for place, entry in enumerate(found["most_changed"], start=1):
        assert entry["picture"] == f"changed_{place:02d}_{entry['stamp_ns']}.png"
        picture = cv2.imread(str(now / "comparison" / entry["picture"]))
        assert picture.shape[1] == 1640
        # The colour of what changed.
        assert (picture[..., 2] > picture[..., 1].astype(int) + 100).any()
    limits = ("--min-equal", "0", "--max-coverage-change", "1")
    assert cli.main(["compare", str(golden), str(now), *limits]) == 0
    text = capsys.readouterr().out
    assert "weights_sha256: " in text
    assert "SAME" in text


def check_found(found: dict[str, Any], before: Any, after: Any) -> None:
    """Compare what was found with the labels themselves."""
    topic = "/segmenter/labels"
    ones = np.stack([labels_of(message) for _, message in before[topic]])
    others = np.stack([labels_of(message) for _, message in after[topic]])
    assert ones.shape == others.shape == (COUNT, HEIGHT, WIDTH)
    equal = (ones == others).mean(axis=(1, 2))
    assert not found["same"]
    assert found["frames"]["compared"] == COUNT
    assert found["frames"]["equal"] == (equal == 1).sum()
    assert found["equal_pixels"]["least"] == pytest.approx(equal.min())
    assert found["equal_pixels"]["mean"] == pytest.approx(equal.mean())
    for index, name in enumerate(NAMES):
        one, other = ones == index, others == index
        entry = found["classes"][name]
        assert entry["golden_coverage"] == pytest.approx(one.mean())
        assert entry["change"] == pytest.approx(other.mean() - one.mean())
        if (one | other).any():
            assert entry["iou"] == pytest.approx((one & other).sum() / (one | other).sum())
        else:
            assert entry["iou"] is None
    order = np.argsort(equal, kind="stable")[:10]
    worst = [entry["equal"] for entry in found["most_changed"]]
    assert worst == pytest.approx([share for share in equal[order] if share < 1])
    assert worst
    stamps = {entry["stamp_ns"] for entry in found["most_changed"][:3]}
    assert stamps <= {stamp_ns(number) for number in range(COUNT)}
    assert "weights_sha256" in found["differences"]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(min_equal=0.0, min_iou=0.999), "has an IoU of"),
        (Limits(min_equal=0.0, max_coverage_change=0.001), "of change"),
        (Limits(), "equal pixels, the least"),
    ],
)
def test_each_limit_by_itself(
    tmp_path: Path, bag: Path, quick_replay: Any, limits: Limits, words: str
) -> None:
    quick_replay(bag, tmp_path / "golden", max_frames=2)
    changed = weights_with(tmp_path / "changed.safetensors", 0.5)
    engine = replace(QUICK, weights=str(changed))
    quick_replay(bag, tmp_path / "now", max_frames=2, engine=engine)
    comparison = compare(LabelBag(tmp_path / "golden"), LabelBag(tmp_path / "now"))
    assert any(words in text for text in comparison.exceeded(limits))
    assert comparison.exceeded(Limits(min_equal=0.0)) == []


def test_frames_that_only_one_has(tmp_path: Path, quick_replay: Any) -> None:
    messages = frames(raw_image, 6)
    for name, part in (("golden", messages[:5]), ("now", messages[2:])):
        quick_replay(write_bag(tmp_path / f"bag_{name}", {"/image": part}), tmp_path / name)
    comparison = compare(LabelBag(tmp_path / "golden"), LabelBag(tmp_path / "now"))
    assert [frame.equal for frame in comparison.frames] == [1.0, 1.0, 1.0]
    assert [key.stamp_ns for key in comparison.missing] == [stamp_ns(0), stamp_ns(1)]
    assert [key.stamp_ns for key in comparison.extra] == [stamp_ns(5)]
    assert len(comparison.exceeded(Limits(min_equal=0.0))) == 2


def test_what_cannot_be_compared(tmp_path: Path, bag: Path, quick_replay: Any, capsys: Any) -> None:
    quick_replay(bag, tmp_path / "camvid", max_frames=1)
    other_classes = replace(QUICK, classes="voc")
    quick_replay(bag, tmp_path / "voc", max_frames=1, engine=other_classes)
    with pytest.raises(LwrfError, match="compare replays with the same classes"):
        compare(LabelBag(tmp_path / "camvid"), LabelBag(tmp_path / "voc"))
    other_bag = write_bag(tmp_path / "other_bag", {"/other": frames(raw_image, 1)})
    quick_replay(other_bag, tmp_path / "other")
    with pytest.raises(LwrfError, match="compare replays of the same recording"):
        compare(LabelBag(tmp_path / "camvid"), LabelBag(tmp_path / "other"))
    # A wrong golden is found before the work is done.
    out = tmp_path / "out"
    arguments = ["replay", str(bag), "-o", str(out), "--against", str(bag), *QUICK_ARGUMENTS]
    assert cli.main(arguments) == 2
    assert "give the output folder of a lwrf replay" in capsys.readouterr().err
    assert not out.exists()
