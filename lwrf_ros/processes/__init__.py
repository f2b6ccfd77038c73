# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Processes that meet over DDS: started, watched and ended; cameras, recorders and the demo."""
