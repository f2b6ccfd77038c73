# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Terminal input and output: progress bars, tables, numbers as arguments."""
