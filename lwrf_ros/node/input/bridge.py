# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""cv_bridge where it is installed and works; its breakage must never take the node down."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image

from lwrf_ros.machine.bridge_trial import bridge_works


@lru_cache(maxsize=1)
def working_bridge() -> Any | None:
    """Return a CvBridge, None where it is not installed or does not work. The first call tries."""
    if not bridge_works():
        return None
    try:
        from cv_bridge import CvBridge  # an optional dependency, imported once it is known to work

        return CvBridge()
    except Exception:
        # What worked in the trial does not here; OpenCV serves as well.
        return None


def convert(message: Image, target: str) -> NDArray[np.uint8] | None:
    """Convert an image message by cv_bridge.

    Args:
        message: A checked image message.
        target: rgb8, bgr8 or mono8.

    Returns:
        ``(H, W, 3)`` or ``(H, W)`` uint8, None where cv_bridge is not there or does not know the
        encoding: the caller's own table serves then, with the same result.
    """
    bridge = working_bridge()
    if bridge is None:
        return None
    try:
        array = bridge.imgmsg_to_cv2(message, target)
    except Exception:
        # CvBridgeError, but also AttributeError (big-endian under NumPy 2) and cv2.error.
        return None
    expected = (message.height, message.width) + ((3,) if target != "mono8" else ())
    return array if array.shape == expected and array.dtype == np.uint8 else None
