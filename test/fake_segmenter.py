# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Publishes made-up labels, overlay and coverage as the node would; run as a process of its own.

Arguments: number of frames, frames per second, width, height. Stamps are 0.1 s apart whatever the
rate is. The labels of frame k are the classes in vertical bands that move with k.
"""

from __future__ import annotations

import array
import sys
import time

import cv2
import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from lwrf_ros.classes.class_table import ClassTable

STAMP_STEP_NS = 100_000_000
# Age of the first stamp when it is sent.
AGE_NS = 10_000_000_000


def image(header: Header, encoding: str, pixels: np.ndarray) -> Image:
    data = array.array("B")
    data.frombytes(np.ascontiguousarray(pixels).tobytes())
    height, width = pixels.shape[:2]
    return Image(
        header=header,
        encoding=encoding,
        width=width,
        height=height,
        step=width * (pixels.shape[2] if pixels.ndim == 3 else 1),
        data=data,
    )


def main() -> None:
    frames, rate, width, height = (int(argument) for argument in sys.argv[1:5])
    base = sys.argv[5] if len(sys.argv) > 5 else "/segmenter"
    table = ClassTable.load("camvid")
    rclpy.init()
    node = rclpy.create_node("fake_segmenter")
    qos = QoSProfile(depth=50)
    publishers = {
        "labels": node.create_publisher(Image, f"{base}/labels", qos),
        "overlay": node.create_publisher(Image, f"{base}/overlay", qos),
        "coverage": node.create_publisher(DiagnosticArray, f"{base}/coverage", qos),
    }
    while any(publisher.get_subscription_count() == 0 for publisher in publishers.values()):
        time.sleep(0.02)
    start_ns = time.time_ns() - AGE_NS
    y, x = np.mgrid[:height, :width]
    photo = np.stack([x * 255 // width, y * 255 // height, 255 - x * 255 // width], axis=-1)
    for number in range(frames):
        # The last class stays away and the edge is unlabelled.
        labels = ((x + 4 * number + y // 3) * 3 // width % (len(table) - 1)).astype(np.uint8)
        labels[: height // 10] = 255
        colours = np.vstack([table.colours, np.zeros((245, 3), np.uint8)])[:256]
        overlay = cv2.addWeighted(colours[labels], 0.6, photo.astype(np.uint8), 0.4, 0.0)
        header = Header(frame_id="fake_optical_frame")
        stamp_ns = start_ns + number * STAMP_STEP_NS
        header.stamp.sec, header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
        counts = np.bincount(labels.reshape(-1), minlength=256) / labels.size
        status = DiagnosticStatus(name="fake", level=DiagnosticStatus.OK)
        status.values = [
            KeyValue(key=name, value=f"{counts[index]:.9g}")
            for index, name in enumerate(table.names)
        ] + [KeyValue(key="unlabelled", value=f"{counts[255]:.9g}")]
        publishers["labels"].publish(image(header, "mono8", labels))
        publishers["overlay"].publish(image(header, "rgb8", overlay))
        publishers["coverage"].publish(DiagnosticArray(header=header, status=[status]))
        time.sleep(1.0 / rate)
    # Reliable messages may still be on their way when the last one is handed over.
    for publisher in publishers.values():
        publisher.wait_for_all_acked()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
