# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Empirical receptive fields: parts of an image hidden, one after the other."""
