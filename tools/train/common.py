"""What the stages share: arguments, photographs, camera motion over them, the optimiser, EMA."""

import argparse
import math
import os
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

WIDTH, HEIGHT, FRAMES = 256, 160, 14
TOP_SPEED = 0.9  # displacement in pixels a frame, at 256 wide and 7 fps, that motion_bucket_id 255 stands for


def arguments(doc, **more):
    """The arguments that every stage has, and this stage's own: name=default."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("out/train"), help="folder for data and checkpoints")
    parser.add_argument("--smoke", action="store_true", help="a very short run that only shows that the stage works")
    parser.add_argument("--seed", type=int, default=0)
    for name, default in more.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), default=default)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 2)))
    return args


def load_photos(folder, mirror=False):
    """Each photograph (and its mirror image) as a list of levels [3, h, w] in -1..1, every level half as large as the one before."""
    photos = []
    for path in sorted(Path(folder).glob("*.png")):
        level = torch.from_numpy(np.array(Image.open(path))).permute(2, 0, 1).float() / 127.5 - 1
        levels = [level]
        while min(levels[-1].shape[1:]) >= 2 * 100:
            levels.append(F.avg_pool2d(levels[-1], 2))
        photos += [levels, [mirrored.flip(2) for mirrored in levels]] if mirror else [levels]
    if not photos:
        raise SystemExit(f"{folder} has no photographs: run fetch_data.py first")
    return photos


def speed_of(bucket, fps):
    """Pixels a frame, at 256 wide: what motion_bucket_id stands for in this model. A fifth of the way is made at 0."""
    return TOP_SPEED * (0.2 + 0.8 * bucket / 255) * 7 / fps


def bucket_of(speed, fps):
    """The motion_bucket_id of a speed, not kept within its range."""
    return (speed * fps / 7 / TOP_SPEED - 0.2) / 0.8 * 255


def camera_path(speed, frames):
    """The shot: the camera moves evenly to the right, so the picture to the left. Per frame the map from picture
    coordinates (y in -1..1, x in -aspect..aspect) to the first frame's, as [frames, 2, 3]."""
    maps = np.tile(np.eye(2, 3), (frames, 1, 1))
    maps[:, 0, 2] = np.arange(frames) * speed / (HEIGHT / 2)
    return maps


def render(rng, photo, maps, height, width, share):
    """The shot over one photograph as [frames, 3, height, width]; share says how much of the photograph's size the
    first frame covers at most. None where the shot leaves the photograph."""
    aspect = width / height
    h, w = photo[0].shape[1:]
    half = min(h, w / aspect) / 2 * share  # of the first frame's height, in the photograph's pixels
    corners = np.array([[x, y, 1.0] for x in (-aspect, aspect) for y in (-1, 1)])
    seen = np.einsum("tij,nj->tni", maps, corners).reshape(-1, 2) * half
    low, high = -seen.min(0), np.array([w, h]) - seen.max(0)
    if (low > high).any():
        return None
    centre = rng.uniform(low, high)
    level = min(max(0, int(math.log2(max(1.0, 2 * half / height)) + 0.3)), len(photo) - 1)
    source = photo[level]
    lh, lw = source.shape[1:]
    to_unit = np.diag([2 / w, 2 / h])
    theta = np.zeros_like(maps)
    # affine_grid's coordinates are -1..1 on both axes
    theta[:, :, :2] = to_unit @ (maps[:, :, :2] * half) @ np.diag([aspect, 1.0])
    theta[:, :, 2] = (maps[:, :, 2] * half + centre) @ to_unit - 1
    grid = F.affine_grid(torch.from_numpy(theta).float(), (len(maps), 3, height, width), align_corners=False)
    return F.grid_sample(source[None].expand(len(maps), -1, -1, -1), grid, align_corners=False, padding_mode="border")


def make_clip(rng, photos, frames=FRAMES, height=HEIGHT, width=WIDTH, bucket=None, fps=None, vary=True):
    """A random shot, with colours varied: frames [frames, 3, height, width] in -1..1, its motion bucket and fps."""
    while True:
        bucket_here = rng.uniform(0, 255) if bucket is None else bucket
        rate = fps or int(rng.choice([7, 7, 7, 7, 6, 8, 10]))
        maps = camera_path(speed_of(bucket_here, rate) * HEIGHT / height, frames)
        clip = render(rng, photos[rng.integers(len(photos))], maps, height, width, rng.uniform(0.35, 1.0))
        if clip is None:
            continue
        if vary:
            order = torch.from_numpy(rng.permutation(3)) if rng.random() < 0.3 else torch.arange(3)
            gain = torch.from_numpy(rng.uniform(0.85, 1.1, (3, 1, 1))).float()
            clip = (clip[:, order] * gain + rng.uniform(-0.1, 0.1)).clamp(-1, 1)
        return clip, bucket_here, rate


class Muon(torch.optim.Optimizer):
    """Muon for weights of two and more dimensions (convolutions flattened), Adam for the rest."""

    def __init__(self, parameters, lr, beta=0.95, decay=0.0):
        super().__init__([p for p in parameters if p.requires_grad], dict(lr=lr, beta=beta, decay=decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["m"], state["v"], state["n"] = torch.zeros_like(p), torch.zeros_like(p), 0
                state["n"] += 1
                p.mul_(1 - group["lr"] * group["decay"])
                if p.ndim >= 2 and min(p.shape[0], p[0].numel()) > 1:
                    m = state["m"].lerp_(p.grad, 1 - group["beta"])
                    update = orthogonal(p.grad.lerp(m, group["beta"]).flatten(1)).view_as(p)
                    p.add_(update, alpha=-group["lr"] * 0.2 * max(p.shape[0], p[0].numel()) ** 0.5)
                else:
                    m = state["m"].lerp_(p.grad, 0.1)
                    v = state["v"].lerp_(p.grad.square(), 0.02)
                    n = state["n"]
                    p.add_(m / (1 - 0.9 ** n) / ((v / (1 - 0.98 ** n)).sqrt() + 1e-8), alpha=-group["lr"])


def orthogonal(g):
    """The nearest matrix with all singular values about one, by five Newton-Schulz steps."""
    x = g.T if g.shape[0] > g.shape[1] else g
    x = x / (x.norm() + 1e-12)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if g.shape[0] > g.shape[1] else x


@torch.no_grad()
def update_ema(average, model, keep):
    for a, p in zip(average.parameters(), model.parameters()):
        a.lerp_(p, 1 - keep)


def save(path, **parts):
    """Writes a checkpoint so that a stop in the middle leaves the old one."""
    torch.save(parts, str(path) + ".new")
    os.replace(str(path) + ".new", path)


def psnr(a, b):
    """Of pictures in -1..1, one number a picture."""
    return 10 * torch.log10(4 / (a - b).square().flatten(1).mean(1))
