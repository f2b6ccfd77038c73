# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The parts of ``lwrf benchmark``."""
