#!/bin/bash
# All stages, one after the other: run.sh WORK [HOURS], HOURS for the UNet (default 12) of processor time on two cores.
# What is through stays; what was stopped goes on. PYTHON names a Python that has requirements.txt. To stop: kill $(cat WORK/pid)
set -eu
work=$(realpath -m "$1") hours=${2:-12}
cd "$(dirname "$0")"
mkdir -p "$work"
echo $$ > "$work/pid"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-2} OMP_WAIT_POLICY=PASSIVE PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

# A signal waits until the stage has written its checkpoint.
stage() {
    local child status=0
    date "+%F %T $*"
    "${PYTHON:-python3}" "$@" --work "$work" &
    child=$!
    trap 'kill -TERM $child' TERM INT
    wait $child || status=$?
    trap - TERM INT
    if kill -0 $child 2> /dev/null; then  # the signal ended the first wait
        wait $child || true
        exit 130
    fi
    return $status
}

[ -e "$work/clips/test" ] || stage fetch_data.py
# The UNet's first hour comes early, so that what is wrong is seen early; it needs the code only.
[ -e "$work/vae_linear.pt" ] || stage vae.py linear
[ -e "$work/vae_decoder.pt" ] || stage unet.py --hours "$hours" --until 1
for step in decoder temporal; do
    [ -e "$work/vae_$step.pt" ] || stage vae.py $step
done
stage unet.py --hours "$hours"
