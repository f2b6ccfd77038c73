# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The root of every error whose message is written for the user."""

from lwrf_ros.foreign_text import paragraph


class LwrfError(Exception):
    """Something the user gave cannot be used; the message says got, wanted and what to do.

    As text it is fit for a log and a terminal, whatever paths, topics and names are in it.
    """

    def __str__(self) -> str:
        """Return the message, escaped and bounded."""
        return paragraph(super().__str__())
