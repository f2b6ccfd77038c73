# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The registry of networks, without torch: launch files read it to offer choices."""

from __future__ import annotations

from typing import NamedTuple


class Backbone(NamedTuple):
    """Where an encoder is made and which form of the decoder the published network has.

    Attributes:
        module: Module under `lwrf_ros.network.encoders`.
        factory: Function or class in it that makes the encoder.
        form: Key of `lwrf_ros.network.decoder.FORMS`.
    """

    module: str
    factory: str
    form: str


# A backbone is one line here and one file under network/encoders/.
BACKBONES = {
    "resnet50": Backbone("resnet", "resnet50", "resnet"),
    "resnet101": Backbone("resnet", "resnet101", "resnet"),
    "resnet152": Backbone("resnet", "resnet152", "resnet"),
    "mobilenet_v2": Backbone("mobilenet_v2", "MobileNetV2", "mobile"),
    "nasnet_mobile": Backbone("nasnet_mobile", "NASNetMobile", "mobile"),
}
DECODERS = ("light_weight", "light_weight_rcu", "original")
# What is meant where nobody says which.
DEFAULT_BACKBONE = "mobilenet_v2"
DEFAULT_DECODER = "light_weight"
