#!/bin/bash
# check_distros.sh FOLDER: builds and tests what git knows in each distribution that README.md promises, with each
# compiler, in roots of their own under FOLDER, which later runs use again. Ends with a table of versions and times; the
# status is 0 if all passed. Needs root, mmdebstrap, rsync and the archives of Debian and Ubuntu. To choose:
#   DISTROS    of debian-12 debian-13 ubuntu-24.04
#   COMPILERS  of gcc clang
#   TARGETS    of the Makefile; test, or test-release or test-sanitize alone
#   TESTS      a pattern of ctest's
#   WERROR     OFF, where warnings are not to be errors
set -euo pipefail
[ $# -eq 1 ] || { echo "check_distros.sh FOLDER" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "check_distros.sh: mounting /proc and entering the roots needs root" >&2; exit 2; }
tools=$(realpath "$(dirname "$0")")
mkdir -p "$1"
folder=$(realpath "$1")
DEBIAN=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
UBUNTU=${UBUNTU_MIRROR:-http://archive.ubuntu.com/ubuntu}

# Debian has the keys of Ubuntu's archive as a package, which its own keys have signed.
ubuntu_keys() {
    local keys=$folder/ubuntu-keys
    [ -e "$keys/complete" ] || {
        rm -rf "$keys"
        mmdebstrap --quiet --variant=extract --include=ubuntu-archive-keyring trixie "$keys" "$DEBIAN"
        touch "$keys/complete"
    }
    echo "$keys/usr/share/keyrings/ubuntu-archive-keyring.gpg"
}

# bootstrap NAME ROOT: the least that make packages can start from, and what systems have that are installed for people.
bootstrap() {
    # shellcheck disable=SC2016
    local least=(mmdebstrap --quiet --variant=apt "--include=make,ca-certificates,mount,iproute2"
        --customize-hook='echo "127.0.0.1 localhost" > "$1/etc/hosts"')
    case $1 in
        debian-12) "${least[@]}" bookworm "$2" "$DEBIAN" ;;
        debian-13) "${least[@]}" trixie "$2" "$DEBIAN" ;;
        ubuntu-24.04)
            local keys suite
            keys=$(ubuntu_keys)
            for suite in noble noble-updates; do echo "deb [signed-by=$keys] $UBUNTU $suite main universe"; done |
                "${least[@]}" noble "$2" -
            # the root has those keys of its own
            sed -i "s|$keys|/usr/share/keyrings/ubuntu-archive-keyring.gpg|" "$2/etc/apt/sources.list" ;;
        *) echo "check_distros.sh: $1 is none of debian-12, debian-13, ubuntu-24.04" >&2; return 2 ;;
    esac
}

# within ROOT COMMAND...: in a mount and process namespace of its own, so that nothing is left however it ends.
within() {
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child bash -euc '
        mount --bind "$1" "$1"
        cd "$1"
        shift
        mount -t proc proc proc
        mount --rbind /sys sys
        mount --rbind /dev dev
        mount -t tmpfs tmpfs tmp
        # rather than chroot, after which no user namespace can be made, as tests do
        pivot_root . .
        umount --lazy .
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive "$@"' within "$@"
}

# The tests of one compiler, in the root, where the source is; its build folder is kept with it.
inside() {
    local compiler=$1
    shift
    make --no-print-directory packages
    if [ "$compiler" = clang ]; then
        # the symbolizer, without which sanitizers warn where a test wants silence
        tools/install_packages.sh clang llvm
        tools/install_packages.sh "libclang-rt-$(clang -dumpversion | sed 's/\..*//')-dev"
    fi
    CC=$compiler make --no-print-directory "$@"
}

# the same for all, whatever is changed meanwhile
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
source=$scratch/source
"$tools/tracked_files.sh" "$source"

table=() failed=0
for distro in ${DISTROS:-debian-12 debian-13 ubuntu-24.04}; do
    root=$folder/$distro
    [ -e "$root/complete" ] || {
        rm -rf "$root"
        bootstrap "$distro" "$root"
        touch "$root/complete"
    }
    for compiler in ${COMPILERS:-gcc clang}; do
        printf '\n==== %s, %s ====\n' "$distro" "$compiler"
        # by what is in the files: those that differ are new to ninja, whenever they were changed
        mkdir -p "$root/img2vid/$compiler"
        rsync --recursive --links --perms --checksum --delete --exclude=/build "$source/" "$root/img2vid/$compiler"
        begin=$SECONDS
        result=passed
        # shellcheck disable=SC2016
        within "$root" bash -euc "$(declare -f inside); cd /img2vid/$compiler; inside \"\$@\"" inside "$compiler" \
            WERROR="${WERROR:-ON}" ${TESTS:+TESTS="$TESTS"} ${TARGETS:-test} || { result=FAILED; failed=1; }
        seconds=$((SECONDS - begin))
        version=$(within "$root" bash -c "$compiler --version" 2> /dev/null | sed 1q) || version=absent
        took=$(printf '%d min %02d s' $((seconds / 60)) $((seconds % 60)))
        table+=("$(printf '%-13s %-50s %s, %s' "$distro" "$version" "$result" "$took")")
    done
done
printf '\n'
printf '%s\n' "${table[@]}"
exit $failed
