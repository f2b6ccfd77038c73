# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From what a mask stores to class indices: by number, or by the colours of the class table."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED, ClassTable
from lwrf_ros.datasets.stored_mask import MaskError, StoredMask, place_of

# How the numbers came about, for whoever tells it.
AS_STORED = ""
BY_COLOURS = "in the class table's colours, which were translated to class indices"
BY_PALETTE = (
    "a palette with the class table's colours in another order: the colours were followed, not "
    "the indices"
)
# So many colours that no class has are told.
_TOLD = 3
# More than these are no classes, but what is left of them after smoothing.
_MANY = 32


class MaskLabels(NamedTuple):
    """The class indices of a mask.

    Attributes:
        labels: ``(H, W) uint8``, 255 for unlabelled.
        how: How they came about: AS_STORED, BY_COLOURS or BY_PALETTE.
    """

    labels: NDArray[np.uint8]
    how: str


def labels_of(stored: StoredMask, classes: ClassTable | None) -> MaskLabels:
    """Return the class indices that a mask stands for.

    Args:
        stored: What the mask's file stores.
        classes: The class table, whose colours say what a colour or a palette means; None takes
            every number as it is.

    Raises:
        MaskError: If it holds what stands for no class, or its palette and its indices say
            different things.
    """
    if stored.in_colours:
        if classes is None:
            raise MaskError(
                "colours",
                "holds colours; wanted one channel with the class index of each pixel "
                f"({UNLABELLED} for none)",
            )
        return MaskLabels(_by_colours(stored.values, classes), BY_COLOURS)
    if classes is not None and len(stored.palette):
        by_palette = _by_palette(stored, classes)
        if by_palette is not None:
            return MaskLabels(by_palette, BY_PALETTE)
    end = UNLABELLED if classes is None else len(classes)
    wrong = (stored.values >= end) & (stored.values != UNLABELLED)
    refuse_values(
        stored.values, wrong, f"wanted 0 to {UNLABELLED}" if classes is None else range_of(end)
    )
    return MaskLabels(stored.values.astype(np.uint8, copy=False), AS_STORED)


def refuse_values(
    values: NDArray[np.uint8] | NDArray[np.uint16], wrong: NDArray[np.bool_], known: str
) -> None:
    """Refuse numbers that stand for no class.

    Args:
        values: ``(H, W)``.
        wrong: ``(H, W) bool``, which of them.
        known: What the mask may hold, in words.

    Raises:
        MaskError: If any is wrong.
    """
    if not wrong.any():
        return
    outside = np.unique(values[wrong]).tolist()
    listed = ", ".join(map(str, outside[:8])) + (", …" if len(outside) > 8 else "")
    hint = ""
    if values.dtype == np.uint16 and not (values % 257).any():
        hint = "; all are multiples of 257, as 8 bits stretched to 16: divide by 257"
    raise MaskError(
        "no such class",
        f"holds the {'indices' if len(outside) > 1 else 'index'} {listed}; {known} "
        f"({place_of(wrong)}){hint}",
        tuple(outside),
    )


def range_of(num_classes: int) -> str:
    """Say what a mask may hold."""
    return f"the table has classes 0 to {num_classes - 1}, and {UNLABELLED} for unlabelled"


def _by_colours(
    colours: NDArray[np.uint8] | NDArray[np.uint16], classes: ClassTable
) -> NDArray[np.uint8]:
    """Translate ``(H, W, 3) uint8 RGB`` to the class of each colour."""
    codes, known = _codes(colours), _codes(classes.colours)
    order = known.argsort()
    place = np.searchsorted(known[order], codes).clip(max=len(known) - 1)
    found = order[place].astype(np.uint8)
    wrong = known[found] != codes
    if wrong.any():
        raise MaskError("colours", _strange(colours, codes, wrong, classes))
    return found


def _strange(
    colours: NDArray[np.uint8] | NDArray[np.uint16],
    codes: NDArray[np.uint32],
    wrong: NDArray[np.bool_],
    classes: ClassTable,
) -> str:
    """Say which colours of a mask no class has."""
    strange, counts = np.unique(codes[wrong], return_counts=True)
    order = (-counts).argsort(kind="stable")
    told = [
        f"({code >> 16}, {code >> 8 & 255}, {code & 255}) in {place_of(codes == code)}"
        for code in strange[order[:_TOLD]].tolist()
    ]
    more = f" and {len(strange) - _TOLD} more" if len(strange) > _TOLD else ""
    grey = (colours[..., 0] == colours[..., 1]).all() and (colours[..., 1] == colours[..., 2]).all()
    if grey:
        hint = "all of it is grey: class indices have to be saved in one channel, not in three"
    elif len(strange) > _MANY:
        hint = "so many come of JPEG, smoothing or scaling: export it anew without"
    else:
        hint = (
            "give the class its colour in the class table, or save class indices "
            f"({UNLABELLED} for none)"
        )
    return (
        f"holds colours that no class of {classes.name!r} has: {', '.join(told)}{more} "
        f"({place_of(wrong)} altogether); {hint}"
    )


def _by_palette(stored: StoredMask, classes: ClassTable) -> NDArray[np.uint8] | None:
    """Translate indices by their colours where the palette has the classes in another order.

    Returns:
        Class indices ``(H, W) uint8``; None where the palette does not speak against the indices.
    """
    numbers = np.bincount(stored.values.ravel(), minlength=len(stored.palette))
    used = np.flatnonzero(numbers[: len(stored.palette)])
    looks = stored.palette[used]
    if (looks == used[:, None]).all():
        return None  # shades of grey are no colours
    by_colour = {tuple(colour): index for index, colour in enumerate(classes.colours.tolist())}
    meant = [by_colour.get(tuple(look)) for look in looks.tolist()]
    pairs = list(zip(used.tolist(), meant, strict=True))
    against = [(index, one) for index, one in pairs if one is not None and one != index]
    if not against:
        return None
    # 255 is unlabelled, whatever colour it is shown in.
    without = [index for index, one in pairs if one is None and index != UNLABELLED]
    if without or (stored.values >= len(stored.palette)).any():
        index, other = against[0]
        shown = tuple(stored.palette[without[0]].tolist()) if without else "none"
        told = without[0] if without else int(stored.values.max())
        raise MaskError(
            "palette",
            f"its palette and its indices say different things: index {index} is shown in the "
            f"colour of class {other} ({classes.names[other]}), and index {told} in one that no "
            f"class has ({shown}); wanted the table's colours in the table's order, or indices "
            "without a palette (greyscale)",
        )
    table = np.full(256, UNLABELLED, dtype=np.uint8)
    for index, one in pairs:
        table[index] = UNLABELLED if one is None else one
    return table[stored.values]


def _codes(colours: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint32]:
    """Return a number for each colour of ``(..., 3)``."""
    red, green, blue = (colours[..., channel].astype(np.uint32) for channel in range(3))
    return np.asarray(red << 16 | green << 8 | blue, dtype=np.uint32)
