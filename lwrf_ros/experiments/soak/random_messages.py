# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Image messages drawn at random: sound ones, and as no camera should send them."""

from __future__ import annotations

import math
import random
import struct
import zlib
from array import array
from functools import lru_cache

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from lwrf_ros.images.decoding import ENCODINGS

_U32 = 2**32 - 1
_SIDES = (0, 1, 2, 31, 33, 4096, 2**16, 2**25, 2**31, _U32)
_STEPS = (0, 1, 7, 2**16, 2**31, _U32)
_NUMBERS = ("32FC1", "32FC3", "64FC1", "16SC1", "16UC1", "32SC4")
_LONG = "x" * 5000
_NO_ENCODINGS = (
    "",
    " ",
    "RGB8",
    "rgb8 ",
    "rgb8\n",
    "h264",
    "%s%n",
    "nv",
    "bayer_",
    "\u20ac",
    _LONG,
)
_FRAME_IDS = ("", "/", "camera", "a b\n\t", "%s{0}", "../../etc", "\u043a\u0430 \U0001f4f7", "\x01")
_FORMATS = ("", "jpeg", "png", "rgb8; jpeg compressed bgr8", "16UC1; compressedDepth png", _LONG)
_STAMPS = ((0, 0), (-(2**31), 0), (2**31 - 1, _U32), (1, 10**9), (-1, _U32))
_MOST_SIDE = 48
_BYTES_A_PIXEL = 8


# Bytes a pixel of encodings in which any picture can be, with even sides.
_SOUND = {"rgb8": 3, "bgr8": 3, "mono8": 1, "bgra8": 4, "mono16": 2, "yuyv": 2, "bayer_rggb8": 1}


def sound_image(draw: random.Random, most_side_px: int) -> Image:
    """Draw an Image of any size and encoding, all right."""
    width, height = (2 * draw.randint(8, most_side_px // 2) for _ in range(2))
    encoding, size = draw.choice(tuple(_SOUND.items()))
    message = Image(width=width, height=height, encoding=encoding, step=width * size)
    message.data = array("B", draw.randbytes(1024) * (message.step * height // 1024 + 1))
    message.data = message.data[: message.step * height]
    return message


def sound_picture(draw: random.Random, most_side_px: int) -> CompressedImage:
    """Draw a CompressedImage, JPEG or PNG of any size, all right."""
    width, height = (draw.randint(16, most_side_px) for _ in range(2))
    kind = draw.choice(("jpg", "png"))
    pixels = np.full((height, width, 3), draw.randrange(256), np.uint8)
    data = cv2.imencode(f".{kind}", pixels)[1]
    return CompressedImage(format=kind, data=array("B", data.tobytes()))


def hostile_image(draw: random.Random) -> Image:
    """Draw an Image: a small one, mostly with something wrong about it."""
    width, height = draw.randint(1, _MOST_SIDE), draw.randint(1, _MOST_SIDE)
    step = width * draw.choice((1, 2, 3, 4, 6, _BYTES_A_PIXEL)) + draw.choice((0, 0, 0, 1, 13))
    rows = height * draw.choice((2, 2, 2, 3)) // 2
    message = Image(width=width, height=height, step=step, encoding=draw.choice(ENCODINGS))
    message.is_bigendian = draw.choice((0, 0, 1, 255))
    size = step * rows
    for wrong in draw.sample(("width", "height", "step", "encoding", "floats", "data"), 2):
        if draw.random() < 0.5:
            continue
        if wrong == "width":
            message.width = draw.choice(_SIDES)
        elif wrong == "height":
            message.height = draw.choice(_SIDES)
        elif wrong == "step":
            message.step = draw.choice((*_STEPS, max(0, step - 1), step + 1))
        elif wrong == "encoding":
            message.encoding = draw.choice(_NO_ENCODINGS)
        elif wrong == "floats":
            message.encoding = draw.choice(_NUMBERS)
        else:
            size = draw.choice((0, 1, max(0, size - 1), size + 1, size // 2, 2 * size))
    if message.encoding in _NUMBERS:
        content = struct.pack("<f", draw.choice((math.nan, math.inf, -math.inf, 1e38)))
    else:
        content = draw.getrandbits(64).to_bytes(8, "little")
    message.data = array("B", (content * (size // len(content) + 1))[:size])
    _spoil_header(message, draw)
    return message


def hostile_picture(draw: random.Random) -> CompressedImage:
    """Draw a CompressedImage: damaged, cut off, a bomb, no picture at all, or a sound one."""
    data = bytearray(draw.choice(_pictures()))
    kind = draw.randrange(8)
    if kind == 0:
        data = data[: draw.choice((0, draw.randrange(len(data))))]
    elif kind == 1:
        for _ in range(draw.randint(1, 20)):
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    elif kind == 2:
        data = bytearray(_claiming(bytes(data), draw.choice(_SIDES), draw.choice(_SIDES)))
    elif kind == 3:
        data = bytearray(draw.getrandbits(8 * 40).to_bytes(40, "little"))
    elif kind == 4:
        at, much = draw.randrange(len(data)), draw.randrange(200)
        data[at:at] = draw.choice((b"\xff", b"\0", b"\xff\xda", b"\xff\xfe\0\2")) * much
    elif kind == 5:
        data += draw.choice(_pictures())
    elif kind == 6:
        data = data[:2] + b"\xff\xfe\0\2" * draw.choice((3, 3000)) + data[2:]
    message = CompressedImage(format=draw.choice(_FORMATS), data=array("B", bytes(data)))
    _spoil_header(message, draw)
    return message


def _spoil_header(message: Image | CompressedImage, draw: random.Random) -> None:
    frame_id = draw.choice(_FRAME_IDS)
    message.header.frame_id = _LONG if draw.random() < 0.02 else frame_id
    message.header.stamp.sec, message.header.stamp.nanosec = draw.choice(_STAMPS)


@lru_cache(maxsize=1)
def _pictures() -> tuple[bytes, ...]:
    """Return small sound pictures: JPEG plain, progressive and grey, PNG with and without alpha."""
    values = np.random.default_rng(0).integers(0, 256, (24, 32, 4), dtype=np.uint8)
    progressive = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    encoded = (
        cv2.imencode(".jpg", values[..., :3])[1],
        cv2.imencode(".jpg", values[..., :3], progressive)[1],
        cv2.imencode(".jpg", values[..., 0])[1],
        cv2.imencode(".png", values)[1],
        cv2.imencode(".png", values[..., 0])[1],
    )
    return tuple(data.tobytes() for data in encoded)


def _claiming(data: bytes, width: int, height: int) -> bytes:
    """Return a picture whose header claims another size, with all sums right."""
    if data.startswith(b"\x89PNG"):
        header = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
        return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]
    at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    sides = struct.pack(">HH", min(height, 0xFFFF), min(width, 0xFFFF))
    return data[: at + 5] + sides + data[at + 9 :]
