"""The version, which is the header's, the wheel's tag, and where it is built."""
import atexit
import pathlib
import re
import shutil
import tempfile

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = HERE / "src" / "img2vid"


def read_version():
    """From the header: a copy beside this file, as make wheel lays one, or the repository's."""
    for header in (HERE / "img2vid.h", HERE.parents[1] / "include" / "img2vid" / "img2vid.h"):
        if header.exists():
            return re.search(r'#define I2V_VERSION "([^"]+)"', header.read_text()).group(1)
    raise SystemExit("setup.py: img2vid.h is not there; build in the repository, with make wheel")


class Package(Distribution):
    """With the library in it, it is for this platform."""

    def has_ext_modules(self):
        return (PACKAGE / "libimg2vid.so").exists()


class Wheel(bdist_wheel):
    """Any Python 3 loads the library."""

    def get_tag(self):
        return ("py3", "none") + super().get_tag()[2:]


# What is made on the way stays out of the source.
SCRATCH = tempfile.mkdtemp(prefix="img2vid-")
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)

setup(version=read_version(), distclass=Package, cmdclass={"bdist_wheel": Wheel},
      options={"build": {"build_base": SCRATCH}, "egg_info": {"egg_base": SCRATCH}})
