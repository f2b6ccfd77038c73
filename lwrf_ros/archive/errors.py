# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Errors of an archive as a whole."""

from __future__ import annotations

from lwrf_ros.errors import LwrfError


class ArchiveError(LwrfError):
    """An archive cannot be made, continued or asked; the message says what to do."""
