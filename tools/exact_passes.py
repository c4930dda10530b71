#!/usr/bin/env python3
"""How far runs with fewer passes are from a run of many steps, on a denoiser that is exact. Needs numpy only.

    python tools/exact_passes.py [--passes 10,16,20,25,30,40] [--guidance 3] [--seeds 6] [--error 0.02] [--speeds]

The data are those of exact_denoiser.py, but for what is around each clip: details of natural pictures, strong where they
are coarse, which are unsure the more the later the frame with the picture as condition, and in all frames without. So
guidance counts: of 3, it changes the last latents by a quarter of their size (12.8 dB), and the two halves differ at noise
levels from 700 to 0.1. With --error the denoiser's velocity is wrong by that share of what a velocity is: a fixed field
over latents and levels, as good as independent from one level to the next, where a line through two of them errs most.

Each row is a sampler with what is left out; a number is the mean over seeds of how much nearer its last latents are to
those of the reference (200 steps of Heun's method by the same denoiser, all passes) than the reference is to nothing, in
dB: the best that the row's numbers of steps come to within so many passes. docs/PERFORMANCE.md has the table.
"""

import argparse

import numpy as np

from exact_denoiser import (CHANNELS, FRAMES, HEIGHT, SIGMA_MAX, WIDTH, dpmpp_2m, drifting_clips, euler, heun, nearness,
                            noise_levels, unipc)

STEPS = (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 25, 28, 32, 36, 40)


class UnevenDenoiser:
    """The posterior mean under a mixture as ExactDenoiser's, with a spread [n] that differs along the coordinates."""

    def __init__(self, means, tangents, spread):
        self.means, self.tangents, self.spread = means, tangents, spread
        self.flat = tangents.reshape(-1, means.shape[1])
        self.known = {}  # by level: what no latents change

    def at(self, sigma):
        if sigma not in self.known:
            a = 1 / (self.spread ** 2 + sigma ** 2)
            inner = np.eye(2) + np.einsum("ikn,iln,n->ikl", self.tangents, self.tangents, a, optimize=True)
            self.known[sigma] = (a, np.square(self.means) @ a, np.einsum("ikn,in,n->ik", self.tangents, self.means, a,
                                                                        optimize=True),
                                 np.linalg.inv(inner), np.linalg.slogdet(inner)[1])
        return self.known[sigma]

    def __call__(self, x, sigma):
        a, squares, offset, inverse, determinant = self.at(sigma)
        along = ((x * a) @ self.flat.T).reshape(len(x), len(self.means), 2) - offset
        weights = np.einsum("ikl,bil->bik", inverse, along)
        logs = -0.5 * (squares - 2 * (x * a) @ self.means.T - (along * weights).sum(2) + determinant)
        share = np.exp(logs - logs.max(1)[:, None])
        share /= share.sum(1)[:, None]
        away = x - share @ self.means - (share[:, :, None] * weights).reshape(len(x), -1) @ self.flat
        return x - sigma ** 2 * a * away


def waves(clips):
    """Clips [..., n] in an orthonormal basis of waves (Hartley's), where details are of one coordinate each."""
    spectrum = np.fft.fft2(clips.reshape(-1, FRAMES, CHANNELS, HEIGHT, WIDTH))
    return ((spectrum.real - spectrum.imag) / np.sqrt(HEIGHT * WIDTH)).reshape(clips.shape)


def unsure(first, later):
    """Spread [n]: 0.1, and details whose strength goes from `first` to `later` over the frames."""
    coarse = 1 / (0.1 + np.hypot(*np.meshgrid(np.fft.fftfreq(HEIGHT), np.fft.fftfreq(WIDTH), indexing="ij")))
    strength = np.linspace(first, later, FRAMES)[:, None, None, None] * coarse / np.sqrt(np.square(coarse).mean())
    return np.hypot(0.1, np.broadcast_to(strength, (FRAMES, CHANNELS, HEIGHT, WIDTH))).ravel()


def error_field(rng, size, share, waves_count=48, length=0.1):
    """A fixed function of x and sigma, of deviation `share`, that changes over `length` of ln sigma."""
    directions = rng.normal(size=(waves_count, size)) / np.sqrt(size)
    speeds, phases = rng.normal(size=waves_count) / length, rng.uniform(0, 2 * np.pi, waves_count)
    heights = rng.normal(size=(waves_count, size)) * np.sqrt(2 / waves_count)
    return lambda x, sigma: share * np.cos(3 * x / np.hypot(sigma, 1) @ directions.T + speeds * np.log(sigma) +
                                           phases) @ heights


class Halves:
    """Both halves of guidance, of the first picture and of none, with their errors, most of which is common."""

    def __init__(self, rng, error):
        means, tangents = (waves(each) for each in drifting_clips(rng))
        first = len(means) // 3
        self.parts = (UnevenDenoiser(means[:first], tangents[:first], unsure(0.1, 0.7)),
                      UnevenDenoiser(means, tangents, unsure(0.6, 1.0)))
        self.size = means.shape[1]
        self.errors = [error_field(np.random.default_rng(seed), self.size, error) for seed in (5, 6)]
        self.error = error

    def __call__(self, half, x, sigma):
        clean = self.parts[half](x, sigma)
        if not self.error:
            return clean
        wrong = self.errors[0](x, sigma) + (0.3 * self.errors[1](x, sigma) if half else 0)
        return clean + sigma / np.hypot(sigma, 1) * wrong


class Sparse:
    """Guidance and forecasts as --guidance-interval, --guidance-every and --forecast-every have them, of a run of `steps`
    evaluations, as a function of x and sigma that counts its passes."""

    def __init__(self, halves, scale, interval=(0, np.inf), every=1, forecast_every=0, steps=0):
        self.halves, self.interval, self.every, self.forecast_every, self.steps = (halves, interval, every, forecast_every,
                                                                                   steps)
        self.weight = np.repeat(np.linspace(1, scale, FRAMES), CHANNELS * HEIGHT * WIDTH) - 1
        self.passes = self.calls = self.guided = 0
        self.slopes, self.difference = [], None

    def __call__(self, x, sigma):
        call, self.calls = self.calls, self.calls + 1
        if self.forecast_every and call >= 2 and (call - 2) % self.forecast_every == 0 and call + 1 < self.steps:
            (before, earlier), (last, later) = self.slopes[-2:]
            return x - sigma * (later + np.log(last / sigma) / np.log(before / last) * (later - earlier))
        clean = self.guide(x, sigma)
        self.slopes = self.slopes[-1:] + [(sigma, (x - clean) / sigma)]
        return clean

    def guide(self, x, sigma):
        clean = self.halves(0, x, sigma)
        self.passes += 1
        if not self.weight.any() or not self.interval[0] <= sigma <= self.interval[1]:
            return clean
        to_velocity = np.hypot(sigma, 1) / sigma
        if self.guided % self.every == 0:
            self.difference = (clean - self.halves(1, x, sigma)) * to_velocity
            self.passes += 1
        self.guided += 1
        return clean + self.weight * self.difference / to_velocity


def within(high):
    return {"interval": (0.1, high)}


# src/pipeline/speed.c
SPEEDS = {"exact": (euler, 25, {}), "balanced": (unipc, 20, {**within(50), "every": 2}),
          "fast": (dpmpp_2m, 18, {**within(25), "forecast_every": 2}), "draft": (euler, 6, within(25))}


def speeds(args):
    """The rungs of --speed on two sets of pictures, beside Euler's steps of as many passes."""
    print("| speed | passes | dB | least | Euler, as many passes |\n|---|---|---|---|---|")
    near, passes, euler_near = ({name: [] for name in SPEEDS} for _ in range(3))
    for pictures in (0, 3):
        rng = np.random.default_rng(pictures)
        halves = Halves(rng, args.error)
        noise = rng.normal(size=(args.seeds, halves.size)) * np.hypot(SIGMA_MAX, 1)
        reference = heun(Sparse(halves, args.guidance), noise, noise_levels(200))
        for name, (sampler, steps, settings) in SPEEDS.items():
            denoise = Sparse(halves, args.guidance, steps=steps, **settings)
            made = sampler(denoise, noise, noise_levels(steps))
            steps = max(1, round(denoise.passes / 2))
            plain = euler(Sparse(halves, args.guidance, steps=steps), noise, noise_levels(steps))
            passes[name] = denoise.passes
            near[name] += [nearness(one, wanted) for one, wanted in zip(made, reference)]
            euler_near[name] += [nearness(one, wanted) for one, wanted in zip(plain, reference)]
    for name in SPEEDS:
        print(f"| {name} | {passes[name]} | {np.mean(near[name]):.1f} | {min(near[name]):.1f} | {np.mean(euler_near[name]):.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passes", default="10,16,20,25,30,40")
    parser.add_argument("--guidance", type=float, default=3.0, help="of the last frame; 1 is none (default: 3)")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--error", type=float, default=0.02, help="of the velocity (default: 0.02)")
    parser.add_argument("--speeds", action="store_true", help="only the rungs of --speed")
    args = parser.parse_args()
    if args.speeds:
        speeds(args)
        return
    budgets = [int(n) for n in args.passes.split(",")]
    rng = np.random.default_rng(0)
    halves = Halves(rng, args.error)
    noise = rng.normal(size=(args.seeds, halves.size)) * np.hypot(SIGMA_MAX, 1)
    reference = heun(Sparse(halves, args.guidance), noise, noise_levels(200))

    kinds = [("", {}), (", forecast every 2", {"forecast_every": 2}), (", forecast every 3", {"forecast_every": 3})]
    if args.guidance > 1:
        kinds += [(", guidance every 2", {"every": 2}), (", guidance every 3", {"every": 3})]
        for high in (100, 50, 25):
            within = {"interval": (0.1, high)}
            kinds += [(f", 0.1:{high}", within), (f", 0.1:{high}, every 2", {**within, "every": 2}),
                      (f", 0.1:{high}, forecast every 2", {**within, "forecast_every": 2})]
    print("| within so many passes | " + " | ".join(str(n) for n in budgets) + " |")
    print("|---" * (1 + len(budgets)) + "|")
    for name, sampler in (("euler", euler), ("dpmpp_2m", dpmpp_2m), ("unipc", unipc)):
        for what, settings in kinds:
            best = {n: -np.inf for n in budgets}
            for steps in STEPS:
                denoise = Sparse(halves, args.guidance, steps=steps, **settings)
                made = sampler(denoise, noise, noise_levels(steps))
                near = np.mean([nearness(one, wanted) for one, wanted in zip(made, reference)])
                best.update({n: max(best[n], near) for n in budgets if denoise.passes <= n})
            cells = [f"{near:.1f}" if np.isfinite(near) else "" for near in best.values()]
            print(f"| `{name}`{what} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
