#!/usr/bin/env python3
"""How far samplers are from a run of many steps, on a denoiser that is exact. Needs numpy only.

    python tools/exact_denoiser.py [--steps 5,10,25,50] [--guidance 3] [--seeds 8] [--spread 0.1]

The data are clips in latent space: a few pictures, each of which drifts evenly, at any speed within a square. Their
density is a mixture of Gaussians, one for each of a grid of drifts: the clip, deviations along the change with its two speeds
as wide as the grid, and a little in every direction. So the mean of what is possible given a noisy clip, which a network
learns, has a closed form at any noise level, and with the picture as condition as well as without. Its trajectories bend as
a model's do: first towards the mean of all, then to a picture, then to a motion. It knows nothing of a network's errors.

Each row is a sampler; a number says how much nearer its last latents are to those of the reference (200 steps of Heun's
method) than the reference is to nothing, in dB: higher is better. Passes are evaluations of the denoiser, two a step with
guidance. "difference every n": guidance's second half is evaluated every n-th step only, and its difference kept between.
"""

import argparse

import numpy as np

SIGMA_MIN, SIGMA_MAX, RHO = 0.002, 700.0, 7.0  # Stable Video Diffusion's
FRAMES, CHANNELS, HEIGHT, WIDTH = 6, 4, 6, 8


class ExactDenoiser:
    """The posterior mean under a mixture of Gaussians with means[i] and covariance spread^2 I + J_i J_i^T, where J_i are
    the rows of tangents[i] [k, n]; all equally probable."""

    def __init__(self, means, tangents, spread):
        self.means, self.tangents, self.spread = means, tangents, spread
        self.squares = np.square(means).sum(1)
        self.tangents_of_mean = np.einsum("ikn,in->ik", tangents, means)
        self.gram = np.einsum("ikn,iln->ikl", tangents, tangents)

    def parts(self, x, sigma, among):
        """For x [b, n]: the log of each member's share of the density [b, i], and its weights along the tangents [b, i, k].
        among: the members that the condition leaves."""
        a = self.spread ** 2 + sigma ** 2
        squares = np.square(x).sum(1)[:, None] - 2 * x @ self.means[among].T + self.squares[among]
        along = np.einsum("ikn,bn->bik", self.tangents[among], x, optimize=True) - self.tangents_of_mean[among]
        inner = np.eye(self.gram.shape[1]) + self.gram[among] / a  # Woodbury's identity
        weights = np.einsum("ikl,bil->bik", np.linalg.inv(inner), along)
        quadratic = (squares - (along * weights).sum(2) / a) / a
        normal = x.shape[1] * np.log(2 * np.pi * a) + np.linalg.slogdet(inner)[1]
        return -0.5 * (quadratic + normal) - np.log(len(self.means[among])), weights / a

    def log_density(self, x, sigma, among=slice(None)):
        logs = self.parts(x, sigma, among)[0]
        top = logs.max(1)
        return top + np.log(np.exp(logs - top[:, None]).sum(1))

    def __call__(self, x, sigma, among=slice(None)):
        """The mean of the clean x [b, n] given x with noise of deviation sigma."""
        logs, weights = self.parts(x, sigma, among)
        share = np.exp(logs - logs.max(1)[:, None])
        share /= share.sum(1)[:, None]
        away = x - share @ self.means[among] - np.einsum("bi,bik,ikn->bn", share, weights, self.tangents[among], optimize=True)
        return x - sigma ** 2 / (self.spread ** 2 + sigma ** 2) * away


def drifting_clips(rng, pictures=3, speeds=13, fastest=0.5):
    """means and tangents for pictures x speeds x speeds clips, picture by picture. Speeds are in cells a frame."""
    frequency = np.stack(np.meshgrid(np.fft.fftfreq(HEIGHT), np.fft.fftfreq(WIDTH), indexing="ij"))  # [2, h, w]
    roughness = 1 / (0.1 + np.hypot(*frequency))
    time = np.arange(FRAMES)[:, None, None, None]
    grid = np.linspace(-fastest, fastest, speeds)
    width = grid[1] - grid[0]

    def clip(spectrum, speed):
        """A periodic picture, moved by the theorem of shifts."""
        phase = np.exp(-2j * np.pi * time * np.tensordot(speed, frequency, 1))
        return np.fft.ifft2(spectrum * phase).real.ravel()

    means, tangents = [], []
    for _ in range(pictures):
        spectrum = np.fft.fft2(rng.normal(size=(CHANNELS, HEIGHT, WIDTH))) * roughness
        spectrum *= np.sqrt(spectrum[0].size * spectrum.size) / np.linalg.norm(spectrum)  # deviation 1
        for speed in np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2):
            means.append(clip(spectrum, speed))
            tangents.append([(clip(spectrum, speed + step) - clip(spectrum, speed - step)) / 2
                             for step in (width * 0.6) * np.eye(2)])
    return np.array(means), np.array(tangents)


def noise_levels(steps):
    """Karras' list, then 0."""
    ramp = np.linspace(0, 1, steps)
    low, high = SIGMA_MIN ** (1 / RHO), SIGMA_MAX ** (1 / RHO)
    return np.append((high + ramp * (low - high)) ** RHO, 0.0)


class Guided:
    """The denoiser with guidance, as a function of x and sigma that counts its passes. The weight grows with the frame from 1
    to scale. every: the difference of the two halves is evaluated in every n-th call, else that of the call before."""

    def __init__(self, denoiser, among, scale, every=1):
        self.denoiser, self.among, self.every, self.passes, self.calls = denoiser, among, every, 0, 0
        self.weight = np.repeat(np.linspace(1, scale, FRAMES), CHANNELS * HEIGHT * WIDTH) - 1
        self.difference = None

    def __call__(self, x, sigma):
        clean = self.denoiser(x, sigma, self.among)
        self.passes += 1
        if not self.weight.any():
            return clean
        if self.calls % self.every == 0:
            self.difference = clean - self.denoiser(x, sigma)
            self.passes += 1
        self.calls += 1
        return clean + self.weight * self.difference


def euler(denoise, x, sigmas):
    for sigma, after in zip(sigmas, sigmas[1:]):
        x = x + (after - sigma) * (x - denoise(x, sigma)) / sigma
    return x


def heun(denoise, x, sigmas):
    """Karras et al., algorithm 1 without churn: the last step is Euler's."""
    for sigma, after in zip(sigmas, sigmas[1:]):
        slope = (x - denoise(x, sigma)) / sigma
        ahead = x + (after - sigma) * slope
        if after > 0:
            slope = (slope + (ahead - denoise(ahead, after)) / after) / 2
            ahead = x + (after - sigma) * slope
        x = ahead
    return x


def dpmpp_2m(denoise, x, sigmas):
    """DPM-Solver++(2M) in its form for data whose scale does not change: the last step is of first order."""
    before = None
    for i, (sigma, after) in enumerate(zip(sigmas, sigmas[1:])):
        clean = denoise(x, sigma)
        if after == 0:
            return clean
        step = np.log(sigma / after)
        ahead = clean
        if before is not None:
            ratio = np.log(sigmas[i - 1] / sigma) / step
            ahead = clean + (clean - before) / (2 * ratio)
        x, before = after / sigma * x - np.expm1(-step) * ahead, clean
    return x


def dpmpp_2m_sde(denoise, x, sigmas):
    """Its SDE form, with its own noise."""
    before, rng = None, np.random.default_rng(1)
    for i, (sigma, after) in enumerate(zip(sigmas, sigmas[1:])):
        clean = denoise(x, sigma)
        if after == 0:
            return clean
        step, ahead = np.log(sigma / after), clean
        if before is not None:
            ahead = clean + (clean - before) * step / (2 * np.log(sigmas[i - 1] / sigma))
        noise = after * np.sqrt(-np.expm1(-2 * step)) * rng.normal(size=x.shape)
        x, before = (after / sigma) ** 2 * x - np.expm1(-2 * step) * ahead + noise, clean
    return x


def unipc(denoise, x, sigmas):
    """UniPC of order 2 with B(h) = e^h - 1: a corrector over the step before, then a predictor, by one evaluation."""
    pictures, last = [], None  # the latest last
    for i, (sigma, after) in enumerate(zip(sigmas, sigmas[1:])):
        clean = denoise(x, sigma)
        if i > 0:
            h = np.log(sigmas[i - 1] / sigma)
            e, total, inner = np.expm1(-h), 0.5, 0
            if i > 1:
                k = -np.log(sigmas[i - 2] / sigmas[i - 1]) / h
                first = -e / h - 1
                b1, b2 = first / e, 2 * (-first / h - 0.5) / e
                share = (b1 - b2) / (1 - k)
                total, inner = b1 - share, share * (pictures[-2] - pictures[-1]) / k
            x = np.exp(-h) * last - e * (pictures[-1] + inner + total * (clean - pictures[-1]))
        last, ahead = x, clean
        if after == 0:
            return clean
        if i > 0 and i + 2 < len(sigmas):
            k = -np.log(sigmas[i - 1] / sigma) / np.log(sigma / after)
            ahead = clean + (pictures[-1] - clean) / (2 * k)
        x = after / sigma * x + (1 - after / sigma) * ahead
        pictures.append(clean)
    return x


SAMPLERS = {"Euler": euler, "Heun": heun, "DPM-Solver++ 2M": dpmpp_2m, "DPM-Solver++ 2M SDE": dpmpp_2m_sde, "UniPC": unipc}


def nearness(x, reference):
    """In dB, over all of a batch."""
    return 10 * np.log10(np.square(reference).mean() / max(np.square(x - reference).mean(), 1e-30))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", default="5,10,25,50,100")
    parser.add_argument("--guidance", type=float, default=3.0, help="of the last frame; 1 is none (default: 3)")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--spread", type=float, default=0.1, help="of the data in every direction (default: 0.1)")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    means, tangents = drifting_clips(rng)
    denoiser, first = ExactDenoiser(means, tangents, args.spread), slice(0, len(means) // 3)  # of the first picture
    noise = rng.normal(size=(args.seeds, means.shape[1])) * np.hypot(SIGMA_MAX, 1)
    reference = heun(Guided(denoiser, first, args.guidance), noise, noise_levels(200))

    steps = [int(n) for n in args.steps.split(",")]
    print("| sampler | " + " | ".join(f"{n} steps: dB | passes" for n in steps) + " |")
    print("|---" * (1 + 2 * len(steps)) + "|")
    rows = [(name, sampler, 1) for name, sampler in SAMPLERS.items()]
    if args.guidance > 1:
        rows += [(f"Euler, difference every {n}", euler, n) for n in (2, 3)]
    for name, sampler, every in rows:
        cells = []
        for n in steps:
            denoise = Guided(denoiser, first, args.guidance, every)
            cells += [f"{nearness(sampler(denoise, noise, noise_levels(n)), reference):.1f}", str(denoise.passes)]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
