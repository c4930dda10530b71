"""What the stages share: arguments, photographs, the optimiser, EMA, checkpoints."""

import argparse
import math
import os
import signal
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

WIDTH, HEIGHT, FRAMES = 256, 160, 14


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


def processor_time():
    """Seconds of all cores that the stage has: what it would take alone on the machine."""
    return time.process_time() / torch.get_num_threads()


class Course:
    """A stage's run, in as many pieces as it takes: `for share in course` goes through the steps, share being how much of
    the stage's processor time is spent. Whatever changes is in the checkpoint at `path`: networks, optimiser, random
    states, time. It is written every five minutes and at SIGTERM or SIGINT, after the step at hand. until: minutes after
    which this piece ends, if not the stage."""

    def __init__(self, path, minutes, rng, networks, optimiser, report, every=300, clock=processor_time, until=math.inf):
        self.path, self.seconds, self.every, self.report, self.clock = path, 60 * minutes, every, report, clock
        self.end = min(self.seconds, 60 * until)
        self.rng, self.networks, self.optimiser = rng, networks, optimiser
        self.step, self.spent, self.losses, self.stop = 0, 0.0, [], False
        if path.exists():
            state = torch.load(path, map_location="cpu")
            for name, network in networks.items():
                network.load_state_dict(state[name])
            optimiser.load_state_dict(state["optimiser"])
            torch.set_rng_state(state["torch"])
            rng.bit_generator.state = state["numpy"]
            self.step, self.spent = state["step"], state["spent"]

    def save(self):
        parts = {name: network.state_dict() for name, network in self.networks.items()}
        save(self.path, optimiser=self.optimiser.state_dict(), torch=torch.get_rng_state(),
             numpy=self.rng.bit_generator.state, step=self.step, spent=self.spent, **parts)

    def finished(self):
        return self.spent >= self.end

    def __iter__(self):
        """The caller appends to `losses`."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(self, "stop", True))
        before, written = self.clock(), time.monotonic()
        while not self.finished():
            yield self.spent / self.seconds
            self.step += 1
            now = self.clock()
            self.spent, before = self.spent + now - before, now
            if self.stop or self.finished() or time.monotonic() - written > self.every:
                self.save()
                loss = np.mean(self.losses) if self.losses else math.nan
                with torch.random.fork_rng():
                    words = "stopped" if self.stop else self.report()
                print(f"step {self.step} {self.spent / 3600:.3f} h of {self.seconds / 3600:.2f} loss {loss:.4f} {words}",
                      flush=True)
                before, written, self.losses = self.clock(), time.monotonic(), []
            if self.stop:
                raise SystemExit(130)


def psnr(a, b):
    """Of pictures in -1..1, one number a picture."""
    return 10 * torch.log10(4 / (a - b).square().flatten(1).mean(1))
