# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Errors of teachers, their mappings and their options."""

from __future__ import annotations

from lwrf_ros.errors import LwrfError


class LabelError(LwrfError):
    """Labels cannot be made as asked."""


class TeacherError(LabelError):
    """A teacher's file cannot be used; the message names the file."""
