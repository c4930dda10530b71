import shutil
import subprocess
import sys
import zipfile

import pytest


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("command", [("wheel", "--wheel-dir"), ("install", "--target")])
def test_pip_leaves_nothing_in_the_source(repository, tmp_path, command):
    source = tmp_path / "source"
    shutil.copytree(repository / "bindings" / "python", source,
                    ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    shutil.copy(repository / "include" / "img2vid" / "img2vid.h", source)
    before = files(source)
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", command[0], "--quiet", "--no-deps",
                    "--no-build-isolation", command[1], tmp_path / "made", source], check=True)
    assert files(source) == before
    made = tmp_path / "made"
    wheels = list(made.glob("*.whl"))
    names = zipfile.ZipFile(wheels[0]).namelist() if wheels else files(made)
    assert "img2vid/pipeline.py" in names
    assert not [name for name in names if name.startswith(("build", "tests", "src"))]
