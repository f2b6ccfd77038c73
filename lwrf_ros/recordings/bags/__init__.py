# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Bags, read file by file and message by message; and one that is written."""
