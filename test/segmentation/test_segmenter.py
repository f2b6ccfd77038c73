# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The engine's results: against the oracle and by hand, and what it refuses."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from oracle import BLUE, GREEN, RED, StrongestChannel, class_table, label, painted
from reference import camera_image, filled, mobile_shapes
from torch import Tensor

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.errors import LwrfError
from lwrf_ros.network import RefineNet, build_network
from lwrf_ros.segmentation import DeviceError, ImageError, OutOfMemoryError, Segmenter
from lwrf_ros.segmentation.segmenter import ScoresError
from lwrf_ros.weights.checkpoint import load_weights, save_weights

CLASSES = 5
EVERYTHING = ("labels", "confidence", "coverage")


@pytest.fixture(scope="module")
def network() -> RefineNet:
    network = build_network("mobilenet_v2", CLASSES)
    load_weights(network, filled(mobile_shapes(CLASSES)))
    return network


@pytest.fixture(scope="module")
def real(network: RefineNet) -> Segmenter:
    return Segmenter(network, class_table(CLASSES), device="cpu", input_size="image")


def simple(**options: Any) -> Segmenter:
    return Segmenter(StrongestChannel(), class_table(3), device="cpu", **options)


# ---- scores that are no numbers


class BrokenOnRed(StrongestChannel):
    """Gives NaN where red is strongest, so for no image without red."""

    def forward(self, image: Tensor) -> Tensor:
        scores = super().forward(image)
        is_red = scores[:, :1] > scores[:, 1:].amax(dim=1, keepdim=True)
        return torch.where(is_red, float("nan"), scores)


def test_a_part_without_scores_is_unlabelled_and_told() -> None:
    segmenter = Segmenter(BrokenOnRed(), class_table(3), device="cpu")
    assert segmenter.segment([painted(GREEN, BLUE)])[0].sound
    (result,) = segmenter.segment([painted(GREEN, RED)], outputs=EVERYTHING)
    # The stripe of 32 pixels, and those between its first score and the one before.
    assert set(result.labels[:, :28].ravel()) == {1}
    assert set(result.labels[:, 32:].ravel()) == {255}
    assert not result.sound
    assert result.unlabelled >= 0.5
    assert result.coverage.sum() + result.unlabelled == pytest.approx(1)


@pytest.mark.parametrize("input_size", [(64, 64), None])
def test_warming_up_refuses_a_network_whose_scores_are_no_numbers(
    network: RefineNet, input_size: tuple[int, int] | None
) -> None:
    broken = copy.deepcopy(network)
    with torch.no_grad():
        next(broken.parameters()).fill_(float("nan"))
    segmenter = Segmenter(broken, class_table(CLASSES), device="cpu", input_size=input_size)
    with pytest.raises(ScoresError, match=r"are no numbers \(NaN or infinity\) in fp32: its"):
        # As the node does: without a size there is nothing to warm up yet.
        segmenter.warm_up()
        segmenter.try_out()


def test_weights_beyond_fp16_are_refused_in_fp16_and_run_in_fp32(network: RefineNet) -> None:
    large = copy.deepcopy(network)
    with torch.no_grad():
        # Logits in the hundred thousands, where fp16 ends at 65504.
        list(large.parameters())[-1].fill_(2e5)
    made = {p: Segmenter(large, class_table(CLASSES), "cpu", p, (64, 64)) for p in ("fp32", "fp16")}
    assert made["fp32"].warm_up()
    with pytest.raises(ScoresError, match="out of the range of fp16; use precision fp32 or other"):
        made["fp16"].warm_up()


# ---- against the oracle


@pytest.mark.parametrize("size", [(64, 96), (61, 83), (32, 33)])
def test_labels_and_confidence_at_the_images_own_size(
    real: Segmenter, network: RefineNet, size: tuple[int, int]
) -> None:
    image = camera_image(*size)
    wanted = label(network, image)
    assert len(np.unique(wanted.labels)) > 1  # or nothing is shown
    assert wanted.sure.mean() > 0.98
    (result,) = real.segment([image], outputs=EVERYTHING)
    np.testing.assert_array_equal(result.labels[wanted.sure], wanted.labels[wanted.sure])
    assert np.abs(result.confidence - 255 * wanted.probability).max() <= 0.51


@pytest.mark.parametrize("size", [(48, 64), (90, 70), (32, 200)])
def test_another_input_size(network: RefineNet, size: tuple[int, int]) -> None:
    segmenter = Segmenter(network, class_table(CLASSES), device="cpu", input_size=size)
    image = camera_image(61, 83)
    wanted = label(network, image, size)
    (result,) = segmenter.segment([image], outputs=EVERYTHING)
    assert result.labels.shape == (61, 83)
    assert wanted.sure.mean() > 0.98
    agree = result.labels == wanted.labels
    assert agree[wanted.sure].mean() > 0.999
    assert np.abs(result.confidence - 255 * wanted.probability).max() <= 1


def test_bf16_on_the_cpu_is_close(network: RefineNet, real: Segmenter) -> None:
    segmenter = Segmenter(
        network, class_table(CLASSES), device="cpu", precision="bf16", input_size="image"
    )
    assert segmenter.precision == "bf16"
    image = camera_image(64, 96)
    (coarse,), (fine,) = segmenter.segment([image]), real.segment([image])
    assert (coarse.labels == fine.labels).mean() > 0.9


# ---- by hand


def test_stripes_by_hand() -> None:
    image = painted(RED, GREEN, BLUE, RED)
    (result,) = simple().segment([image], outputs=EVERYTHING)
    assert result.labels.dtype == np.uint8
    assert result.labels.tolist() == [[0] * 32 + [1] * 32 + [2] * 32 + [0] * 32] * 40
    assert result.coverage.dtype == np.float64
    assert result.coverage.tolist() == [0.5, 0.25, 0.25]
    assert result.unlabelled == 0.0
    # Far from the edges a colour is alone in its cells.
    assert set(result.confidence[:, 8:24].ravel()) == {StrongestChannel.pure_confidence}


def test_confidence_is_none_unless_asked_for() -> None:
    (result,) = simple().segment([painted(RED)])
    assert result.confidence is None
    (result,) = simple().segment([painted(RED)], outputs=["confidence"])
    assert result.labels is None
    assert set(result.confidence.ravel()) == {StrongestChannel.pure_confidence}
    assert result.coverage.tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("outputs", [(), ("coverage",), {"coverage"}])
def test_coverage_is_always_there(outputs: Any) -> None:
    (result,) = simple().segment([painted(GREEN)], outputs=outputs)
    assert (result.labels, result.confidence) == (None, None)
    assert result.coverage.tolist() == [0.0, 1.0, 0.0]


def test_pixels_below_the_threshold_are_unlabelled() -> None:
    # Grey has three equal logits: 1/3 each. Red has 3/4.
    image = painted(RED, (128, 128, 128), RED, RED)
    (result,) = simple().segment([image], outputs=EVERYTHING, min_confidence=0.5)
    assert set(result.labels[:, 40:56].ravel()) == {255}
    assert set(result.labels[:, :24].ravel()) == {0}
    histogram = np.bincount(result.labels.ravel(), minlength=256) / result.labels.size
    np.testing.assert_array_equal(result.coverage, histogram[:3])
    assert result.unlabelled == histogram[255] > 0.125
    assert result.coverage.sum() + result.unlabelled == 1.0
    assert set(result.confidence[:, 44:52].ravel()) == {85}


@pytest.mark.parametrize(
    ("temperature", "pure", "grey"),
    # Odds of 6 : 1 : 1 for a pure colour: their roots give 0.5505, their squares 36 / 38.
    [(2.0, 140, 85), (0.5, 242, 85)],
)
def test_the_temperature_by_hand(temperature: float, pure: int, grey: int) -> None:
    network = StrongestChannel()
    network.temperature = temperature
    image = painted(RED, GREEN, (128, 128, 128), BLUE)
    (result,) = Segmenter(network, class_table(3), "cpu").segment([image], outputs=EVERYTHING)
    (plain,) = simple().segment([image])
    np.testing.assert_array_equal(result.labels, plain.labels)
    assert result.coverage.tolist() == plain.coverage.tolist()
    assert set(result.confidence[:, 8:24].ravel()) == {pure}
    assert set(result.confidence[:, 76:84].ravel()) == {grey}


@pytest.mark.parametrize(("temperature", "kept"), [(1.0, True), (2.0, False), (0.5, True)])
def test_the_threshold_is_one_of_the_scaled_probability(temperature: float, kept: bool) -> None:
    network = StrongestChannel()
    network.temperature = temperature
    segmenter = Segmenter(network, class_table(3), "cpu")
    (result,) = segmenter.segment([painted(RED)], min_confidence=0.6)
    assert set(result.labels.ravel()) == ({0} if kept else {255})
    assert result.unlabelled == (not kept)


def test_the_temperature_travels_with_the_weights(network: RefineNet, tmp_path: Path) -> None:
    warm, loaded = (build_network("mobilenet_v2", CLASSES) for _ in range(2))
    warm.load_state_dict(network.state_dict())
    warm.temperature = 2.0
    save_weights(warm, tmp_path / "w.safetensors")
    load_weights(loaded, tmp_path / "w.safetensors")
    image = camera_image(40, 52)
    segmenters = [
        Segmenter(one, class_table(CLASSES), "cpu", input_size="image") for one in (warm, loaded)
    ]
    wanted, got = (one.segment([image], outputs=EVERYTHING)[0] for one in segmenters)
    np.testing.assert_array_equal(got.confidence, wanted.confidence)
    # Odds are the roots of what they were: no class is as probable as before.
    (plain,) = Segmenter(network, class_table(CLASSES), "cpu").segment([image], outputs=EVERYTHING)
    np.testing.assert_array_equal(got.labels, plain.labels)
    assert (got.confidence < plain.confidence).all()


def test_a_later_change_of_the_temperature_does_not_reach_it(network: RefineNet) -> None:
    own = build_network("mobilenet_v2", CLASSES)
    segmenter = Segmenter(own, class_table(CLASSES), "cpu", input_size="image")
    (before,) = segmenter.segment([camera_image(40, 52)], outputs=EVERYTHING)
    own.temperature = 5.0
    (after,) = segmenter.segment([camera_image(40, 52)], outputs=EVERYTHING)
    np.testing.assert_array_equal(before.confidence, after.confidence)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.36, 1.0])
def test_coverage_is_the_histogram_of_the_labels(real: Segmenter, threshold: float) -> None:
    (result,) = real.segment([camera_image(45, 61)], min_confidence=threshold)
    histogram = np.bincount(result.labels.ravel(), minlength=256) / (45 * 61)
    np.testing.assert_allclose(result.coverage, histogram[:CLASSES], rtol=0, atol=1e-15)
    assert result.unlabelled == pytest.approx(histogram[255], abs=1e-15)
    assert result.coverage.sum() + result.unlabelled == pytest.approx(1.0, abs=1e-12)


# ---- what an image may be


@pytest.mark.parametrize("encoding", ["rgb8", "bgr8"])
def test_channel_orders(encoding: str) -> None:
    image = painted(RED, GREEN, BLUE, BLUE)
    if encoding == "bgr8":
        image = np.ascontiguousarray(image[:, :, ::-1])
    (result,) = simple().segment([image], encoding=encoding)
    assert result.coverage.tolist() == [0.25, 0.25, 0.5]


def test_bgr8_and_rgb8_agree_on_noise(real: Segmenter) -> None:
    image = camera_image(40, 52)
    (rgb,) = real.segment([image], "rgb8", EVERYTHING)
    (bgr,) = real.segment([np.ascontiguousarray(image[:, :, ::-1])], "bgr8", EVERYTHING)
    np.testing.assert_array_equal(rgb.labels, bgr.labels)
    np.testing.assert_array_equal(rgb.confidence, bgr.confidence)


@pytest.mark.parametrize("shape", [(40, 52), (40, 52, 1)])
def test_mono8_is_grey(real: Segmenter, shape: tuple[int, ...]) -> None:
    grey = camera_image(40, 52)[:, :, 0]
    (mono,) = real.segment([grey.reshape(shape)], "mono8", EVERYTHING)
    (rgb,) = real.segment([np.repeat(grey[:, :, None], 3, axis=2)], "rgb8", EVERYTHING)
    np.testing.assert_array_equal(mono.labels, rgb.labels)
    np.testing.assert_array_equal(mono.confidence, rgb.confidence)


def padded(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width, _ = image.shape
    rows = np.full((height, width * 3 + 13), 99, dtype=np.uint8)
    rows[:, : width * 3] = image.reshape(height, -1)
    return rows[:, : width * 3].reshape(height, width, 3)


def frozen(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.frombuffer(image.tobytes(), dtype=np.uint8).reshape(image.shape)


LAYOUTS: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "padded rows": padded,
    "read-only": frozen,
    "every second pixel": lambda image: np.repeat(np.repeat(image, 2, 0), 2, 1)[::2, ::2],
    "turned by 180 degrees": lambda image: np.ascontiguousarray(image[::-1, ::-1])[::-1, ::-1],
    "column by column": np.asfortranarray,
    "channels first": lambda image: np.ascontiguousarray(image.transpose(2, 0, 1)).transpose(
        1, 2, 0
    ),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(real: Segmenter, layout: str) -> None:
    image = camera_image(40, 52)
    view = LAYOUTS[layout](image)
    np.testing.assert_array_equal(view, image)
    (wanted,), (got,) = real.segment([image]), real.segment([view])
    np.testing.assert_array_equal(got.labels, wanted.labels)
    np.testing.assert_array_equal(view, image)  # it was only read


def test_unequal_sizes_in_one_call_keep_their_order(real: Segmenter) -> None:
    sizes = [(40, 52), (33, 70), (40, 52), (64, 32), (40, 52)]
    images = [np.roll(camera_image(*size), k, axis=0) for k, size in enumerate(sizes)]
    together = real.segment(images, outputs=EVERYTHING)
    assert [result.labels.shape for result in together] == sizes
    for image, result in zip(images, together, strict=True):
        (alone,) = real.segment([image], outputs=EVERYTHING)
        np.testing.assert_array_equal(result.labels, alone.labels)
        np.testing.assert_array_equal(result.confidence, alone.confidence)
        np.testing.assert_array_equal(result.coverage, alone.coverage)


def test_no_images_give_no_results(real: Segmenter) -> None:
    assert real.segment([]) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 200, 3), (3, 2, 3), (31, 31, 3)])
def test_tiny_images_with_an_input_size(shape: tuple[int, ...]) -> None:
    image = np.zeros(shape, dtype=np.uint8)
    image[:, :, 1] = 255
    (result,) = simple(input_size=(32, 32)).segment([image], outputs=EVERYTHING)
    assert result.labels.shape == shape[:2]
    assert set(result.labels.ravel()) == {1}
    assert result.coverage.tolist() == [0.0, 1.0, 0.0]


def test_the_smallest_image_without_an_input_size(real: Segmenter) -> None:
    (result,) = real.segment([camera_image(32, 32)])
    assert result.labels.shape == (32, 32)
    for shape in ((31, 32, 3), (32, 31, 3)):
        with pytest.raises(ImageError, match=f"{shape[1]}x{shape[0]}.*32x32: give an input size"):
            real.segment([np.zeros(shape, dtype=np.uint8)])


@pytest.mark.parametrize(
    ("image", "encoding", "got"),
    [
        (np.zeros((40, 40, 3), np.float32), "rgb8", r"\(40, 40, 3\) float32"),
        (np.zeros((40, 40, 3), np.int8), "rgb8", "int8"),
        (np.zeros((40, 40, 3), np.uint16), "bgr8", "uint16"),
        (np.zeros((40, 40), np.uint8), "rgb8", r"\(40, 40\) uint8; wanted \(H, W, 3\)"),
        (np.zeros((40, 40, 4), np.uint8), "rgb8", r"\(40, 40, 4\)"),
        (np.zeros((40, 40, 3), np.uint8), "mono8", r"\(40, 40, 3\) uint8; wanted \(H, W, 1\)"),
        (np.zeros((1, 40, 40, 3), np.uint8), "rgb8", r"\(1, 40, 40, 3\)"),
        (np.zeros((0, 40, 3), np.uint8), "rgb8", r"\(0, 40, 3\)"),
        (np.zeros((40, 0), np.uint8), "mono8", r"\(40, 0"),
        ([[1, 2], [3, 4]], "rgb8", "list"),
        (None, "mono8", "NoneType"),
        (torch.zeros(40, 40, 3, dtype=torch.uint8), "rgb8", "Tensor"),
    ],
)
def test_images_that_are_none(real: Segmenter, image: Any, encoding: str, got: str) -> None:
    with pytest.raises(ImageError, match=f"an image is .*{got}"):
        real.segment([camera_image(40, 40)[:, :, 0], image][-1:], encoding)


@pytest.mark.parametrize("encoding", ["rgba8", "RGB8", "", "16UC1"])
def test_unknown_encodings(real: Segmenter, encoding: str) -> None:
    with pytest.raises(ImageError, match=f"encoding is '{encoding}'; wanted .*rgb8, bgr8, mono8"):
        real.segment([camera_image(40, 40)], encoding)


@pytest.mark.parametrize("outputs", [["overlay"], ["labels", "heat"], "labels"])
def test_unknown_outputs(real: Segmenter, outputs: Any) -> None:
    with pytest.raises(ImageError, match="wanted some of labels, confidence, coverage"):
        real.segment([camera_image(40, 40)], outputs=outputs)


@pytest.mark.parametrize("threshold", [-0.01, 1.01, float("nan"), float("inf")])
def test_thresholds_out_of_range(real: Segmenter, threshold: float) -> None:
    with pytest.raises(ImageError, match=r"min_confidence is .*; wanted 0 to 1"):
        real.segment([camera_image(40, 40)], min_confidence=threshold)


def test_one_bad_image_spoils_the_call_but_not_the_segmenter(real: Segmenter) -> None:
    image = camera_image(40, 52)
    (before,) = real.segment([image])
    with pytest.raises(ImageError):
        real.segment([image, np.zeros((40, 52), np.uint8)])
    (after,) = real.segment([image])
    np.testing.assert_array_equal(before.labels, after.labels)


# ---- the network's input


def network_sizes(segmenter: Segmenter, *shapes: tuple[int, int]) -> list[tuple[int, ...]]:
    """Return the shapes that a segmenter's network is given for images of some sizes."""
    network = segmenter._stages._network._network
    assert isinstance(network, StrongestChannel)
    network.sizes.clear()
    segmenter.segment([np.zeros((*shape, 3), dtype=np.uint8) for shape in shapes])
    return network.sizes


def test_the_input_size_is_what_the_network_gets() -> None:
    segmenter = simple(input_size=(48, 64))
    assert segmenter.input_size == (48, 64)
    assert network_sizes(segmenter, (33, 70), (48, 64)) == [(1, 3, 48, 64)] * 2


def test_without_any_size_the_network_gets_the_image() -> None:
    segmenter = simple()
    assert segmenter.input_size is None
    assert network_sizes(segmenter, (33, 70), (48, 64)) == [(1, 3, 33, 70), (1, 3, 48, 64)]


def test_the_weights_card_names_the_size_unless_the_caller_does(
    network: RefineNet, tmp_path: Path
) -> None:
    path = tmp_path / "w.safetensors"
    carded = build_network("mobilenet_v2", CLASSES)
    carded.input_size = (40, 64)
    save_weights(carded, path)
    loaded = build_network("mobilenet_v2", CLASSES)
    load_weights(loaded, path)
    table = class_table(CLASSES)
    assert Segmenter(loaded, table, device="cpu").input_size == (40, 64)
    assert Segmenter(loaded, table, device="cpu", input_size=(32, 32)).input_size == (32, 32)
    assert Segmenter(loaded, table, device="cpu", input_size="image").input_size is None


def test_mean_and_deviation_are_the_networks() -> None:
    network = StrongestChannel()
    # Now red has to be brighter than half to be stronger than the darkest green.
    network.mean, network.std = (0.5, 0.0, 0.0), (1.0, 1.0, 0.25)
    segmenter = Segmenter(network, class_table(3), device="cpu")
    dim = painted((100, 30, 5), (200, 30, 5), (200, 30, 60))
    (result,) = segmenter.segment([dim])
    # (-0.11, 0.12, 0.08), (0.28, 0.12, 0.08), (0.28, 0.12, 0.94)
    assert [int(result.labels[20, x]) for x in (8, 48, 88)] == [1, 0, 2]


@pytest.mark.parametrize("size", [(31, 64), (64, 31), (0, 0), (-480, 640), (64, 8193)])
def test_input_sizes_that_cannot_be(size: Any) -> None:
    with pytest.raises(LwrfError, match=r"input size is .*wanted 32x32 to 8192x8192"):
        simple(input_size=size)


@pytest.mark.parametrize("size", ["camera", 480, (480,), (480, 640, 3), (64.0, 64.0)])
def test_input_sizes_of_another_form(size: Any) -> None:
    with pytest.raises(LwrfError, match=r"input size is .*wanted \(height, width\)"):
        simple(input_size=size)


def test_numpy_integers_are_integers() -> None:
    height, width = np.array([48, 64])
    assert simple(input_size=(height, width)).input_size == (48, 64)


# ---- the segmenter itself


def test_another_class_count_is_refused(network: RefineNet) -> None:
    with pytest.raises(LwrfError, match=r"'test7' has 7 classes, the network has 5; choose"):
        Segmenter(network, class_table(7), device="cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU: nothing to refuse")
def test_cuda_without_a_gpu_is_no_silent_fallback(network: RefineNet) -> None:
    with pytest.raises(DeviceError, match="use auto or cpu"):
        Segmenter(network, class_table(CLASSES), device="cuda")


def test_auto_without_a_gpu(network: RefineNet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    segmenter = Segmenter(network, class_table(CLASSES))
    assert (segmenter.device, segmenter.precision) == (torch.device("cpu"), "fp32")
    assert (segmenter.best_batch, segmenter.overlaps) == (1, False)
    assert segmenter.device_memory_mib is None
    assert segmenter.device_name.startswith("cpu (")


def test_unknown_precision(network: RefineNet) -> None:
    with pytest.raises(DeviceError, match="precision is 'int8'"):
        Segmenter(network, class_table(CLASSES), device="cpu", precision="int8")


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_callers_network_is_left_alone(precision: str) -> None:
    network = build_network("mobilenet_v2", CLASSES).train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    segmenter = Segmenter(network, class_table(CLASSES), "cpu", precision, (32, 32))
    segmenter.segment([camera_image(40, 40)], outputs=EVERYTHING)
    for key, value in network.state_dict().items():
        assert value.dtype == before[key].dtype
        assert torch.equal(value, before[key])
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert all(parameter.is_contiguous() for parameter in network.parameters())


def test_later_changes_of_the_callers_network_do_not_reach_it() -> None:
    network = build_network("mobilenet_v2", CLASSES)
    segmenter = Segmenter(network, class_table(CLASSES), device="cpu", input_size="image")
    image = camera_image(40, 40)
    (before,) = segmenter.segment([image], outputs=EVERYTHING)
    for parameter in network.parameters():
        parameter.data.zero_()
    (after,) = segmenter.segment([image], outputs=EVERYTHING)
    np.testing.assert_array_equal(before.confidence, after.confidence)


def test_dropout_is_off() -> None:
    torch.manual_seed(3)
    network = build_network("resnet50", 2).train()
    segmenter = Segmenter(network, class_table(2), device="cpu", input_size="image")
    image = camera_image(32, 32)
    first, second = (segmenter.segment([image], outputs=EVERYTHING)[0] for _ in range(2))
    np.testing.assert_array_equal(first.confidence, second.confidence)


def test_warm_up_needs_a_size() -> None:
    assert simple().warm_up() is False
    assert simple().warm_up((40, 52)) is True
    network = StrongestChannel()
    segmenter = Segmenter(network, class_table(3), device="cpu", input_size=(48, 64))
    assert segmenter.warm_up() is True
    assert network.sizes == [(1, 3, 48, 64)]


def on_a_gpu(segmenter: Segmenter, images: int) -> Segmenter:
    """Let an engine on the CPU take as many images at once as a GPU's."""
    segmenter._best_batch = images
    return segmenter


def test_warm_up_takes_fewer_images_where_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    network = StrongestChannel()
    segmenter = on_a_gpu(
        Segmenter(network, class_table(3), device="cpu", input_size=(48, 64)), images=4
    )
    room, freed = 2, []

    def warm_up(size: tuple[int, int], largest_batch: int) -> None:
        if largest_batch > room:
            raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(segmenter._stages, "warm_up", warm_up)
    monkeypatch.setattr(segmenter._stages, "free_spare_memory", lambda: freed.append(True))
    assert segmenter.warm_up()
    assert (segmenter.best_batch, freed) == (2, [True])
    # In the CPU's stages a group goes through one by one.
    assert {size[1:] for size in network.sizes} == {(3, 48, 64)}
    assert sum(size[0] for size in network.sizes) == 1 + 2
    room = 0
    with pytest.raises(OutOfMemoryError):
        segmenter.warm_up()
    assert segmenter.best_batch == 1


def test_closing_succeeds_after_the_gpu_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter = simple()

    def lost() -> None:
        raise RuntimeError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(segmenter._stages, "close", lost)
    monkeypatch.setattr(segmenter, "_return_memory", lost)
    segmenter.close()
    assert not hasattr(segmenter, "_stages")


def test_timings_are_plausible(real: Segmenter) -> None:
    (result,) = real.segment([camera_image(64, 96)])
    timings = result.timings
    stages = (
        timings.upload_ms,
        timings.preprocess_ms,
        timings.network_ms,
        timings.postprocess_ms,
        timings.download_ms,
    )
    assert all(stage >= 0 for stage in stages)
    assert timings.network_ms > 0
    assert sum(stages) <= timings.total_ms


# ---- by the name of weights


def test_bundled_weights_by_name_bring_everything() -> None:
    segmenter = Segmenter.load("camvid", device="cpu")
    assert segmenter.classes.names == ClassTable.load("camvid").names
    assert (segmenter.input_size, segmenter.precision) == ((480, 640), "fp32")
    with pytest.raises(LwrfError, match="did you mean camvid"):
        Segmenter.load("camvit")


def test_weights_of_a_file_bring_their_classes(network: RefineNet, tmp_path: Path) -> None:
    table = class_table(CLASSES)
    card = {
        "class_names": json.dumps(table.names),
        "class_colours": json.dumps(table.colours.tolist()),
    }
    save_weights(network, tmp_path / "w.safetensors", card)
    path = str(tmp_path / "w.safetensors")
    segmenter = Segmenter.load(path, "cpu", "bf16", input_size=(64, 96))
    assert segmenter.classes.names == table.names
    assert (segmenter.input_size, segmenter.precision) == ((64, 96), "bf16")
    image = camera_image(64, 96)
    here = Segmenter(network, table, "cpu", "bf16", (64, 96)).segment([image])[0].labels
    np.testing.assert_array_equal(segmenter.segment([image])[0].labels, here)
    assert len(np.unique(here)) > 1  # or nothing is shown
