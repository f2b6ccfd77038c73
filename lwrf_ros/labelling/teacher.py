# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A teacher: an image in, the probabilities of one's own classes out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.labelling.class_scores import ClassScores, softmax
from lwrf_ros.labelling.description import Description
from lwrf_ros.labelling.errors import TeacherError
from lwrf_ros.labelling.image_input import ImageInput
from lwrf_ros.labelling.mapping import Mapping
from lwrf_ros.labelling.opening import open_model
from lwrf_ros.labelling.views import resample
from lwrf_ros.package_data import class_mappings


class Teacher:
    """A network with its mapping, tried once when it is made.

    Args:
        description: What is to be known of it.
        table: The own classes.
        threads: Of the CPU.

    Attributes:
        description: The same.
        input: How it takes images.
        planes: What it tells apart: C own classes and everything else.

    Raises:
        LabelError: If it cannot be used; the message says why and what to do.
    """

    def __init__(self, description: Description, table: ClassTable, threads: int) -> None:
        self.description = description
        self._model = open_model(description.model, threads)
        self.input = ImageInput(self._model.input, description)
        # A first try, so that what is wrong shows before the first image.
        noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
        outputs = self._model.run(self.input.tensor(noise))
        self._output, self._scores = self._find_output(outputs)
        self._mapping = self._find_mapping(table)
        self.planes = len(table) + 1
        self._read(outputs)

    def __str__(self) -> str:
        """Say in a line what was found out."""
        kind = "logits" if self._scores.logits else "probabilities"
        found = f"{kind} of {self._scores.classes} classes"
        if self._scores.axis is None:
            found = f"{kind} of one class, which is 1 in a mapping (0: everything else)"
        if self._scores.indices:
            found = "class indices, each taken for certain"
        return (
            f"{self.description.model.name}: {self.input.width}x{self.input.height} in, "
            f"{self._model.outputs[self._output].name} out, {found}"
        )

    def probabilities(
        self, image: NDArray[np.uint8], size: tuple[int, int], scale: float = 1.0
    ) -> NDArray[np.float32]:
        """Look at an image.

        Args:
            image: ``(H, W, 3) uint8 RGB``.
            size: ``(height, width)`` of the result, stretched over the image.
            scale: Makes the image smaller than the input, 0 to 1.

        Returns:
            ``(C + 1, height, width) float32`` by own class; the last is everything else.
        """
        planes = self._read(self._model.run(self.input.tensor(image, scale)))
        rows, columns = self.input.fitted(image.shape[0], image.shape[1], scale)
        part = (rows / self.input.height, columns / self.input.width)
        planes = resample(planes, part, size)
        return self._mapping.apply(softmax(planes) if self._scores.logits else planes)

    def _read(self, outputs: list[NDArray[Any]]) -> NDArray[np.float32]:
        """Return the ``(K, h, w)`` scores of the teacher's classes."""
        planes = self._scores.planes(outputs[self._output], self._mapping.teacher_classes)
        if not np.isfinite(planes).all():
            raise TeacherError(
                f"{self.description.model} gives scores that are not finite; say which range its "
                "pixels are to have (--range), or export it in float32"
            )
        return planes

    def _find_output(self, outputs: list[NDArray[Any]]) -> tuple[int, ClassScores]:
        """Return the number of the output with the classes, and how it is read."""
        wanted, names = self.description.output, [one.name for one in self._model.outputs]
        path = self.description.model
        numbers = list(range(len(outputs)))
        if wanted is not None:
            if wanted not in names and not (wanted.isdecimal() and int(wanted) < len(names)):
                raise TeacherError(
                    f"{path} has no output {wanted}; it has {len(names)}, from 0: "
                    f"{', '.join(names)}"
                )
            numbers = [names.index(wanted) if wanted in names else int(wanted)]
        found = []
        for number in numbers:
            scores = ClassScores.find(
                outputs[number],
                (self.input.height, self.input.width),
                self.input.channels_first,
                self.description.scores,
                self._model.outputs[number],
            )
            if scores is not None:
                found.append((number, scores))
        if not found:
            listed = ", ".join(
                f"{names[number]} {outputs[number].dtype} {outputs[number].shape}"
                for number in numbers
            )
            raise TeacherError(
                f"{path} gives no map of classes but {listed}; wanted scores as (1, classes, "
                "height, width) or (1, height, width, classes), of one class as (1, 1, height, "
                "width), or class indices as (1, height, width), in the proportions "
                f"of its input {self.input.width}x{self.input.height}"
            )
        # Scores say more than indices.
        return next((one for one in found if not one[1].indices), found[0])

    def _find_mapping(self, table: ClassTable) -> Mapping:
        classes = self._scores.classes
        if self.description.mapping is not None:
            return Mapping.load(self.description.mapping, table, classes)
        if classes in (0, len(table)):
            return Mapping.identity(len(table))
        bundled = f" ({', '.join(class_mappings())} comes with lwrf_ros)"
        raise TeacherError(
            f"{self.description.model} has {classes} classes, the table {table.name!r} has "
            f"{len(table)}; say which is which with --mapping{bundled}, or give another table "
            "(--classes)"
        )
