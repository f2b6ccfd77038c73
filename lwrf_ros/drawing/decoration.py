# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Pictures beside the work: where one cannot be drawn, a line says so and the work goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from lwrf_ros.files import is_full

_LOGGER = logging.getLogger(__name__)


@contextmanager
def decoration(what: str) -> Iterator[None]:
    """Draw something that nothing depends on.

    Whatever a font, a library or a class name does to the drawing ends here, with a line on the
    log.

    Args:
        what: What is drawn, for that line: a file or a topic.

    Raises:
        OSError: If there is no space: what is asked for would not fit either.
    """
    try:
        yield
    except Exception as error:
        if is_full(error):
            raise
        _LOGGER.warning("%s is left out: %s: %s", what, type(error).__name__, error)
