# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What people see and type on a terminal: progress bars, tables, numbers as arguments."""
