#!/bin/bash
# install_zig.sh FOLDER: Zig, whose compiler is Clang with the headers of macOS and a stub of its library, from PyPI, and
# in FOLDER a compiler ARCHITECTURE-macos-cc for either architecture of Macs.
set -eu
[ $# -eq 1 ] || { echo "install_zig.sh FOLDER" >&2; exit 2; }
version=0.13.0
[ "$1/complete" -nt "$0" ] && exit 0
rm -rf "$1"
mkdir -p "$1"
python3 -m venv "$1/venv"
"$1/venv/bin/pip" install --quiet --disable-pip-version-check "ziglang==$version"
zig=$(echo "$(realpath "$1")"/venv/lib/python3*/site-packages/ziglang/zig)
for architecture in aarch64 x86_64; do
    cat > "$1/$architecture-macos-cc" << CC
#!/bin/sh
exec "$zig" cc -target $architecture-macos.11.0-none "\$@"
CC
    printf '#!/bin/sh\nexec "%s" ar "$@"\n' "$zig" > "$1/ar"
    printf '#!/bin/sh\nexec "%s" ranlib "$@"\n' "$zig" > "$1/ranlib"
done
chmod +x "$1"/*-cc "$1/ar" "$1/ranlib"
touch "$1/complete"
