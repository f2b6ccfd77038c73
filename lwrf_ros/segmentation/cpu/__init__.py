# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The network on a CPU, by kernels of our own.

`planning` turns a network in torch into a list of steps and gives these their places in memory;
`kernels` are what numba compiles, with the program that goes through the steps in every thread
(docs/architecture.md). `pixels` are a frame's on both sides of the network.
"""
