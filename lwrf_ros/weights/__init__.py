# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which weights there are and which are meant; what their cards say; how they are loaded."""
