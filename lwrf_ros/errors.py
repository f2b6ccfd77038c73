# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The root of every error whose message is written for the user."""


class LwrfError(Exception):
    """Something the user gave cannot be used; the message says got, wanted and what to do."""
