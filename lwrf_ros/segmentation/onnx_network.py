# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The network in ONNX Runtime on a CPU: what measured fastest there (docs/benchmarks)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.segmentation.buffers import Recent
from lwrf_ros.segmentation.cpu_kernels import assemble_rows
from lwrf_ros.segmentation.onnx_graph import INPUT, OUTPUT, build_graph
from lwrf_ros.segmentation.simplify import Rewrites, simplify

# Joined sums and the separable pool are no faster here.
REWRITES = Rewrites(merge_pairs=True, merge_last_stage=True, split_classifier=True)
# A session takes up to a second to make and holds the weights in its own layout. Cameras whose own
# sizes are the network's input (input_width -1) each need one.
_KEPT_SESSIONS = 4


InBands = Callable[[int, Callable[[int, int, int], None]], None]


class OnnxNetwork:
    """Runs a network in float32, one image at a time.

    Args:
        network: The network; it stays as it is.
        threads: Threads to run on.
        in_bands: Calls a function ``(band, begin, end)`` for bands of so many rows, in threads.
    """

    def __init__(self, network: RefineNet, threads: int, in_bands: InBands) -> None:
        self._network = simplify(network, REWRITES)
        # The sum of the taps is done by a kernel: ONNX Runtime has nothing that is fast at it.
        self._bias = self._network.assemble.bias.numpy()  # type: ignore[operator]
        self._network.assemble = nn.Identity()
        self._threads = threads
        self._in_bands = in_bands
        self._sessions: Recent[_Session] = Recent(_KEPT_SESSIONS)

    @property
    def description(self) -> str:
        """What runs the network, in words."""
        return f"ONNX Runtime {onnxruntime.__version__}"

    def __call__(self, batch: Tensor) -> Tensor:
        """Map ``(N, 3, h, w) float32`` to logits ``(N, C, ceil(h/4), ceil(w/4)) float32``.

        Those of a single image are overwritten by the next call for an image of this size.
        """
        if len(batch) > 1:
            return torch.cat([self(batch[i : i + 1]).clone() for i in range(len(batch))])
        size = (batch.shape[2], batch.shape[3])
        session = self._sessions.get(
            size, lambda: _Session(self._network, size, len(self._bias), self._threads)
        )
        parts, logits = session.run(batch), session.logits

        def fill(band: int, begin: int, end: int) -> None:
            assemble_rows(parts, self._bias, logits[0].numpy(), begin, end)

        self._in_bands(logits.shape[2], fill)
        return logits


class _Session:
    """A session for one input size, with the memory of its output."""

    def __init__(
        self, network: nn.Module, size: tuple[int, int], classes: int, threads: int
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # What runs next on these cores is the tail of this frame.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self._session = onnxruntime.InferenceSession(
            build_graph(network, size).SerializeToString(),
            options,
            providers=["CPUExecutionProvider"],
        )
        shape = self._session.get_outputs()[0].shape
        self._parts = torch.empty(shape)
        self.logits = torch.empty((1, classes, *shape[2:]))

    def run(self, batch: Tensor) -> NDArray[np.float32]:
        """Return the classifier's taps ``(9, C, h, w)``, overwritten by the next call."""
        binding = self._session.io_binding()
        for bind, name, tensor in (
            (binding.bind_input, INPUT, batch),
            (binding.bind_output, OUTPUT, self._parts),
        ):
            bind(name, "cpu", 0, "float32", list(tensor.shape), tensor.data_ptr())
        self._session.run_with_iobinding(binding)
        parts: NDArray[np.float32] = self._parts.view(9, -1, *self._parts.shape[2:]).numpy()
        return parts
