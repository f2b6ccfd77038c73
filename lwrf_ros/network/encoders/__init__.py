# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Encoders: an image to feature maps ("taps") at several strides, one file a family."""
