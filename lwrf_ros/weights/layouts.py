# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Names of parameters in other people's checkpoints, translated to this project's."""

from __future__ import annotations

import re
from collections.abc import Iterable

# The first rule that matches the whole name is taken. In a replacement {k} stands for the k-th
# captured group, {k-n} for its number less n, and {n-#k} for n less its number: the authors count
# stages from 1, and the levels of the MobileNet-v2 form from the shallowest.
_RESNET_ENCODER = (
    (r"conv1\.(.+)", "encoder.stem.conv.{1}"),
    (r"bn1\.(.+)", "encoder.stem.norm.{1}"),
    (r"layer(\d)\.(\d+)\.conv1\.(.+)", "encoder.stages.{1-1}.{2}.reduce.conv.{3}"),
    (r"layer(\d)\.(\d+)\.conv2\.(.+)", "encoder.stages.{1-1}.{2}.spatial.conv.{3}"),
    (r"layer(\d)\.(\d+)\.conv3\.(.+)", "encoder.stages.{1-1}.{2}.expand.conv.{3}"),
    (r"layer(\d)\.(\d+)\.bn1\.(.+)", "encoder.stages.{1-1}.{2}.reduce.norm.{3}"),
    (r"layer(\d)\.(\d+)\.bn2\.(.+)", "encoder.stages.{1-1}.{2}.spatial.norm.{3}"),
    (r"layer(\d)\.(\d+)\.bn3\.(.+)", "encoder.stages.{1-1}.{2}.expand.norm.{3}"),
    (r"layer(\d)\.(\d+)\.downsample\.0\.(.+)", "encoder.stages.{1-1}.{2}.shortcut.conv.{3}"),
    (r"layer(\d)\.(\d+)\.downsample\.1\.(.+)", "encoder.stages.{1-1}.{2}.shortcut.norm.{3}"),
)
# Both forms, the light-weight and the original one with its residual units.
_RESNET_DECODER = (
    (r"p_ims1d2_outl([1-4])_dimred\.(.+)", "decoder.levels.{1-1}.reduce.0.{2}"),
    (r"adapt_stage([2-4])_b2_joint_varout_dimred\.(.+)", "decoder.levels.{1-1}.adapt.{2}"),
    (
        r"adapt_stage([1-4])_b\.0\.([12])_conv\.(.+)",
        "decoder.levels.{1-1}.rcus_in.{2-1}.first.{3}",
    ),
    (
        r"adapt_stage([1-4])_b\.0\.([12])_conv_relu_varout_dimred\.(.+)",
        "decoder.levels.{1-1}.rcus_in.{2-1}.last.{3}",
    ),
    (
        r"mflow_conv_g([1-4])_b\.0\.([1-3])_conv\.(.+)",
        "decoder.levels.{1-1}.rcus_out.{2-1}.first.{3}",
    ),
    (
        r"mflow_conv_g([1-4])_b\.0\.([1-3])_conv_relu_varout_dimred\.(.+)",
        "decoder.levels.{1-1}.rcus_out.{2-1}.last.{3}",
    ),
    (
        r"mflow_conv_g([1-4])_pool\.0\.([1-4])_outvar_dimred\.(.+)",
        "decoder.levels.{1-1}.crp.stages.{2-1}.{3}",
    ),
    (r"mflow_conv_g([1-3])_b3_joint_varout_dimred\.(.+)", "decoder.levels.{1-1}.project.{2}"),
    (r"clf_conv\.(.+)", "classifier.{1}"),
)

_MOBILENET_V2_ENCODER = (
    (r"layer1\.0\.(.+)", "encoder.stem.conv.{1}"),
    (r"layer1\.1\.(.+)", "encoder.stem.norm.{1}"),
    (r"layer([2-8])\.(\d+)\.output\.0\.0\.(.+)", "encoder.stages.{1-2}.{2}.expand.conv.{3}"),
    (r"layer([2-8])\.(\d+)\.output\.0\.1\.(.+)", "encoder.stages.{1-2}.{2}.expand.norm.{3}"),
    (r"layer([2-8])\.(\d+)\.output\.1\.0\.(.+)", "encoder.stages.{1-2}.{2}.depthwise.conv.{3}"),
    (r"layer([2-8])\.(\d+)\.output\.1\.1\.(.+)", "encoder.stages.{1-2}.{2}.depthwise.norm.{3}"),
    (r"layer([2-8])\.(\d+)\.output\.2\.0\.(.+)", "encoder.stages.{1-2}.{2}.project.conv.{3}"),
    (r"layer([2-8])\.(\d+)\.output\.2\.1\.(.+)", "encoder.stages.{1-2}.{2}.project.norm.{3}"),
)
_MOBILENET_V2_DECODER = (
    (r"conv8\.(.+)", "decoder.levels.0.reduce.0.{1}"),
    (r"conv7\.(.+)", "decoder.levels.0.reduce.1.{1}"),
    (r"conv6\.(.+)", "decoder.levels.1.reduce.0.{1}"),
    (r"conv5\.(.+)", "decoder.levels.1.reduce.1.{1}"),
    (r"conv4\.(.+)", "decoder.levels.2.reduce.0.{1}"),
    (r"conv3\.(.+)", "decoder.levels.3.reduce.0.{1}"),
    (r"crp([1-4])\.0\.([1-4])_outvar_dimred\.(.+)", "decoder.levels.{4-#1}.crp.stages.{2-1}.{3}"),
    (r"conv_adapt([2-4])\.(.+)", "decoder.levels.{4-#1}.project.{2}"),
    (r"segm\.(.+)", "classifier.{1}"),
)

_REFERENCE_RULES = {
    "resnet50": _RESNET_ENCODER + _RESNET_DECODER,
    "resnet101": _RESNET_ENCODER + _RESNET_DECODER,
    "resnet152": _RESNET_ENCODER + _RESNET_DECODER,
    "mobilenet_v2": _MOBILENET_V2_ENCODER + _MOBILENET_V2_DECODER,
}
_OWN_PREFIXES = ("encoder.", "decoder.", "classifier.")
_PLACEHOLDER = re.compile(r"\{(?:(\d)-#)?(\d)(?:-(\d))?\}")


def is_own_layout(names: Iterable[str]) -> bool:
    """Tell whether parameter names are of this project's layout."""
    return any(name.startswith(_OWN_PREFIXES) for name in names)


def from_reference(name: str, backbone: str) -> str | None:
    """Translate a parameter's name in the authors' checkpoint of a backbone.

    Args:
        name: Name in the authors' checkpoint, without wrappers.
        backbone: Backbone of the network that is to be loaded.

    Returns:
        The name in this project's layout, or None where the authors' network of this backbone
        has no such parameter.
    """
    for pattern, replacement in _REFERENCE_RULES.get(backbone, ()):
        match = re.fullmatch(pattern, name)
        if match:
            return _fill(replacement, match)
    return None


def _fill(replacement: str, match: re.Match[str]) -> str:
    def value(placeholder: re.Match[str]) -> str:
        minuend, group, subtrahend = placeholder.groups()
        text = match[int(group)]
        if minuend:
            return str(int(minuend) - int(text))
        return str(int(text) - int(subtrahend)) if subtrahend else text

    return _PLACEHOLDER.sub(value, replacement)
