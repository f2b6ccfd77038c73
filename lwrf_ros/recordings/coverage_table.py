# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The coverage of every frame as a CSV file, written while it arrives."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lwrf_ros.classes.class_table import UNLABELLED_NAME
from lwrf_ros.errors import LwrfError

STAMP = "stamp"


class CoverageError(LwrfError):
    """A coverage message does not belong into the table."""


class CoverageTable:
    """A line a message: the stamp, then the fraction of every class, then the unlabelled one.

    Args:
        path: The CSV file; made with the first message, which gives the columns.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("w", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file)
        self._sums: npt.NDArray[np.float64] = np.zeros(0)
        self.names: tuple[str, ...] = ()
        self.rows = 0

    def add(self, stamp: str, fractions: Mapping[str, str]) -> None:
        """Append a line and hand it to the system, so that a killed process loses none.

        Args:
            stamp: Stamp of the header in seconds, with nine decimals.
            fractions: Fraction of the pixels by class name, in the message's own notation.

        Raises:
            CoverageError: A fraction is missing or no number, or the classes are not those of the
                first message; the line is not written.
        """
        classes = tuple(name for name in fractions if name != UNLABELLED_NAME)
        names = (*classes, UNLABELLED_NAME)
        if len(names) != len(fractions) or not classes:
            raise CoverageError(
                f"got the keys {', '.join(fractions) or 'none'}; wanted at least one class and "
                f"{UNLABELLED_NAME}"
            )
        if self.names and set(names) != set(self.names):
            raise CoverageError(
                f"got the classes {', '.join(classes)}; wanted those of the first message, "
                f"{', '.join(self.names[:-1])}: record into a new folder after changing classes"
            )
        row = [fractions[name] for name in self.names or names]
        try:
            values = np.array(row, dtype=np.float64)
        except ValueError as error:
            raise CoverageError(f"got a fraction that is no number: {error}") from error
        if not self.names:
            self.names = names
            self._sums = np.zeros(len(names))
            self._writer.writerow([STAMP, *names])
        self._writer.writerow([stamp, *row])
        self._file.flush()
        self._sums += values
        self.rows += 1

    def means(self) -> dict[str, float]:
        """Return the mean fraction of the pixels by class name."""
        return {
            name: float(total) / self.rows
            for name, total in zip(self.names, self._sums, strict=True)
        }

    def finish(self) -> Path | None:
        """Close the file.

        Returns:
            Its path, or None if there was no message: then there is no file.
        """
        self._file.close()
        if not self.rows:
            self._path.unlink()
            return None
        return self._path
