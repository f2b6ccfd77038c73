# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A plan prints itself, and what its steps cost is what can be counted by hand."""

from __future__ import annotations

from torch import nn

from lwrf_ros.segmentation.cpu.planning.costs import Cost, cost
from lwrf_ros.segmentation.cpu.planning.graph import plan_network
from lwrf_ros.segmentation.cpu.planning.plan import Plan
from lwrf_ros.segmentation.cpu.planning.plan_table import table


def plan() -> Plan:
    network = nn.Sequential(nn.Conv2d(3, 32, 3, 2, 1), nn.ReLU6(), nn.Conv2d(32, 48, 3, padding=1))
    return plan_network(network, (40, 56))[0]


def test_costs_by_hand() -> None:
    image, first, second, logits = (cost(step) for step in plan().steps)
    plane = 40 * 56 * 4
    assert image == Cost(3 * plane, 3 * plane, 0)
    # The image's map has four channels.
    read = 4 * plane + 9 * 4 * 32 * 4 + 32 * 4
    assert first == Cost(read, 20 * 28 * 32 * 4, 20 * 28 * 32 * 9 * 4)
    # 10 x 14 tiles of 16 elements, and weights for each of these.
    read = 20 * 28 * 32 * 4 + 16 * 32 * 48 * 4 + 48 * 4
    assert second == Cost(read, 20 * 28 * 48 * 4, 140 * 16 * 32 * 48)
    assert logits == Cost(20 * 28 * 48 * 4 + 48 * 4, 20 * 28 * 48 * 4, 0)


def test_a_line_for_each_step_and_the_totals() -> None:
    head, *lines, total = str(plan()).splitlines()
    assert head.split("  ")[0] == "step"
    assert [line.split()[0] for line in lines] == ["0", "1", "2", "3"]
    assert "3x3/2, clamp 0..6" in lines[1]
    assert "40x56x4" in lines[1] and "20x28x32" in lines[1]
    assert "3x3 Winograd" in lines[2]
    assert lines[3].split()[-5:] == ["20x28x48", "48x20x28", "107.7", "107.5", "0.000"]
    # 645 120 and 3 440 640.
    assert lines[1].endswith("0.645") and lines[2].endswith("3.441")
    assert total.startswith("      total of 4 steps") and total.endswith("4.086")


def test_times_become_rates() -> None:
    lines = table(plan().steps, 2, [1e-3, 1e-3, 2e-3, 1e-3]).splitlines()
    assert lines[0].endswith("GB/s")
    # 2 * 3.440640e6 operations in 2 ms; 170 176 + 107 520 bytes.
    assert lines[3].split()[-3:] == ["2.000", "3.4", "0.1"]
    # Nothing is multiplied there.
    assert lines[1].split()[-2:] == ["1.000", "0.1"]
    assert "5.000" in lines[-1]
