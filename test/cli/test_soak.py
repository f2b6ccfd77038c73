# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A short soak with real processes, and the judgement of what it found."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lwrf_ros.cli import main as cli
from lwrf_ros.experiments.soak import soak_run
from lwrf_ros.experiments.soak.random_messages import sound_image, sound_picture
from lwrf_ros.experiments.soak.samples import Growth, Sample, growths, take_sample, write_samples
from lwrf_ros.experiments.soak.soak_report import SoakReport
from lwrf_ros.experiments.soak.soak_run import SoakOptions, run_soak
from lwrf_ros.memory import give_back_freed_memory
from lwrf_ros.node.health.diagnostics import OUTCOMES
from lwrf_ros.node.input.image_messages import check, decode
from lwrf_ros.terminal.exit_codes import EXIT_USER_ERROR

GOOD: dict[str, Any] = {
    "seconds": 60.0,
    "growths": [Growth("memory MiB", 100.0, 110.0, 120.0), Growth("threads", 9.0, 9.0, 9.0)],
    "accounts": {
        "front": Counter({"received": 3, "processed": 2, "refused": 1, "refused.step": 1})
    },
    "checked": 60,
    "wrong": [],
    "faults": Counter({"deactivated": 2}),
    "exit_code": 0,
    "end_s": 0.5,
}


def test_a_few_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    report = run_soak(
        SoakOptions(
            seconds=4.0,
            cameras=2,
            seed=3,
            most_side_px=96,
            parameters={"weights": "random", "input_width": "64", "input_height": "64"},
            folder=tmp_path,
        )
    )
    assert report.wrong == []
    assert report.checked >= 4
    assert report.exit_code == 0
    assert report.faults.total() >= 1
    assert set(report.accounts) == {"camera0", "camera1"}
    for account in report.accounts.values():
        ends = sum(account[key] for key in (*OUTCOMES, "refused"))
        assert (account["received"], account["waiting"], account["failed"]) == (ends, 0, 0)
    assert sum(account["received"] for account in report.accounts.values()) > 0
    assert "the node holds" in str(report)


def test_what_it_says() -> None:
    report = SoakReport(**GOOD)
    assert report.problems == []
    text = str(report)
    assert "memory MiB           100.0     110.0     +10.0     120.0" in text
    assert "refused: step 1" in text
    assert "faults: deactivated 2" in text
    assert "60 s; 60 accounts added up, 0 wrong; the node ended with code 0 in 0.50 s" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"wrong": ["front: ..."]}, "an account does not add up: front"),
        ({"growths": [Growth("memory MiB", 100.0, 149.0, 150.0)]}, "memory MiB grew by 49.0"),
        ({"growths": [Growth("threads", 9.0, 14.0, 14.0)]}, "threads grew by 5.0"),
        ({"accounts": {"front": Counter(received=1, failed=1)}}, "front: 1 frames failed"),
        ({"exit_code": -11}, "ended with code -11; wanted 0"),
        ({"end_s": 2.5}, "took 2.5 s to end"),
    ],
)
def test_what_is_a_problem(change: dict[str, Any], words: str) -> None:
    report = SoakReport(**{**GOOD, **change})
    (problem,) = report.problems
    assert words in problem
    assert f"PROBLEM: {problem}" in str(report)


def test_growth_is_of_what_is_held_at_least(tmp_path: Path) -> None:
    samples = [Sample(900.0, 1, 1, 0.0, 0)] * 10
    # Up and down, and one look at a moment that is not the rule.
    samples += [Sample(100.0, 5, 7, 64.0, 2), Sample(200.0, 5, 7, 64.0, 2)] * 30
    samples += [Sample(130.0, 5, 9, 64.0, 2), Sample(220.0, 5, 9, 64.0, 2)] * 15
    samples[95] = Sample(1.0, 5, 9, 64.0, 2)
    memory, threads, descriptors, shared, files = growths(samples)
    assert (memory.begin, memory.end, memory.grown, memory.most) == (100.0, 130.0, 30.0, 900.0)
    assert (threads.grown, descriptors.grown, shared.grown, files.grown) == (0, 2, 0, 0)
    write_samples(samples, tmp_path / "samples.csv")
    lines = (tmp_path / "samples.csv").read_text().splitlines()
    assert lines[0] == "memory_mib,threads,descriptors,shared_mib,shared_files"
    assert (len(lines), lines[1]) == (101, "900.00,1.00,1.00,0.00,0.00")


def test_a_sample_of_this_process() -> None:
    # Memory that other tests have left would be taken again instead of new.
    give_back_freed_memory()
    before = take_sample(os.getpid())
    assert before.threads >= 1
    held = np.ones(64 * 2**20, np.uint8)
    with Path("/dev/null").open():
        after = take_sample(os.getpid())
    assert 60 <= after.memory_mib - before.memory_mib <= 80
    assert after.descriptors == before.descriptors + 1
    assert held.all()


def test_what_is_said_to_be_sound_is() -> None:
    draw = random.Random(0)
    for _ in range(50):
        for message in (sound_image(draw, 64), sound_picture(draw, 64)):
            check(message)
            assert decode(message).array.size


@pytest.mark.parametrize(("end_s", "code"), [(0.5, 0), (2.5, 3)])
def test_a_problem_is_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, end_s: float, code: int
) -> None:
    report = SoakReport(**{**GOOD, "end_s": end_s})
    monkeypatch.setattr(soak_run, "run_soak", lambda options: report)
    assert cli.main(["soak", "--logs", str(tmp_path)]) == code


def test_a_parameter_without_a_value_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["soak", "--parameter", "device=cpu"]) == EXIT_USER_ERROR
    assert "--parameter is 'device=cpu'; wanted NAME:=VALUE" in capsys.readouterr().err
