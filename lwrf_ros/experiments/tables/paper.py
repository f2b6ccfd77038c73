# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The numbers of the paper, and nothing that was measured here.

V. Nekrasov, C. Shen, I. Reid: Light-Weight RefineNet for Real-Time Semantic Segmentation, BMVC
2018; Tables 1 to 3, the rows of the original RefineNet and of the light networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

# Of the runtimes in Table 2, and of the counts and of the frame rates in the abstract:
# height and width in pixels.
RUNTIME_SIZE = (468, 625)
COUNTED_SIZE = (512, 512)
# The counts are those of networks for PASCAL VOC.
COUNTED_CLASSES = 21

PARAMETERS_CLAIM = "more than 2 times fewer parameters (section 3.2)"
OPERATIONS_CLAIM = "more than 3 times fewer operations (section 3.2)"
RUNTIME_CLAIM = "about twice as fast (section 4)"


class Network(NamedTuple):
    """A network by the names that `build_network` takes."""

    backbone: str
    decoder: str

    @property
    def original(self) -> Network:
        """The original RefineNet on the same backbone."""
        return Network(self.backbone, "original")


class Score(NamedTuple):
    """A mean IoU of the paper.

    Attributes:
        percent: The mean IoU.
        multi_scale: Whether it is that of several scales (the paper's *msc*).
    """

    percent: float
    multi_scale: bool = False


class Runtime(NamedTuple):
    """Mean and standard deviation of 100 forward passes on a GTX 1080 Ti, milliseconds."""

    mean_ms: float
    std_ms: float


@dataclass(frozen=True)
class Row:
    """A network's row in the paper's tables; None where the paper gives no value.

    Attributes:
        title: What the table calls it.
        network: Which it is.
        parameters_m: Parameters in millions.
        operations_g: Floating point operations on 512x512 in thousands of millions.
        mean_iou: By data set: NYUDv2's and Person-Part's test sets, VOC's validation set.
        runtime: On 625x468.
        frames_per_s: On 512x512.
    """

    title: str
    network: Network
    parameters_m: float | None = None
    operations_g: float | None = None
    mean_iou: Mapping[str, Score] = field(default_factory=dict)
    runtime: Runtime | None = None
    frames_per_s: float | None = None


_R50, _R101, _R152 = "resnet50", "resnet101", "resnet152"
_ORIGINAL, _LIGHT = "original", "light_weight"

TABLE_1 = (
    Row("RefineNet-101", Network(_R101, _ORIGINAL), 118, 263),
    Row("RefineNet-101-LW-WITH-RCU", Network(_R101, "light_weight_rcu"), 54, 76),
    Row("RefineNet-101-LW", Network(_R101, _LIGHT), 46, 52),
)

# The frame rates are those of the abstract: "our fastest model … from 20 FPS to 55 FPS", "our
# slowest model with 32 FPS (from original 17 FPS)". Which originals have 20 and 17 follows.
TABLE_2 = (
    Row(
        "RefineNet-50",
        Network(_R50, _ORIGINAL),
        99,
        mean_iou={"nyu40": Score(42.5), "person_part": Score(65.7)},
        runtime=Runtime(54.18, 0.46),
        frames_per_s=20,
    ),
    Row(
        "RefineNet-101",
        Network(_R101, _ORIGINAL),
        118,
        mean_iou={"nyu40": Score(43.6), "person_part": Score(67.6)},
        runtime=Runtime(60.25, 0.53),
    ),
    Row(
        "RefineNet-152",
        Network(_R152, _ORIGINAL),
        134,
        mean_iou={"nyu40": Score(46.5, True), "person_part": Score(68.8, True)},
        runtime=Runtime(69.37, 0.78),
        frames_per_s=17,
    ),
    Row(
        "RefineNet-LW-50",
        Network(_R50, _LIGHT),
        27,
        mean_iou={"nyu40": Score(41.7), "person_part": Score(64.9)},
        runtime=Runtime(19.56, 0.29),
        frames_per_s=55,
    ),
    Row(
        "RefineNet-LW-101",
        Network(_R101, _LIGHT),
        46,
        mean_iou={"nyu40": Score(43.6), "person_part": Score(66.7)},
        runtime=Runtime(27.16, 0.19),
    ),
    Row(
        "RefineNet-LW-152",
        Network(_R152, _LIGHT),
        62,
        mean_iou={"nyu40": Score(44.4), "person_part": Score(67.6)},
        runtime=Runtime(35.82, 0.23),
        frames_per_s=32,
    ),
)

TABLE_3 = (
    Row("RefineNet-101", Network(_R101, _ORIGINAL), operations_g=263),
    Row("RefineNet-152", Network(_R152, _ORIGINAL), operations_g=283),
    Row(
        "RefineNet-LW-50",
        Network(_R50, _LIGHT),
        operations_g=33,
        mean_iou={"voc": Score(78.5)},
    ),
    Row(
        "RefineNet-LW-101",
        Network(_R101, _LIGHT),
        operations_g=52,
        mean_iou={"voc": Score(80.3)},
    ),
    Row(
        "RefineNet-LW-152",
        Network(_R152, _LIGHT),
        operations_g=71,
        mean_iou={"voc": Score(82.1)},
    ),
    Row(
        "RefineNet-LW-MobileNet-v2",
        Network("mobilenet_v2", _LIGHT),
        operations_g=9.3,
        mean_iou={"voc": Score(76.2)},
    ),
    Row(
        "RefineNet-LW-NASNet-Mobile",
        Network("nasnet_mobile", _LIGHT),
        operations_g=11.4,
        mean_iou={"voc": Score(77.4)},
    ),
)

TABLES: Mapping[int, tuple[Row, ...]] = {1: TABLE_1, 2: TABLE_2, 3: TABLE_3}
# By table: the data sets whose mean IoU it has.
SCORED: Mapping[int, tuple[str, ...]] = {1: (), 2: ("nyu40", "person_part"), 3: ("voc",)}
