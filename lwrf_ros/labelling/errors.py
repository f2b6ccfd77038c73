# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is raised about teachers, their mappings and what they are asked for."""

from __future__ import annotations

from lwrf_ros.errors import LwrfError


class LabelError(LwrfError):
    """Labels cannot be made as asked."""


class TeacherError(LabelError):
    """A teacher's file cannot be used; the message names the file."""
