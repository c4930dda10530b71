#!/usr/bin/env python3
"""Runs an img2vid command, and says how much memory of its own it took at most, beside what its plan says.

    memory.py build/cli/img2vid generate photo.jpg -o video.mp4 --model svd_xt --width 448 --height 256

The kernel's RssAnon is sampled until the command ends: memory it allocated, without the pages of mapped files, which
the kernel takes back when it needs them. A program that has `generate --plan` is asked for its plan first. Exits as
the command does.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import time

MIB = 2 ** 20


def ask_plan(command):
    """What `--plan --json` says, or None where the program or this command has no plan."""
    more = [option for option in ("--plan", "--json") if option not in command]
    done = subprocess.run(command + more, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        return json.loads(done.stdout) if done.returncode == 0 else None
    except json.JSONDecodeError:
        return None


def status_of(pid):
    """{field: bytes} of what /proc tells in kB; empty once the process is no more."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith(" kB")}


def watch(command, interval):
    """(exit status, seconds, {field: most bytes seen})"""
    most = {}
    start = time.monotonic()
    process = subprocess.Popen(command)
    while process.poll() is None:
        for field, size in status_of(process.pid).items():
            most[field] = max(size, most.get(field, 0))
        time.sleep(interval)
    return process.returncode, time.monotonic() - start, most


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interval", type=float, default=0.05, help="seconds between samples (default 0.05)")
    parser.add_argument("--no-plan", action="store_true", help="do not ask for the plan")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the program and its options")
    args = parser.parse_args()
    if not args.command:
        parser.error("no command is given")
    plan = None if args.no_plan or "generate" not in args.command else ask_plan(args.command)
    code, seconds, most = watch(args.command, args.interval)
    print(f"{seconds:.1f} s; at most {most.get('RssAnon', 0) / MIB:.1f} MiB of its own (RssAnon), "
          f"{most.get('VmHWM', 0) / MIB:.1f} MiB with mapped files (VmHWM)")
    if plan is None or "peak" not in plan:
        print("no plan to compare with")
    else:
        stages = ", ".join(f"{stage['name']} {stage['peak'] / MIB:.1f}" for stage in plan.get("stages", ()))
        print(f"plan: at most {plan['peak'] / MIB:.1f} MiB" + (f" ({stages})" if stages else ""))
    return code


if __name__ == "__main__":
    sys.exit(main())
