import os
import subprocess
import sys

import pytest


def start(library):
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path), IMG2VID_LIBRARY=str(library))
    done = subprocess.run([sys.executable, "-c", "import img2vid; print(img2vid.__version__)"], env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_library_by_name(repository):
    library = repository / "build" / "src" / "libimg2vid.so"
    if not library.exists():
        pytest.skip("there is none in build")
    status, text = start(library)
    assert status == 0 and text.count(".") == 2


def test_what_is_not_the_library(tmp_path):
    status, text = start(tmp_path / "missing.so")
    assert status == 1 and "missing.so" in text and "IMG2VID_LIBRARY" in text
    status, text = start("libm.so.6")
    assert status == 1 and "libm.so.6 is not libimg2vid" in text
