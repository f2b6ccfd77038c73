# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The decoder's parts against values worked out by hand and plain functions."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from reference import pooling_chain
from torch import Tensor

from lwrf_ros.network.decoder import CRP_STAGES, FORMS, ChainedResidualPooling, Decoder, Level
from lwrf_ros.network.encoders.blocks import Tap


def noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def test_crp_spreads_a_single_peak_by_two_pixels_a_stage() -> None:
    crp = ChainedResidualPooling(1)
    for stage, weight in zip(crp.stages, (0.5, 0.5, 0.5, 0.5), strict=True):
        stage.weight.data.fill_(weight)
    x = torch.zeros(1, 1, 1, 19)
    x[..., 9] = 16.0
    # Link k is 16 / 2**k wherever a peak lies within 2k pixels; all links and x are summed.
    by_distance = {0: 16 + 8 + 4 + 2 + 1, 1: 15, 2: 15, 3: 7, 4: 7, 5: 3, 6: 3, 7: 1, 8: 1, 9: 0}
    wanted = [float(by_distance[abs(column - 9)]) for column in range(19)]
    assert crp(x)[0, 0, 0].tolist() == wanted


def test_crp_never_pools_the_padding() -> None:
    crp = ChainedResidualPooling(1)
    for stage in crp.stages:
        stage.weight.data.fill_(1.0)
    # All values are negative: zero padding would win the maximum at the border.
    assert crp(torch.full((1, 1, 3, 3), -1.0)).flatten().tolist() == [-5.0] * 9


def test_crp_equals_the_plain_functions_and_leaves_its_input() -> None:
    crp = ChainedResidualPooling(6)
    assert len(crp.stages) == CRP_STAGES == 4
    x = noise(2, 6, 11, 13)
    before = x.clone()
    with torch.inference_mode():
        out = crp(x)
    torch.testing.assert_close(out, pooling_chain(x, [s.weight for s in crp.stages]))
    assert torch.equal(x, before)


@pytest.mark.parametrize("adapt", [True, False])
@pytest.mark.parametrize("width_up", [None, 5])
def test_level_equals_the_plain_functions(adapt: bool, width_up: int | None) -> None:
    level = Level([Tap(3, 8), Tap(4, 8)], 6, width_up, adapt, F.relu6).eval()
    first, second, deeper = noise(2, 3, 9, 12), noise(2, 4, 9, 12), noise(2, 6, 5, 6)
    total = F.conv2d(first, level.reduce[0].weight) + F.conv2d(second, level.reduce[1].weight)
    if adapt:
        total = F.conv2d(total, level.adapt.weight)
    total = total + F.interpolate(deeper, size=(9, 12), mode="bilinear", align_corners=True)
    wanted = pooling_chain(total.clamp(0, 6), [stage.weight for stage in level.crp.stages])
    if width_up:
        wanted = F.conv2d(wanted, level.project.weight)
    torch.testing.assert_close(level([first, second], deeper), wanted)


def test_level_upsamples_with_aligned_corners() -> None:
    level = Level([Tap(1, 4)], 1, None, False, F.relu)
    level.reduce[0].weight.data.fill_(0.0)
    for stage in level.crp.stages:
        stage.weight.data.fill_(0.0)
    out = level([torch.zeros(1, 1, 1, 5)], torch.tensor([[[[0.0, 4.0]]]]))
    # Half-pixel centres would give 0, 0.4, 2, 3.6, 4.
    assert out.flatten().tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_dropout_acts_in_training_only() -> None:
    level = Level([Tap(64, 8, dropout=0.5)], 8, None, False, F.relu)
    x = noise(1, 64, 8, 8)
    assert torch.equal(level.eval()([x], None), level([x], None))
    level.train()
    torch.manual_seed(0)
    assert not torch.equal(level([x], None), level([x], None))


def test_no_convolution_of_the_decoder_has_a_bias() -> None:
    decoder = Decoder([Tap(3, 4), Tap(4, 8)], FORMS["mobile"])
    assert all(name.endswith("weight") for name in decoder.state_dict())
    assert all(value.shape[2:] == (1, 1) for value in decoder.state_dict().values())


def test_taps_of_one_stride_share_a_level_and_the_shallowest_sets_the_size() -> None:
    taps = [Tap(3, 4), Tap(4, 16), Tap(5, 16), Tap(6, 32)]
    decoder = Decoder(taps, FORMS["mobile"])
    assert decoder.tap_counts == [1, 2, 1]
    assert [level.project is None for level in decoder.levels] == [False, False, True]
    maps = [torch.zeros(1, 3, 17, 9), *(torch.zeros(1, c, 5, 3) for c in (4, 5))]
    out = decoder([*maps, torch.zeros(1, 6, 3, 2)])
    assert out.shape == (1, 256, 17, 9)


def test_the_resnet_form_is_wider_at_the_deepest_level_and_adapts_above_it() -> None:
    decoder = Decoder([Tap(3, 4), Tap(4, 8), Tap(5, 16)], FORMS["resnet"])
    deepest, *above = decoder.levels
    assert deepest.reduce[0].weight.shape == (512, 5, 1, 1)
    assert deepest.project.weight.shape == (256, 512, 1, 1)
    assert deepest.adapt is None
    assert [level.adapt.weight.shape for level in above] == [(256, 256, 1, 1)] * 2
