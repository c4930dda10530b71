"""Shots: what moves and how, made from photographs by grid_sample, and cut from real clips.

A layer is a photograph seen through a path: per frame the map from the picture's coordinates (y in -1..1, x in
-aspect..aspect) to the first frame's, as [frames, 2, 3]. Every motion is even, so that a shot has few numbers: the noise
can choose among shots, and all frames tell of the choice. motion_bucket_id is the mean speed of all that is seen.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from common import FRAMES, HEIGHT, WIDTH

SLOW, FAST = 0.5, 2.4  # mean speed in pixels a frame, at 256 wide and 7 fps, of motion_bucket_id 0 and 255
KINDS = {"pan": 0.34, "zoom": 0.20, "roll": 0.08, "mixed": 0.08, "layers": 0.12, "sprites": 0.10, "clip": 0.08}
RATES = (7, 7, 7, 7, 6, 8, 10)
MOST_UPSAMPLING = 1.2  # pixels of a shot for a pixel of the photograph


def speed_of(bucket, fps):
    """Pixels a frame, at 256 wide: what motion_bucket_id stands for in this model."""
    return (SLOW + (FAST - SLOW) * bucket / 255) * 7 / fps


def bucket_of(speed, fps):
    """The motion_bucket_id of a speed, not kept within its range."""
    return (speed * fps / 7 - SLOW) / (FAST - SLOW) * 255


class Motion:
    """An even motion: drift (2 numbers), growth and turn about a centre, all a frame."""

    def __init__(self, drift=(0, 0), growth=0.0, turn=0.0, centre=(0, 0)):
        self.drift, self.growth, self.turn = np.asarray(drift, float), growth, turn
        self.centre = np.asarray(centre, float)

    def times(self, factor):
        return Motion(self.drift * factor, self.growth * factor, self.turn * factor, self.centre)

    def velocity(self, points):
        """Of points [n, 2]."""
        turning = np.array([[self.growth, -self.turn], [self.turn, self.growth]])
        return self.drift + (points - self.centre) @ turning.T

    def path(self, frames):
        maps = np.zeros((frames, 2, 3))
        for t in range(frames):
            c, s = math.exp(self.growth * t) * np.array([math.cos(self.turn * t), math.sin(self.turn * t)])
            maps[t, :, :2] = [[c, -s], [s, c]]
            maps[t, :, 2] = self.centre - maps[t, :, :2] @ self.centre + self.drift * t
        return maps


def direction(rng):
    angle = rng.uniform(0, 2 * math.pi)
    return np.array([math.cos(angle), math.sin(angle)])


def camera(rng, kind):
    """One motion of a kind, of any speed."""
    centre, sign = rng.normal(0, 0.15, 2), rng.choice([-1.0, 1.0])
    if kind == "zoom":
        return Motion(growth=sign, centre=centre)
    if kind == "roll":
        return Motion(turn=sign, centre=centre)
    if kind == "mixed":
        return Motion(direction(rng), *rng.normal(0, 0.7, 2), centre)
    return Motion(direction(rng))


class Blob:
    """A mask with a wavy outline: 1 within."""

    def __init__(self, rng, aspect):
        self.radius, self.at = rng.uniform(0.25, 0.6), rng.uniform(-0.7, 0.7, 2) * [aspect, 1.0]
        self.waves = [(n, rng.normal(0, 0.35 / n), rng.uniform(0, 2 * math.pi)) for n in range(2, 6)]

    def __call__(self, x, y):
        x, y = x - self.at[0], y - self.at[1]
        angle = torch.atan2(y, x)
        outline = sum(size * torch.cos(n * angle + phase) for n, size, phase in self.waves)
        return self.radius * (1 + outline) - torch.hypot(x, y)


class Ridge:
    """A mask with a wavy upper edge: 1 below, as of what stands near in a landscape; in some shots turned to a side."""

    def __init__(self, rng, aspect):
        self.height, self.side = rng.uniform(-0.1, 0.6), rng.random() < 0.3
        self.waves = [(rng.uniform(0.5, 6), rng.normal(0, 0.12), rng.uniform(0, 2 * math.pi)) for _ in range(4)]

    def __call__(self, x, y):
        x, y = (y, x) if self.side else (x, y)
        return y - self.height - sum(size * torch.sin(n * x + phase) for n, size, phase in self.waves)


def grid_of(maps, aspect, height, width):
    """First-frame coordinates [frames, height, width, 2] of each pixel."""
    theta = maps.copy()
    theta[:, :, :2] = theta[:, :, :2] @ np.diag([aspect, 1.0])  # affine_grid's coordinates are -1..1 on both axes
    return F.affine_grid(torch.from_numpy(theta).float(), (len(maps), 3, height, width), align_corners=False)


def place(rng, photo, maps, height, width, tries=4):
    """Where a shot's first frame lies in a photograph: (half its height, its middle) in pixels. None where it has no room."""
    aspect = width / height
    h, w = photo[0].shape[1:]
    corners = np.array([[x, y, 1.0] for x in (-aspect, aspect) for y in (-1, 1)])
    seen = np.einsum("tij,nj->tni", maps, corners).reshape(-1, 2)
    most, least = min(h, w / aspect) / 2, height / 2 / MOST_UPSAMPLING
    for _ in range(tries if most >= least else 0):
        half = math.exp(rng.uniform(math.log(least), math.log(most)))
        low, high = -seen.min(0) * half, np.array([w, h]) - seen.max(0) * half
        if (low <= high).all():
            return half, rng.uniform(low, high)
    return None


def look(photo, where, grid):
    """The photograph at first-frame coordinates."""
    half, centre = where
    h, w = photo[0].shape[1:]
    level = min(max(0, int(math.log2(max(1.0, 2 * half / grid.shape[1])) + 0.3)), len(photo) - 1)
    scale, shift = torch.tensor([2 * half / w, 2 * half / h]), torch.tensor([2 * centre[0] / w - 1, 2 * centre[1] / h - 1])
    at = (grid * scale + shift).float()
    return F.grid_sample(photo[level][None].expand(len(grid), -1, -1, -1), at, align_corners=False, padding_mode="border")


def layers_of(rng, kind, aspect):
    """(motion, mask) for each layer, the farthest first, of any speed."""
    if kind == "layers":
        way, near = direction(rng), rng.uniform(1.6, 3.0)
        growth = rng.normal(0, 0.3)
        return [(Motion(way, growth), None), (Motion(way * near, growth * near), Ridge(rng, aspect))]
    if kind == "sprites":
        back = camera(rng, rng.choice(["pan", "zoom"])).times(rng.uniform(0.2, 1))
        return [(back, None)] + [(Motion(direction(rng) * rng.uniform(1, 2.5), 0, rng.normal(0, 0.5)), Blob(rng, aspect))
                                 for _ in range(rng.integers(1, 3))]
    return [(camera(rng, kind), None)]


def mean_speed(layers, aspect, height):
    """Of what is seen in the first frame, in pixels a frame."""
    y, x = np.meshgrid(np.linspace(-0.95, 0.95, 10), np.linspace(-0.95, 0.95, 16) * aspect, indexing="ij")
    points = np.stack([x.ravel(), y.ravel()], 1)
    speeds = np.zeros(len(points))
    for motion, mask in layers:
        here = np.linalg.norm(motion.velocity(points), axis=1) * height / 2
        within = mask(*torch.from_numpy(points.T)).numpy() > 0 if mask else np.ones(len(points), bool)
        speeds[within] = here[within]
    return speeds.mean()


def render(rng, photos, layers, frames, height, width):
    """[frames, 3, height, width] in -1..1, or None where a photograph has no room."""
    aspect, picture = width / height, None
    for motion, mask in layers:
        maps = motion.path(frames)
        photo = photos[rng.integers(len(photos))]
        where = place(rng, photo, maps, height, width)
        if where is None:
            return None
        grid = grid_of(maps, aspect, height, width)
        seen = look(photo, where, grid)
        if mask is None:
            picture = seen
        else:
            inside = (mask(grid[..., 0], grid[..., 1]) * height / 2 + 0.5).clamp(0, 1)[:, None]  # an edge of a pixel
            picture = picture + inside * (seen - picture)
    return picture


def load_clips(folder):
    """Real clips, as cut_clip takes them."""
    return [(each["frames"], float(each["fps"]), float(each["speed"])) for path in sorted(folder.glob("*.npz"))
            for each in [np.load(path)]]


def cut_clip(rng, clips, frames, height, width):
    """A window of a real clip, at a random pace, some in slow motion, so that its speed is one of ours. clips: (frames
    [n, h, w, 3] in 0..255, frames a second, speed in pixels a frame of the clip at 256 wide)."""
    clip, native, speed = clips[rng.integers(len(clips))]
    pace = int(rng.integers(1, 5))
    fps = float(rng.choice([native / pace, *RATES]))
    bucket = bucket_of(speed * pace, fps)
    start = len(clip) - 1 - pace * (frames - 1)
    if start < 0 or not -25 < bucket < 300:
        return None
    start = rng.integers(start + 1)
    y, x = (rng.integers(have - want + 1) for have, want in zip(clip.shape[1:3], (height, width)))
    window = clip[start:start + pace * frames:pace][:frames, y:y + height, x:x + width]
    window = torch.from_numpy(np.ascontiguousarray(window)).permute(0, 3, 1, 2).float() / 127.5 - 1
    window = window.flip(3) if rng.random() < 0.5 else window
    window = window.flip(0) if rng.random() < 0.3 else window
    return window, float(np.clip(bucket, 0, 255)), fps


def vary(rng, shot):
    """Other colours."""
    order = torch.from_numpy(rng.permutation(3)) if rng.random() < 0.3 else torch.arange(3)
    gain = torch.from_numpy(rng.uniform(0.85, 1.1, (3, 1, 1))).float()
    return (shot[:, order] * gain + rng.uniform(-0.1, 0.1)).clamp(-1, 1)


def make_shot(rng, photos, clips=(), kind=None, bucket=None, fps=None, frames=FRAMES, height=HEIGHT, width=WIDTH,
              colours=True):
    """A random shot: frames [frames, 3, height, width] in -1..1, its motion bucket and fps. A smaller one moves by as many
    pixels, as a part of the whole."""
    while True:
        what = kind or str(rng.choice(list(KINDS), p=list(KINDS.values())))
        if what == "clip":
            made = cut_clip(rng, clips, frames, height, width) if clips else None
        else:
            at, rate = rng.uniform(0, 255) if bucket is None else bucket, fps or int(rng.choice(RATES))
            layers = layers_of(rng, what, width / height)
            factor = speed_of(at, rate) / mean_speed(layers, width / height, height)
            layers = [(motion.times(factor), mask) for motion, mask in layers]
            shot = render(rng, photos, layers, frames, height, width)
            made = None if shot is None else (shot, at, rate)
        if made:
            return (vary(rng, made[0]) if colours else made[0], *made[1:])
