# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A recording's frames as the images, and first masks, of a data set."""
