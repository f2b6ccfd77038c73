# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Labels by a teacher: what a network that somebody else trained sees, in one's own classes."""
