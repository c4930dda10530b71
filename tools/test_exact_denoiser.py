"""The exact denoiser against what it claims to be, and samplers on it: python -m pytest tools/test_exact_denoiser.py."""

import numpy as np
import pytest

import exact_denoiser as exact


@pytest.fixture
def small():
    """Five members in seven dimensions."""
    rng = np.random.default_rng(3)
    return exact.ExactDenoiser(rng.normal(size=(5, 7)), rng.normal(size=(5, 2, 7)) * 0.4, 0.3)


@pytest.fixture(scope="module")
def drifting():
    means, tangents = exact.drifting_clips(np.random.default_rng(0), speeds=7)
    return exact.ExactDenoiser(means, tangents, 0.1), slice(0, len(means) // 3)


@pytest.mark.parametrize("sigma", [0.05, 0.7, 20.0])
def test_density_and_mean_are_those_of_dense_matrices(small, sigma):
    x = np.random.default_rng(1).normal(size=(3, 7)) * sigma
    for among in (slice(None), slice(1, 3)):
        densities, means = [], []
        for mean, tangents in zip(small.means[among], small.tangents[among]):
            clean = 0.3 ** 2 * np.eye(7) + tangents.T @ tangents
            noisy = clean + sigma ** 2 * np.eye(7)
            away = np.linalg.solve(noisy, (x - mean).T)
            densities.append(np.exp(-0.5 * ((x - mean).T * away).sum(0)) / np.sqrt(np.linalg.det(2 * np.pi * noisy)))
            means.append(mean + (clean @ away).T)
        share = np.array(densities) / np.sum(densities, 0)
        assert small.log_density(x, sigma, among) == pytest.approx(np.log(np.mean(densities, 0)), rel=1e-9)
        assert small(x, sigma, among) == pytest.approx(np.einsum("ib,ibn->bn", share, means), rel=1e-8, abs=1e-9)


def test_mean_is_along_the_slope_of_the_density(small):
    """Tweedie's formula, which needs nothing but the density."""
    x, sigma, h = np.random.default_rng(2).normal(size=(1, 7)), 0.6, 1e-5
    slope = np.array([(small.log_density(x + step, sigma) - small.log_density(x - step, sigma))[0] / (2 * h)
                      for step in h * np.eye(7)])
    assert small(x, sigma)[0] == pytest.approx(x[0] + sigma ** 2 * slope, abs=1e-6)


def test_from_pure_noise_the_mean_is_that_of_all(drifting):
    denoiser, first = drifting
    x = np.random.default_rng(4).normal(size=(2, denoiser.means.shape[1])) * 1e5
    assert denoiser(x, 1e5) == pytest.approx(np.tile(denoiser.means.mean(0), (2, 1)), abs=0.02)
    assert denoiser(x, 1e5, first) == pytest.approx(np.tile(denoiser.means[first].mean(0), (2, 1)), abs=0.02)


def test_clips_drift(drifting):
    """The last member moves by half a cell a frame both ways: after two frames by one cell."""
    clip = drifting[0].means[-1].reshape(exact.FRAMES, exact.CHANNELS, exact.HEIGHT, exact.WIDTH)
    assert clip.std() == pytest.approx(1, abs=0.1)
    # where the picture has no frequency of half a cycle a cell, which has no place between cells
    smooth = lambda x: x + np.roll(x, 1, -1) + np.roll(x, 1, -2) + np.roll(x, (1, 1), (-1, -2))
    assert smooth(clip[2]) == pytest.approx(smooth(np.roll(clip[0], (1, 1), (-2, -1))), abs=1e-9)


def test_noise_levels_are_karras():
    levels = exact.noise_levels(25)
    assert len(levels) == 26 and levels[0] == pytest.approx(700) and levels[-2] == pytest.approx(0.002) and levels[-1] == 0
    assert levels[12] == pytest.approx(15.58997, rel=1e-6)


def test_samplers_agree_with_many_steps(drifting):
    denoiser, first = drifting
    noise = np.random.default_rng(5).normal(size=(3, denoiser.means.shape[1])) * 700
    run = lambda sampler, steps: sampler(exact.Guided(denoiser, first, 1.0), noise, exact.noise_levels(steps))
    reference = run(exact.heun, 200)
    near = {name: [exact.nearness(run(sampler, steps), reference) for steps in (5, 25, 100)]
            for name, sampler in exact.SAMPLERS.items() if "SDE" not in name}  # noise of its own ends elsewhere
    for name, (few, some, many) in near.items():
        assert few + 6 < some < many - 3, (name, near)
    assert near["Heun"][2] > near["Euler"][2] + 6 and near["DPM-Solver++ 2M"][2] > near["Euler"][2] + 6
    # what comes out is a clip of the data: of no less density than a clip with its own noise has
    other = denoiser.means[first][:1] + 0.1 * np.random.default_rng(6).normal(size=(1, noise.shape[1]))
    assert (denoiser.log_density(reference, 0.01, first) > denoiser.log_density(other, 0.01, first) - 200).all()


def test_guidance_with_every_step_is_the_formula(drifting):
    denoiser, first = drifting
    x = np.random.default_rng(7).normal(size=(2, denoiser.means.shape[1])) * 3
    guided = exact.Guided(denoiser, first, 3.0, every=2)
    weight = np.repeat(np.linspace(1, 3, exact.FRAMES), x.shape[1] // exact.FRAMES)
    with_picture, without = denoiser(x, 3.0, first), denoiser(x, 3.0)
    assert guided(x, 3.0) == pytest.approx(without + weight * (with_picture - without))
    kept = guided(2 * x, 2.0)
    assert kept == pytest.approx(denoiser(2 * x, 2.0, first) + (weight - 1) * (with_picture - without))
    assert guided.passes == 3
