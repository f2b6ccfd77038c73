# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is behind ``lwrf receptive-field``: parts of an image hidden, one after the other."""
