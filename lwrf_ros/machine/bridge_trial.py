# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Whether the installed cv_bridge works, found out where its breakage takes nothing down."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

# Built for NumPy 1 it can end the whole process under NumPy 2, so it is tried in another.
_TRIAL = """
from cv_bridge import CvBridge
from sensor_msgs.msg import Image
image = Image(width=2, height=1, step=8, encoding="bgra8")
image.data = bytes([1, 2, 3, 255, 4, 5, 6, 255])
rgb = CvBridge().imgmsg_to_cv2(image, "rgb8")
raise SystemExit(rgb.tolist() != [[[3, 2, 1], [6, 5, 4]]])
"""
_TRIAL_LIMIT_S = 30.0


def bridge_works() -> bool:
    """Tell whether cv_bridge is installed and gives the right pixels."""
    if importlib.util.find_spec("cv_bridge") is None:
        return False
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TRIAL], capture_output=True, timeout=_TRIAL_LIMIT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
