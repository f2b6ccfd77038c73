# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is behind `lwrf weights`: the list of what is bundled, and the time of a frame."""
