# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf benchmark`` from end to end at a tiny size, and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from lwrf_ros.cli import main as cli
from lwrf_ros.experiments.benchmark.benchmark_run import list_cases
from lwrf_ros.experiments.benchmark.frames import make_frames, read_frames
from lwrf_ros.machine.about import Device
from lwrf_ros.terminal.exit_codes import EXIT_USER_ERROR

TINY = ("--image-size", "64x48", "--input-size", "64x32", "--device", "cpu", "--threads", "1")
SHORT = ("--seconds", "0.1", "--min-calls", "2")


def test_a_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    command = ["benchmark", *TINY, *SHORT, "--batch", "2", "-o", str(out)]
    peers = ["lwrf_ros", "tensorrt"]
    assert cli.main([*command, "--peers", *peers]) == 0
    table = capfd.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == [
        "benchmark.csv",
        "benchmark.json",
        "benchmark.png",
    ]
    tree = json.loads((out / "benchmark.json").read_text())
    assert tree["command"].startswith("lwrf benchmark --image-size 64x48")
    assert tree["machine"]["cores"] >= 1
    assert tree["machine"]["versions"]["numpy"] == np.__version__
    assert tree["over_dds"] == []
    (case,) = tree["cases"]
    assert case["batch"] == 2
    assert case["gflop"] > 0
    assert case["ceilings"]["gflops"]["fp32"] > 0
    ours, tensorrt = case["contestants"]
    assert [ours["contestant"], ours["status"]] == ["lwrf_ros", "measured"]
    assert ours["calls"] >= 2
    assert 0 < ours["p50_ms"] <= ours["p90_ms"] <= ours["p99_ms"]
    assert ours["frames_per_s"] > 0
    assert 0 < ours["configure_s"] < ours["start_up_s"]
    assert ours["peak_memory_mib"] > 50
    assert ours["equal_labels"] > 0.9999
    assert set(ours["stages_ms"]) == {"copy", "preprocess", "network", "tail", "copy back"}
    assert tensorrt["status"] == "unmeasured"
    assert "--device cuda" in tensorrt["problem"]
    assert "tensorrt unmeasured: tensorrt is measured on an NVIDIA GPU" in table
    with (out / "benchmark.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["contestant"] for row in rows] == peers


def test_every_combination_is_a_case() -> None:
    parser = cli.build_parser()
    given = [
        "--image-size",
        "64x48",
        "32x32",
        "--input-size",
        "image",
        "96x64",
        "--batch",
        "1",
        "4",
    ]
    arguments = parser.parse_args(["benchmark", *given])
    cases = list(list_cases(arguments, Device("cpu", "CPU", ("fp32", "bf16")), threads=3))
    assert len(cases) == len(set(cases)) == 16
    assert {case.input_size for case in cases if case.image_size == (32, 32)} == {
        (32, 32),
        (64, 96),
    }
    assert {(case.precision, case.batch) for case in cases} == {
        ("fp32", 1),
        ("fp32", 4),
        ("bf16", 1),
        ("bf16", 4),
    }
    assert all(case.threads == 3 for case in cases)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--device", "tpu"), "device is 'tpu'; wanted auto, cpu"),
        (("--classes", "mars"), "no class table 'mars'"),
        (("--weights", "none.pth"), "there is no weights file none.pth"),
        (("--frames", "nowhere"), "there is no nowhere"),
        (("-o", "/dev/null/out"), "cannot write into /dev/null/out"),
    ],
)
def test_what_cannot_be_done_is_said(
    capfd: pytest.CaptureFixture[str], more: tuple[str, ...], words: str
) -> None:
    command = ["benchmark", *TINY, *SHORT, "--peers", "lwrf_ros", *more]
    assert cli.main(command) == EXIT_USER_ERROR
    captured = capfd.readouterr()
    assert words in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    "more",
    [
        ("--image-size", "image"),
        ("--image-size", "640"),
        ("--peers", "caffe"),
        ("--batch", "0"),
        ("--seconds", "-1"),
        ("--precision", "int8"),
    ],
)
def test_wrong_values_are_refused(
    capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["benchmark", *more])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert "wanted" in error or "invalid choice" in error


def test_made_up_frames_are_the_same_every_time() -> None:
    first, again = make_frames(2, (48, 64)), make_frames(2, (48, 64))
    np.testing.assert_array_equal(first, again)
    assert first[0].shape == (48, 64, 3)
    assert first[0].dtype == np.uint8
    assert (first[0] != first[1]).any()
    assert first[0].std() > 20


def test_frames_of_a_recording(image_folder: Path) -> None:
    frames = read_frames(image_folder, None, 2, (24, 32))
    assert [frame.shape for frame in frames] == [(24, 32, 3)] * 2
    assert (frames[0] != frames[1]).any()


def test_steps_are_timed_in_the_words_of_the_plan(capfd: pytest.CaptureFixture[str]) -> None:
    command = ["benchmark", *TINY, "--steps", "--threads", "1", "--seconds", "0.01"]
    assert cli.main(command) == 0
    title, head, *lines, total, whole = capfd.readouterr().out.strip().splitlines()
    assert title.startswith("mobilenet_v2, network at ") and "threads: 1" in title
    assert head.split()[-3:] == ["ms", "GFLOP/s", "GB/s"]
    # 17 inverted residuals, of which each is one step.
    assert sum("depthwise 3x3" in line for line in lines) == 17
    milliseconds = [float(line.split()[-3]) for line in lines if "1x1" in line]
    assert sum(milliseconds) > 0
    assert f"total of {len(lines)} steps" in total
    assert whole.startswith("a whole pass takes ")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--device", "cuda"), "only the engine on a CPU"),
        (("--precision", "bf16"), "wanted --precision fp32"),
        (("-o", "out"), "leave -o out"),
    ],
)
def test_steps_of_something_else_are_refused(
    capfd: pytest.CaptureFixture[str], more: tuple[str, ...], words: str
) -> None:
    assert cli.main(["benchmark", *TINY, "--steps", *more]) == EXIT_USER_ERROR
    assert words in capfd.readouterr().err
