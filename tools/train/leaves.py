"""Pictures of our own: dead leaves, shapes of all sizes that cover one another. Their edges and their spread of sizes are
near to those of photographs, and there is no end of them."""

import cv2
import numpy as np


def texture(rng, size, colour):
    """A colour with noise whose strength falls with frequency."""
    rough = rng.normal(0, 1, (size, size, 1 if rng.random() < 0.7 else 3)).astype(np.float32)
    spectrum = np.fft.rfft2(rough, axes=(0, 1))
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])[..., None]
    spectrum *= (frequency + 1 / size) ** -rng.uniform(0.7, 1.8)
    noise = np.fft.irfft2(spectrum, (size, size), axes=(0, 1))
    return colour + noise / noise.std() * rng.uniform(2, 30)


def leaf(rng, radius):
    """The outline of one shape about the origin [n, 2]."""
    if rng.random() < 0.35:  # angular
        corners = rng.integers(3, 7)
        angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    else:
        angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    outline = radius * (1 + sum(rng.normal(0, 0.15 / n) * np.cos(n * angle + rng.uniform(0, 6)) for n in range(2, 5)))
    points = np.stack([np.cos(angle), np.sin(angle) * rng.uniform(0.2, 1)], 1) * outline[:, None]
    turn = rng.uniform(0, 2 * np.pi)
    return points @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


def picture(rng, height=640, width=1024, shapes=900):
    """[height, width, 3] in 0..255, drawn at twice the size."""
    palette = rng.uniform(15, 240, (rng.integers(3, 9), 1)) + rng.normal(0, rng.uniform(8, 40), (1, 3)) * rng.choice([-1, 1], (1, 3))
    palette = palette + rng.normal(0, rng.uniform(5, 30), palette.shape)
    tiles = [texture(rng, 512, palette[rng.integers(len(palette))] + rng.normal(0, 20, 3)) for _ in range(10)]
    repeat = lambda tile: np.tile(tile, (2 * height // 512 + 1, 2 * width // 512 + 1, 1))[:2 * height, :2 * width]
    tiles = [repeat(tile).clip(0, 255).astype(np.uint8) for tile in tiles]
    canvas, least, most = tiles[0].copy(), 6.0, 700.0
    for _ in range(shapes):
        # radii by the power law of scale invariance, and some more large ones
        power_law = (least ** -2 + rng.random() * (most ** -2 - least ** -2)) ** -0.5
        radius = power_law if rng.random() < 0.6 else rng.uniform(30, 300)
        points = leaf(rng, radius) + rng.uniform(0, 1, 2) * [2 * width, 2 * height]
        box = cv2.boundingRect(points.astype(np.int32))
        x0, y0 = max(box[0], 0), max(box[1], 0)
        x1, y1 = min(box[0] + box[2], 2 * width), min(box[1] + box[3], 2 * height)
        if x0 >= x1 or y0 >= y1:
            continue
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillPoly(mask, [(points - [x0, y0]).round().astype(np.int32)], 255)
        tile = tiles[rng.integers(len(tiles))]
        tint = rng.normal(0, 30) + rng.normal(0, 8, 3)
        here = canvas[y0:y1, x0:x1]
        inside = mask > 0
        here[inside] = (tile[y0:y1, x0:x1][inside] + tint).clip(0, 255)
    return cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
