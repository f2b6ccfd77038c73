# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Figures by hand: what a run becomes as JSON, CSV, text and picture."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from lwrf_ros.experiments.benchmark import over_dds
from lwrf_ros.experiments.benchmark.benchmark_report import about_as_text, case_as_text
from lwrf_ros.experiments.benchmark.case import Setting
from lwrf_ros.experiments.benchmark.ceilings import Ceilings, measure_ceilings
from lwrf_ros.experiments.benchmark.contestant_process import Lap, Memory, Ready
from lwrf_ros.experiments.benchmark.plot import plot_benchmark
from lwrf_ros.experiments.benchmark.preparation import Prepared
from lwrf_ros.experiments.benchmark.records import as_json, write_csv
from lwrf_ros.experiments.benchmark.result import CaseResult, Outcome
from lwrf_ros.machine.about import cores, describe_machine

CEILINGS = Ceilings({"fp32": 100.0}, copy_gbs=1.0)


@pytest.fixture
def result(setting: Setting) -> CaseResult:
    """2 GFLOP a call, ours 40 ms, authors 80 ms, one peer 50 ms, one missing, one broken."""
    prepared = Prepared(setting, "made up", 10**9, 250_000, [], {"resize": 1.0})
    ready = Ready("as it likes", 3.0, 1.5)
    stages = {"preprocess": 4.0, "network": 32.0, "tail": 4.0}
    ours = [Lap(ms, stages) for ms in (38.0, 40.0, 42.0)]
    return CaseResult(
        prepared,
        [
            Outcome("lwrf_ros", "", False, ready, ours, 30.0, Memory(500.0, None), 1.0),
            Outcome("authors", "", False, ready, [Lap(80.0, {})], None, Memory(600.0, 70.0), 0.9),
            Outcome("onnxruntime", "", False, ready, [Lap(50.0, {})]),
            Outcome("openvino", "No module named 'openvino': pip install openvino"),
            Outcome("torch.compile", "Traceback\nRuntimeError: no luck", failed=True),
        ],
        CEILINGS,
        seconds=1.0,
    )


def test_fractions_and_ratios(result: CaseResult) -> None:
    tree = as_json({"date": "today"}, [result])
    json.dumps(tree, allow_nan=False)
    assert tree["date"] == "today"
    (case,) = tree["cases"]
    assert case["ceilings"] == {"gflops": {"fp32": 100.0}, "copy_gbs": 1.0, "link_gbs": None}
    assert case["gflop"] == 2.0
    # 2 GFLOP at 100 GFLOP/s; 48 x 64 pixels of 3 bytes and a label, a million bytes of weights.
    assert case["product_limit_ms"] == pytest.approx(20.0)
    assert case["copy_limit_ms"] == pytest.approx((4 * 48 * 64 + 1e6) / 1e6)
    ours, authors, peer, missing, broken = case["contestants"]
    assert (ours["p50_ms"], ours["calls"]) == (40.0, 3)
    assert ours["p99_ms"] == pytest.approx(42 - 0.02 * 2)
    assert ours["frames_per_s"] == pytest.approx(25.0)
    assert ours["ahead_frames_per_s"] == 30.0
    assert ours["of_product"] == pytest.approx(0.5)
    assert ours["network_of_product"] == pytest.approx(20 / 32)
    assert ours["of_copy"] == pytest.approx(case["copy_limit_ms"] / 40)
    assert (ours["start_up_s"], ours["configure_s"], ours["peak_memory_mib"]) == (3.0, 1.5, 500.0)
    assert (authors["times_ours"], peer["times_ours"]) == (2.0, 1.25)
    assert authors["peak_device_memory_mib"] == 70.0
    assert authors["network_of_product"] is None
    assert (missing["status"], missing["p50_ms"]) == ("unmeasured", None)
    assert missing["problem"].endswith("pip install openvino")
    assert broken["status"] == "failed"


def test_csv_has_a_row_for_each(result: CaseResult, tmp_path: Path) -> None:
    write_csv(tmp_path / "out.csv", [result, result])
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10
    ours, *_, missing, _ = rows[:5]
    assert (ours["contestant"], float(ours["p50_ms"])) == ("lwrf_ros", 40.0)
    assert (float(ours["network_ms"]), ours["copy_back_ms"]) == (32.0, "")
    assert (ours["image_width"], ours["input_height"], ours["batch"]) == ("64", "32", "1")
    assert (missing["status"], missing["p50_ms"]) == ("unmeasured", "")


def test_the_table_says_who_is_missing_and_who_is_faster(result: CaseResult) -> None:
    text = case_as_text(result)
    assert "mobilenet_v2, 64x48 in, network at 64x32, fp32 on cpu, batch 1" in text
    assert "lwrf_ros is 2.00 times as fast as authors" in text
    assert "lwrf_ros is 1.25 times as fast as onnxruntime, the fastest of the others" in text
    assert "openvino unmeasured: No module named 'openvino': pip install openvino" in text
    assert "torch.compile failed: RuntimeError: no luck" in text
    row = next(line for line in text.splitlines() if line.startswith("  lwrf_ros "))
    assert row.split()[1:6] == ["3", "40.0", "41.6", "42.0", "1.00"]
    assert "lwrf_ros: 30.0 frames/s when each call is submitted before" in text


def test_a_table_without_anybody(result: CaseResult) -> None:
    result.outcomes = result.outcomes[3:]
    text = case_as_text(result)
    assert "times as fast" not in text
    assert "openvino unmeasured" in text


def test_the_picture_is_drawn(result: CaseResult, tmp_path: Path) -> None:
    machine = {"device": "CPU", **describe_machine()}
    about = {"date": "today", "command": "lwrf benchmark", "machine": machine}
    words = about_as_text(about, CEILINGS)
    assert f"{cores()} cores" in words
    assert f"numpy {np.__version__}" in words
    assert "matrix product 100 GFLOP/s in fp32; copy 1.0 GB/s" in words
    plot_benchmark(tmp_path / "out.png", words, [result, result])
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


def test_ceilings_are_measured_and_the_better_is_kept() -> None:
    measured = measure_ceilings("cpu", ("fp32",), threads=1, seconds=0.01)
    assert measured.gflops["fp32"] > 0.1
    assert measured.copy_gbs > 0.1
    assert measured.link_gbs is None
    other = Ceilings({"fp32": 1e9}, 1e-9)
    assert measured.best(other) == Ceilings({"fp32": 1e9}, measured.copy_gbs)
    gpu = Ceilings({"fp16": 2.0}, 3.0, 4.0)
    assert gpu.best(CEILINGS) == Ceilings({"fp16": 2.0, "fp32": 100.0}, 3.0, 4.0)


def test_what_ros_adds_is_said() -> None:
    row = {
        "image_width": 640,
        "image_height": 480,
        "published": 200,
        "labels": 199,
        "lost": "superseded 1",
        "p50_ms": 104.2,
        "p99_ms": 120.0,
        "engine_p50_ms": 100.0,
        "in_p50_ms": 2.5,
        "out_p50_ms": 1.5,
        "ros_p50_ms": 4.0,
    }
    text = over_dds.as_text(row)
    assert "640x480: camera's stamp to labels p50 104.2 ms, p99 120.0 ms" in text
    assert "ROS adds 4.0 ms (in 2.5, out 1.5); 199 labels of 200 frames; lost: superseded 1" in text
