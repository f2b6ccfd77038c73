# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The engine: the way of a frame through the device, in one stream, warmed up beforehand."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lwrf_ros.classes.class_table import UNLABELLED, ClassTable
from lwrf_ros.classes.groups import ClassGroups
from lwrf_ros.errors import LwrfError
from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.segmentation.arguments import (
    LABEL_SIZES,
    OUTPUTS,
    check_image,
    check_input_size,
    check_wishes,
)
from lwrf_ros.segmentation.buffers import ImageBuffers, Recent, StageClock
from lwrf_ros.segmentation.choice import choose_stages
from lwrf_ros.segmentation.device import PRECISIONS, choose_device, choose_precision
from lwrf_ros.segmentation.faults import (
    DeviceLostError,
    OutOfMemoryError,
    device_errors,
    return_cached_memory,
)
from lwrf_ros.segmentation.grouping import group_confidence, group_counts, group_labels
from lwrf_ros.segmentation.pinned import return_pinned_memory
from lwrf_ros.segmentation.postprocess import NOT_FINITE
from lwrf_ros.segmentation.result import Segmentation, Timings

if TYPE_CHECKING:
    from typing_extensions import Self

BEST_BATCH = 4
_TRIAL_SIDE_PX = 64


class ScoresError(LwrfError):
    """A network whose scores are no numbers."""


class Segmenter:
    """Runs a network on images, on a GPU in a CUDA stream of its own.

    The network is copied to the device; the caller's is not changed. Only one thread at a time may
    use a segmenter.

    Args:
        network: The network with its weights.
        classes: Names and colours of its classes.
        device: auto (a GPU if there is one), cpu, cuda or cuda:N.
        precision: auto (fp16 on a GPU, fp32 on a CPU), fp32, fp16 or bf16.
        input_size: ``(height, width)`` in pixels that images are stretched to for the network;
            None for the size that the weights were trained at (each image's own if the weights
            name none); "image" for each image's own.
        groups: Groups of classes, for results in groups instead of classes.
        label_size: Size of labels and confidence: "image" for each image's own, "network" for that
            of the network's input.
        most_images: Largest number of images that ever come together, which is the number of
            cameras; None if unknown. Memory and start-up time depend on it.

    Attributes:
        classes: Names and colours behind the labels: those of the groups, if there are groups.
        device: Where the network runs.
        precision: fp32, fp16 or bf16.
        input_size: ``(height, width)`` in pixels, None for each image's own.

    Raises:
        LwrfError: If the class table does not fit the network or a size is not usable.
        DeviceError: If the device or precision is not available.
        OutOfMemoryError: If the network does not fit; `warm_up` says the same of its frames.
        DeviceLostError: If the GPU reports an error.
    """

    def __init__(
        self,
        network: RefineNet,
        classes: ClassTable,
        device: str = "auto",
        precision: str = "auto",
        input_size: tuple[int, int] | Literal["image"] | None = None,
        groups: ClassGroups | None = None,
        label_size: Literal["image", "network"] = "image",
        most_images: int | None = None,
    ) -> None:
        if len(classes) != network.num_classes:
            raise LwrfError(
                f"the class table {classes.name!r} has {len(classes)} classes, the network has "
                f"{network.num_classes}; choose the table that its weights were trained with"
            )
        if label_size not in LABEL_SIZES:
            raise LwrfError(f"label_size is {label_size!r}; wanted one of {', '.join(LABEL_SIZES)}")
        self.classes = groups.table if groups else classes
        self._class_groups = groups
        self.device = choose_device(device)
        self.precision = choose_precision(precision, self.device)
        self.input_size = check_input_size(network.input_size if input_size is None else input_size)
        self._label_size = self.input_size if label_size == "network" else None
        self._cuda = self.device.type == "cuda"
        self._best_batch = min(most_images or BEST_BATCH, BEST_BATCH) if self._cuda else 1
        dtype = PRECISIONS[self.precision]
        with device_errors():
            self._stream = _new_stream(self.device) if self._cuda else None
            self._stages = choose_stages(network, self.device, dtype, self._stream)
        if self._stream is not None:
            # The network was copied on the default stream.
            self._stream.wait_stream(torch.cuda.default_stream(self.device))
        self._batches: Recent[Tensor] = Recent()
        self._spare: Recent[list[ImageBuffers]] = Recent()
        self._spare_clocks: list[StageClock] = []

    @classmethod
    def load(
        cls,
        weights: str | PathLike[str] = "",
        device: str = "auto",
        precision: str = "auto",
        input_size: tuple[int, int] | Literal["image"] | None = None,
    ) -> Self:
        """Make a segmenter from weights; backbone, classes and size are taken from their card.

        Args:
            weights: The name of bundled weights (a file's stem, or just the name of its class
                table: "camvid"), the path of a weights file (with a slash or a suffix, or a
                `Path`), or "random" for an untrained network. Empty: the default weights.
            device: See the class.
            precision: See the class.
            input_size: See the class.

        Raises:
            LwrfError: If there are no such weights, or the file does not say which classes it is
                for; then build the network and load the class table yourself. Also whatever the
                class raises.
        """
        # Only here: a segmenter that is given its network knows of no files.
        from lwrf_ros.weights.loading import load

        loaded = load(weights)
        return cls(loaded.network, loaded.classes, device, precision, input_size)

    @property
    def best_batch(self) -> int:
        """Number of images up to which running them together is faster than one by one.

        It falls in `warm_up` where the memory is not enough for more.
        """
        return self._best_batch

    @property
    def overlaps(self) -> bool:
        """Whether `submit` returns before the work is done, so that it pays to submit ahead."""
        return self._cuda

    @property
    def device_name(self) -> str:
        """The device in words, for people."""
        if self._cuda:
            name = torch.cuda.get_device_name(self.device)
            return f"{self.device} ({name}, {self._stages.description})"
        return f"cpu ({torch.get_num_threads()} threads, {self._stages.description})"

    @property
    def device_memory_mib(self) -> float | None:
        """GPU memory in MiB that this process holds, None on a CPU."""
        return torch.cuda.memory_reserved(self.device) / 2**20 if self._cuda else None

    def close(self) -> None:
        """Give back the device's memory; the segmenter cannot be used afterwards."""
        # A GPU that has failed has nothing to give back, and says so.
        with suppress(OutOfMemoryError, DeviceLostError), device_errors():
            self._stages.close()
        del self._stages, self._batches, self._spare
        with suppress(OutOfMemoryError, DeviceLostError), device_errors():
            self._return_memory()

    def free_spare_memory(self) -> None:
        """Let go of what is kept for later frames; it is made again when one needs it."""
        self._batches, self._spare = Recent(), Recent()
        self._spare_clocks.clear()
        with device_errors():
            self._stages.free_spare_memory()
            self._return_memory()

    def _return_memory(self) -> None:
        if self._cuda:
            return_cached_memory()
            return_pinned_memory()

    def try_out(self) -> None:
        """Run one image of noise, to see whether the engine works at all.

        Raises:
            ScoresError: If the network's scores are no numbers.
            Exception: What running it raises; `OutOfMemoryError` and `DeviceLostError` among it.
        """
        size = self.input_size or (_TRIAL_SIDE_PX, _TRIAL_SIDE_PX)
        _check_scores(self.segment([_noise(size)]), self.precision)

    def warm_up(self, image_size: tuple[int, int] | None = None) -> bool:
        """Run the whole way of a frame once for every batch size, so that no frame has to.

        Where memory is not enough for `best_batch` images, it is halved until it is.

        Args:
            image_size: ``(height, width)`` in pixels of the images to come; None for the
                network's input size, whose images need no stretching.

        Returns:
            False if nothing could be done because no size is known yet.

        Raises:
            OutOfMemoryError: If there is not enough for one image.
            DeviceLostError: If the GPU reports an error.
            ScoresError: If the network's scores are no numbers: broken weights, or such as the
                precision cannot hold.
        """
        size = image_size or self.input_size
        if size is None:
            return False
        while True:
            try:
                self._warm_up(size)
            except OutOfMemoryError:
                if self._best_batch == 1:
                    raise
                self._best_batch //= 2
                self.free_spare_memory()
            else:
                return True

    def _warm_up(self, size: tuple[int, int]) -> None:
        with device_errors():
            self._stages.warm_up(self.input_size or size, self._best_batch)
        # Of every value beside every other: harder on a network's range than a blank image.
        noise = _noise(size)
        for batch in range(1, self._best_batch + 1):
            _check_scores(self.segment([noise] * batch, outputs=OUTPUTS), self.precision)

    def segment(
        self,
        images: Sequence[NDArray[np.uint8]],
        encoding: str = "rgb8",
        outputs: Collection[str] = ("labels", "coverage"),
        min_confidence: float = 0.0,
    ) -> list[Segmentation]:
        """Label images and wait for the result; see `submit` for the arguments and errors."""
        return self.collect(self.submit(images, encoding, outputs, min_confidence))

    def submit(
        self,
        images: Sequence[NDArray[np.uint8]],
        encoding: str = "rgb8",
        outputs: Collection[str] = ("labels", "coverage"),
        min_confidence: float = 0.0,
    ) -> Ticket:
        """Start labelling images without waiting; several tickets may be in progress.

        The caller may change the images again when this returns: on a GPU they have been copied
        into pinned memory, on a CPU the work is done by then.

        Args:
            images: ``(H, W, 3) uint8`` arrays, or ``(H, W)`` for mono8; sizes may differ. Rows may
                be padded (any strides).
            encoding: Channel order of all images: rgb8, bgr8 or mono8.
            outputs: Which of labels, confidence and coverage are wanted. Confidence takes time and
                is computed only on request; coverage is always there.
            min_confidence: Pixels less probable than this (0..1) become unlabelled. The
                probability is that of confidence: the softmax of the logits divided by the
                network's temperature.

        Returns:
            A ticket for `collect`.

        Raises:
            ImageError: If an image or an argument is not of that form.
            OutOfMemoryError: If there is not enough memory for them.
            DeviceLostError: If the GPU reports an error.
        """
        started = time.perf_counter()
        arrays = [check_image(image, encoding, self.input_size) for image in images]
        check_wishes(outputs, min_confidence)
        ticket = Ticket(started, frozenset(outputs), [])
        # stream(None) is torch's own no-op: with and without a GPU the same lines run.
        with device_errors(), torch.inference_mode(), torch.cuda.stream(self._stream):
            for group in self._groups(arrays):
                ticket.parts.append(self._run(group, encoding, ticket.outputs, min_confidence))
        return ticket

    def collect(self, ticket: Ticket) -> list[Segmentation]:
        """Wait for a ticket's images and return their results in order.

        The arrays are copies that belong to the caller; the pinned memory behind them goes back
        to the segmenter, so a ticket can be collected once.

        Raises:
            LwrfError: If the ticket was collected before.
            OutOfMemoryError: If there is not enough memory for the results.
            DeviceLostError: If the GPU reports an error.
        """
        if ticket.collected:
            raise LwrfError("this ticket was collected before; keep its results instead")
        ticket.collected = True
        with device_errors():
            return self._collect(ticket)

    def _collect(self, ticket: Ticket) -> list[Segmentation]:
        results = []
        for clock, group in ticket.parts:
            clock.wait()
            total_ms = (time.perf_counter() - ticket.started) * 1e3
            timings = Timings(**clock.stages_ms(), total_ms=total_ms)
            results += [self._result(buffers, ticket.outputs, timings) for buffers in group]
            self._spare_clocks.append(clock)
            for buffers in group:
                self._spare.get(buffers.shape, list).append(buffers)
        return results

    def logits(
        self,
        image: NDArray[np.uint8],
        encoding: str = "rgb8",
        size: tuple[int, int] | None = None,
    ) -> NDArray[np.float32]:
        """Return what the network says of one image, for scores that `segment` does not give.

        The image takes the way of `segment` as far as the network's output: the same stretching,
        the same precision. Nothing is kept for the next call: this is not the way for a camera.

        Args:
            image: ``(H, W, 3) uint8``, or ``(H, W)`` for mono8; any strides.
            encoding: Channel order: rgb8, bgr8 or mono8.
            size: ``(height, width)`` in pixels that the image is stretched to for the network;
                None for this segmenter's input size (without one, the image's own).

        Returns:
            ``(C, ceil(height / 4), ceil(width / 4)) float32`` logits, not divided by the
            network's temperature.

        Raises:
            ImageError: If the image or its encoding is not of that form.
            LwrfError: If the size is not usable.
        """
        wanted = self.input_size if size is None else check_input_size(size)
        array = check_image(image, encoding, wanted)
        with torch.inference_mode(), torch.cuda.stream(self._stream):
            batch = self._stages.new_batch(1, wanted or array.shape[:2])
            # A copy: torch takes neither read-only memory nor negative strides.
            on_device = torch.from_numpy(array.copy()).to(self.device)
            self._stages.preprocess(on_device, encoding, batch[0])
            scores = self._stages.forward(batch)[0].float().cpu()
        # A copy: the stages may keep theirs for the next image.
        logits: NDArray[np.float32] = scores.numpy().copy()
        return logits

    def _groups(self, images: list[NDArray[np.uint8]]) -> list[list[NDArray[np.uint8]]]:
        """Split images, in order, into groups that can run as one batch."""
        groups: list[list[NDArray[np.uint8]]] = []
        for image in images:
            last = groups[-1] if groups else None
            fits = last is not None and (
                self.input_size is not None or last[0].shape[:2] == image.shape[:2]
            )
            if last is not None and fits and len(last) < self.best_batch:
                last.append(image)
            else:
                groups.append([image])
        return groups

    def _run(
        self,
        images: list[NDArray[np.uint8]],
        encoding: str,
        outputs: frozenset[str],
        min_confidence: float,
    ) -> tuple[StageClock, list[ImageBuffers]]:
        """Enqueue the whole way of a group on the stream. Nothing here waits for the device."""
        clock = self._spare_clocks.pop() if self._spare_clocks else StageClock(self._cuda)
        clock.mark()
        group = [self._take_buffers(image.shape) for image in images]
        on_device = [b.upload(image) for b, image in zip(group, images, strict=True)]
        clock.mark()
        height, width = self.input_size or images[0].shape[:2]
        batch = self._batches.get(
            (len(images), height, width),
            lambda: self._stages.new_batch(len(images), (height, width)),
        )
        for image, slot in zip(on_device, batch, strict=True):
            self._stages.preprocess(image, encoding, slot)
        clock.mark()
        logits = self._stages.forward(batch)
        clock.mark()
        for buffers, scores in zip(group, logits, strict=True):
            confidence = buffers.confidence()[0] if "confidence" in outputs else None
            self._stages.label(
                scores, buffers.labels[0], buffers.counts[0], confidence, min_confidence
            )
        clock.mark()
        # What a dropped class has said is taken out of confidence by its label.
        drops = self._class_groups is not None and self._class_groups.dropped
        fetched = outputs | {"labels"} if drops and "confidence" in outputs else outputs
        for buffers in group:
            buffers.download(fetched)
        clock.mark()
        return clock, group

    def _take_buffers(self, shape: tuple[int, ...]) -> ImageBuffers:
        spare = self._spare.get(shape, list)
        return spare.pop() if spare else ImageBuffers(shape, self.device, self._label_size)

    def _result(
        self, buffers: ImageBuffers, outputs: frozenset[str], timings: Timings
    ) -> Segmentation:
        labels, groups = buffers.labels[1].numpy(), self._class_groups
        by_class = buffers.counts[1].numpy()
        counts = group_counts(by_class[:NOT_FINITE], groups)
        confidence = None
        if "confidence" in outputs:
            confidence = group_confidence(buffers.confidence()[1].numpy(), labels, groups)
        pixels = counts.sum()
        return Segmentation(
            labels=group_labels(labels, groups) if "labels" in outputs else None,
            confidence=confidence,
            coverage=counts[: len(self.classes)] / pixels,
            unlabelled=float(counts[UNLABELLED] / pixels),
            timings=timings,
            sound=bool(by_class[NOT_FINITE] == 0),
        )


def _check_scores(results: Sequence[Segmentation], precision: str) -> None:
    """Refuse a network that gives scores that are no numbers for images of a kind to come.

    Raises:
        ScoresError: If one of the results has any.
    """
    if not all(result.sound for result in results):
        wider = "" if precision == "fp32" else "precision fp32 or "
        raise ScoresError(
            f"the network's scores are no numbers (NaN or infinity) in {precision}: its weights "
            f"are broken, or out of the range of {precision}; use {wider}other weights"
        )


@dataclass
class Ticket:
    """Images under way between `submit` and `collect`; nothing in it is for the caller."""

    started: float
    outputs: frozenset[str]
    parts: list[tuple[StageClock, list[ImageBuffers]]]
    collected: bool = field(default=False)


def _noise(size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)


def _new_stream(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
