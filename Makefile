# The front door; CMake does the work. make test and make demo install what they need on Debian and Ubuntu.
PREFIX ?= /usr/local

.PHONY: all packages test test-release test-sanitize test-clang test-threads test-aarch64 test-parts test-macos \
    test-windows test-python test-faults fuzz faults wheel demo install deb check-deb check-distros clean format

all:
	cmake --preset release -DCMAKE_INSTALL_PREFIX="$(PREFIX)"
	cmake --build --preset release

packages:
	@tools/install_packages.sh

# Warnings stop a build where changes are checked, and nowhere else: a newer compiler warns of what is no fault.
WERROR ?= $(if $(CI),ON,OFF)

# Tests at a time: many of them wait, or use one thread; those that measure what others would change run alone.
JOBS ?= 2

# Both configurations: as it is used, then under sanitizers. All tests, or those that TESTS names, a pattern of ctest's.
test: test-release test-sanitize

test-release: packages
	cmake --preset release -DI2V_WERROR=$(WERROR)
	cmake --build --preset release
	ctest --preset release -j $(JOBS) -LE long -R '$(or $(TESTS),.)'

test-sanitize: packages
	cmake --preset sanitize -DI2V_WERROR=$(WERROR)
	cmake --build --preset sanitize
	ctest --preset sanitize -j $(JOBS) -R '$(or $(TESTS),.)'

# As it is used, by Clang.
CLANG ?= clang-14
test-clang: packages
	@tools/install_packages.sh $(CLANG)
	cmake --preset clang -DCMAKE_C_COMPILER=$(CLANG) -DI2V_WERROR=$(WERROR)
	cmake --build --preset clang
	ctest --preset clang -j $(JOBS) -R '$(or $(TESTS),.)'

# Tests whose subject has several files, as parts of the patterns below.
PIPELINE = pipeline[a-z_]*
WEIGHTS = weights[a-z_]*|json_config|file_whole

# What runs in several threads, under ThreadSanitizer: all tests that link the library, or those that TESTS names.
THREADED = ^(kernels|clip|vae|unet|$(PIPELINE)|plan|many|sessions|bench|lora|single_file|$(WEIGHTS)|hub|$\
    video(_codecs|_refused|_probe)?|free_memory|fork)$$
test-threads: packages
	cmake --preset threads -DI2V_WERROR=$(WERROR)
	cmake --build --preset threads
	ctest --preset threads -j $(JOBS) -R '$(or $(TESTS),$(THREADED))'

# libFuzzer over everything that is read from files and the network, so many seconds for each target (tests/fuzz).
SECONDS_EACH ?= 60
fuzz: packages
	@tools/install_packages.sh $(CLANG) lib$(subst clang,clang-rt,$(CLANG))-dev
	cmake --preset fuzz -DCMAKE_C_COMPILER=$(CLANG) -DI2V_WERROR=$(WERROR)
	cmake --build --preset fuzz
	tests/fuzz/run.sh build/fuzz $(SECONDS_EACH) $(TARGETS)

# The program where calls fail and where it is killed (tests/faults): some of both, in minutes, and every call once.
test-faults: packages all
	ctest --preset release -L long
faults: packages all
	cmake --build --preset release --target all_faults

# The same code for AArch64, on Debian. Not all tests, unless TESTS is .: emulation is some 20 times slower.
EMULATED = ^(kernels|clip|unet|vae|scheduler|random|resize)$$
test-aarch64: packages
	@tools/install_packages.sh gcc-aarch64-linux-gnu qemu-user-static
	tools/make_sysroot.sh arm64 build/aarch64-sysroot
	cmake --preset aarch64 -DI2V_WERROR=$(WERROR)
	cmake --build --preset aarch64
	ctest --preset aarch64 -j $(JOBS) -R '$(or $(TESTS),$(EMULATED))'

# What is left without the libraries that one can do without, and its tests, or those that TESTS names.
PARTS = FFMPEG HUB LIBCRYPTO TIFF AVIF OPENJPEG HEIF SERVER
WITHOUT_PARTS = $(PARTS:%=-DI2V_%=OFF)
SMALL = ^(parts_off|path|sha256|npy|resize|$(WEIGHTS)|clip|vae|$(PIPELINE)|example|changing_files|file|parallel)$$
test-parts: packages
	cmake -S . -B build/parts-off -G Ninja -DCMAKE_BUILD_TYPE=Release -DI2V_WERROR=ON $(WITHOUT_PARTS)
	cmake --build build/parts-off
	ctest --test-dir build/parts-off --output-on-failure -R '$(or $(TESTS),$(SMALL))'

# For macOS everything is compiled and linked, for Macs of before 2020 the library alone; nothing can run here
# (docs/PLATFORMS.md).
test-macos: packages
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || tools/install_packages.sh python3 python3-venv
	tools/install_zig.sh build/zig
	tools/make_headers.sh build/headers
	for build in aarch64:all x86_64:img2vid; do \
	    architecture=$${build%:*}; \
	    cmake -S . -B build/macos-$$architecture -G Ninja -DCMAKE_BUILD_TYPE=Release -DI2V_WERROR=ON \
	        -DCMAKE_TOOLCHAIN_FILE=cmake/macos.cmake -DMACOS_ARCHITECTURE=$$architecture && \
	    cmake --build build/macos-$$architecture --target $${build#*:} || exit; \
	done

# For Windows the library and the tests that it has there, which run under Wine. Of those that are built (the list is in
# tests/CMakeLists.txt) not kernels and bench, which pass and take minutes, and not comfyui, of which a value differs
# (docs/PLATFORMS.md).
WINDOWS = ^(random|resize|orientation|damaged_png|npy|other_files|json_load|clip|vae|unet|scheduler|schedules|$\
    $(PIPELINE)|plan_picture|unresized|kernels_not_finite|path|parallel|sha256|printable|parts_off|example|symbols)$$
test-windows: packages
	@tools/install_packages.sh gcc-mingw-w64-x86-64-posix libz-mingw-w64-dev wine64
	tools/make_windows_libraries.sh build/windows-libraries
	cmake -S . -B build/windows -G Ninja -DCMAKE_BUILD_TYPE=Release -DI2V_WERROR=ON \
	    -DCMAKE_TOOLCHAIN_FILE=cmake/windows.cmake $(WITHOUT_PARTS)
	cmake --build build/windows
	ctest --test-dir build/windows --output-on-failure -R '$(or $(TESTS),$(WINDOWS))'

# The Python package, bindings/python, with the library that was built; pip works in an environment of its own.
PYTHON ?= python3
VENV = build/python/venv
$(VENV)/ready: Makefile
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || tools/install_packages.sh python3 python3-venv
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'setuptools>=77' numpy pillow pytest
	touch $@

test-python: packages all $(VENV)/ready
	PYTHONPATH=bindings/python/src PYTHONDONTWRITEBYTECODE=1 $(VENV)/bin/python -m pytest -q -p no:cacheprovider \
	    bindings/python/tests tools/test_exact_denoiser.py

# The wheel brings the library, which needs libraries of this distribution, and the small model. Of the C code only the
# library is built.
wheel: packages $(VENV)/ready
	cmake --preset release
	cmake --build --preset release --target img2vid
	rm -rf build/python/source build/python/dist
	mkdir -p build/python/source
	cp -R bindings/python/pyproject.toml bindings/python/setup.py bindings/python/README.md bindings/python/src \
	    include/img2vid/img2vid.h build/python/source
	cp LICENSE NOTICE build/src/libimg2vid.so build/python/source/src/img2vid
	mkdir build/python/source/src/img2vid/models
	cp -R models/small build/python/source/src/img2vid/models
	sed -i 's/^license = "Apache-2.0"$$/license = "Apache-2.0 AND GPL-3.0-only"/' build/python/source/pyproject.toml
	$(VENV)/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/python/dist \
	    build/python/source
	@ls build/python/dist/*.whl

demo: packages
	$(MAKE) all
	mkdir -p out
	build/cli/img2vid generate examples/rocket.jpg -o out/rocket.mp4 --seed 42 --motion-bucket-id 255 \
	    --sheet out/rocket.png
	@echo "The video is $(CURDIR)/out/rocket.mp4, a contact sheet of it out/rocket.png"

install: all
	cmake --install build

# Debian packages in build/deb: the program, the library, and what it takes to compile against it.
deb check-deb: export DEB_BUILD_OPTIONS = nocheck noautodbgsym
deb: packages
	@tools/install_packages.sh debhelper dpkg-dev
	tools/build_deb.sh build/deb

# The same, twice, which must be equal to the byte, then installed in a fresh Debian 12, used and purged. Minutes; needs
# Debian's archive.
check-deb: deb
	@tools/install_packages.sh lintian mmdebstrap
	tools/check_deb_reproducible.sh build/deb
	tools/check_deb.sh build/deb

# make test in the distributions that README.md promises, with GCC and Clang. An hour or two; needs root and their
# archives. tools/check_distros.sh says how to choose from it.
check-distros:
	@tools/install_packages.sh mmdebstrap rsync
	tools/check_distros.sh build/distros

clean:
	rm -rf build

format:
	clang-format -i $$(git ls-files '*.c' '*.h')
