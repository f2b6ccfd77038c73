# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The file with every parameter, its description and its default, as users copy it.

After a change of `Parameters`, from the root of the repository:
``python -m lwrf_ros.configuration.parameter_file > config/segmenter.yaml``.
"""

from __future__ import annotations

import json
import textwrap

from lwrf_ros.configuration.parameters import FIELDS

_HEAD = """\
# Every parameter of the segmentation node with its default. Copy this file, change what you need,
# and give it to the launch file as params_file:=FILE, or to the executable as --params-file FILE.
# `ros2 param describe /segmenter NAME` says the same of a running node.
/**:
  ros__parameters:
"""
# A new backbone is a line in the registry and no change of this file.
_ALLOWED = {
    "backbone": "one of those that `ros2 launch lwrf_ros segment.launch.py --show-args` lists: "
    "resnet50, mobilenet_v2, nasnet_mobile and more"
}
_WIDTH = 100
_INDENT = "    "


def parameter_file() -> str:
    """Return the text of config/segmenter.yaml."""
    return _HEAD + "\n".join(_entry(name) for name in FIELDS)


def _entry(name: str) -> str:
    default, metadata = FIELDS[name].default, FIELDS[name].metadata
    words = f"{metadata['description']} Wanted: {_ALLOWED.get(name, metadata['allowed'])}."
    if metadata["live"]:
        words += " Takes effect on the next frame when set on a running node."
    lines = textwrap.wrap(
        words,
        width=_WIDTH,
        initial_indent=f"{_INDENT}# ",
        subsequent_indent=f"{_INDENT}# ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    value = json.dumps(list(default) if isinstance(default, tuple) else default)
    return "\n".join([*lines, f"{_INDENT}{name}: {value}", ""])


if __name__ == "__main__":
    print(parameter_file(), end="")
