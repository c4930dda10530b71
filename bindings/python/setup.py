"""The version, which is the header's, and the wheel's tag."""
import pathlib
import re
import sysconfig

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = HERE / "src" / "img2vid"


def read_version():
    """From the header: a copy beside this file, as make wheel lays one, or the repository's."""
    for header in (HERE / "img2vid.h", HERE.parents[1] / "include" / "img2vid" / "img2vid.h"):
        if header.exists():
            return re.search(r'#define I2V_VERSION "([^"]+)"', header.read_text()).group(1)
    raise SystemExit("setup.py: img2vid.h is not there; build in the repository, with make wheel")


class PlatformWheel(bdist_wheel):
    """With the library in it, the wheel is for this platform; any Python 3 loads it."""

    def get_tag(self):
        bundled = (PACKAGE / "libimg2vid.so").exists()
        platform = re.sub(r"[-.]", "_", sysconfig.get_platform()) if bundled else "any"
        return "py3", "none", platform

    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = not (PACKAGE / "libimg2vid.so").exists()


setup(version=read_version(), cmdclass={"bdist_wheel": PlatformWheel})
