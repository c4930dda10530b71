#!/bin/bash
# run_in_wine.sh PROGRAM [ARGUMENT...]: a Windows program, without a display, in a Wine of its own (WINEPREFIX), which
# says nothing of itself.
export WINEPREFIX=${WINEPREFIX:-$(realpath "$(dirname "$0")/..")/build/wine} WINEDEBUG=${WINEDEBUG:--all} WINEARCH=win64
export WINEDLLOVERRIDES='mscoree=;mshtml=;winemenubuilder.exe=' # neither .NET nor a browser is to be asked for
unset DISPLAY
exec /usr/lib/wine/wine64 "$@"
