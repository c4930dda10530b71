"""What the scripts of this folder share: PyTorch eager, torch.compile and OpenVINO as peers on one part of a model, our
program beside them, rounds in turn, and the table.

A part is a torch module whose inputs are a dictionary of tensors. A peer is called without arguments, and gives the
part's result as torch or NumPy have it.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import warnings
import zlib

import numpy as np
import torch
from diffusers import AutoencoderKLTemporalDecoder

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import reference  # noqa: E402

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "img2vid-openvino"

# ---- command line ----------------------------------------------------------------------------------------------------


def peer_names(text):
    names = text.split(",") if text else []
    for name in names:
        if name not in PEERS:
            raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(PEERS)}")
    return names


def make_parser(doc, num_frames):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="folder in diffusers' layout")
    parser.add_argument("--program", default="build/cli/img2vid")
    parser.add_argument("--dtype", choices=DTYPES, default="f32", help="of all: what tensors are computed or kept in")
    parser.add_argument("--peers", type=peer_names, default="eager,compile,openvino",
                        help="some of eager, compile, openvino, by commas (default: all)")
    parser.add_argument("--width", type=int, default=448)
    parser.add_argument("--height", type=int, default=256)
    parser.add_argument("--num-frames", type=int, default=num_frames)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)),
                        help="of each (default: all cores)")
    parser.add_argument("--channels-last", action="store_true", help="PyTorch's weights and inputs channels last")
    parser.add_argument("--freeze", action="store_true",
                        help="torch.compile packs the weights beforehand, which takes their size once more")
    parser.add_argument("--openvino", type=pathlib.Path, metavar="FOLDER",
                        help="what openvino_convert.py made (default: one in the cache for each model)")
    parser.add_argument("--expected", type=pathlib.Path, metavar="FILE.npz",
                        help="keep diffusers' float32 result there, and take it from there the next time")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="also write all that is printed there")
    return parser


def prepare(args):
    reference.prepare_libraries()
    torch.set_num_threads(args.threads)
    warnings.filterwarnings("ignore", module="torch._dynamo")


# ---- models ----------------------------------------------------------------------------------------------------------


def files_of(model):
    for folder, _, names in os.walk(model, followlinks=True):
        yield from (pathlib.Path(folder) / name for name in names)


def variant_of(model):
    return "fp16" if any(".fp16" in file.name for file in files_of(model)) else None


def load_part(model, part, kind):
    """One part of a model, in float32."""
    return kind.from_pretrained(model, subfolder=part, dtype=torch.float32, local_files_only=True,
                                variant=variant_of(model)).eval()


def folder_with_small_vae(model, folder):
    """A folder of the model's parts, by links, with a tiny VAE of random weights: decoding then takes no time beside
    the UNet. The picture's latent is another one, but the same for all."""
    model, folder = pathlib.Path(model), pathlib.Path(folder)
    config = json.loads((model / "vae/config.json").read_text())
    for file in files_of(model):
        name = file.relative_to(model)
        if name.parts[0] != "vae":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(file.resolve())
    small = reference.vae_config((32,) * len(config["block_out_channels"]), layers=1,
                                 latents=config["latent_channels"], scaling_factor=config["scaling_factor"])
    vae = reference.randomise(AutoencoderKLTemporalDecoder(**small), 0)
    vae.save_pretrained(folder / "vae", variant=variant_of(model))
    return folder


def in_dtype(part, inputs, args):
    """The part, changed in place, and its inputs as diffusers' pipeline of that dtype would give them; the step stays
    float32."""
    dtype = DTYPES[args.dtype]
    part.to(dtype=dtype)
    inputs = {name: value if name == "timestep" else value.to(dtype) for name, value in inputs.items()}
    if args.channels_last:
        for weight in part.parameters():
            if weight.dim() == 4:
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)
        inputs = {name: value.contiguous(memory_format=torch.channels_last) if value.dim() == 4 else value
                  for name, value in inputs.items()}
    return part, inputs


class UNetPass(torch.nn.Module):
    """[1, F, 2C, h, w], step, [1, 1, D], [1, 3] -> v [F, C, h, w]"""

    def __init__(self, unet):
        super().__init__()
        self.unet = unet

    def forward(self, sample, timestep, encoder_hidden_states, added_time_ids):
        return self.unet(sample, timestep, encoder_hidden_states, added_time_ids, return_dict=False)[0][0]


class DecoderPass(torch.nn.Module):
    """[F, C, h, w], over the scaling factor -> frames [F, 3, H, W] in -1 ... 1"""

    def __init__(self, vae):
        super().__init__()
        self.decoder = vae.decoder

    def forward(self, latents):
        frames = latents.shape[0]
        return self.decoder(latents, torch.zeros(1, frames, dtype=latents.dtype), frames)


# ---- the peers -------------------------------------------------------------------------------------------------------


class Unavailable(Exception):
    """Says in a line why a peer is left out."""


def eager(part, inputs, args, name):
    return lambda: part(**inputs)


def compiled(part, inputs, args, name):
    torch._inductor.config.freezing = args.freeze
    function = torch.compile(part, dynamic=False)
    return lambda: function(**inputs)


def openvino_folder(model):
    path = pathlib.Path(model).resolve()
    return CACHE / f"{path.name}-{zlib.crc32(str(path).encode()):08x}"


def openvino(part, inputs, args, name):
    """The converted model at exactly these sizes, one stream."""
    try:
        import openvino as ov
    except ImportError:
        raise Unavailable("not installed (pip install 'openvino==2026.4.*')") from None
    file = (args.openvino or openvino_folder(args.model)) / f"{name}.xml"
    if not file.exists():
        raise Unavailable(f"there is no {file}; openvino_convert.py makes it")
    core = ov.Core()
    model = core.read_model(file)
    arrays = {key: value.float().numpy() for key, value in inputs.items()}
    model.reshape({key: list(value.shape) for key, value in arrays.items()})
    function = core.compile_model(model, "CPU", {
        "INFERENCE_PRECISION_HINT": args.dtype, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": args.threads, "ENABLE_HYPER_THREADING": True})
    precision = function.get_property("INFERENCE_PRECISION_HINT").to_string()
    if precision != args.dtype:
        print(f"OpenVINO computes in {precision} here", flush=True)
    request = function.create_infer_request()
    return lambda: request.infer(arrays)[0]


PEERS = {"eager": eager, "compile": compiled, "openvino": openvino}
TITLES = {"eager": "PyTorch eager", "compile": "torch.compile", "openvino": "OpenVINO"}


def prepare_peers(part, inputs, args, name):
    """{title: peer}, each after a pass to warm up; those that cannot run here are named and left out."""
    peers = {}
    for key in args.peers:
        start = time.perf_counter()
        try:
            peer = PEERS[key](part, inputs, args, name)
            peer()
        except Unavailable as reason:
            print(f"{TITLES[key]}: left out, {reason}", flush=True)
        except Exception as error:  # compilers fail in ways of their own; the others go on
            print(f"{TITLES[key]}: left out, {type(error).__name__}: {str(error).strip().splitlines()[0]}", flush=True)
        else:
            peers[TITLES[key]] = peer
            print(f"{TITLES[key]}: ready after {time.perf_counter() - start:.1f} s, a pass to warm up included",
                  flush=True)
    return peers


# ---- our program -----------------------------------------------------------------------------------------------------


def call(args, *arguments):
    """img2vid's JSON report."""
    command = [args.program, *map(str, arguments), "--dtype", args.dtype, "--threads", str(args.threads), "--json",
               "--quiet"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip() or f'exit status {done.returncode}'}")
    return json.loads(done.stdout)


def measure_peaks(args, model, which, chunk):
    """(operations of one pass, peaks of this machine in operations a second), by img2vid bench; `which` is its name of
    the pass."""
    report = call(args, "bench", "--model", model, "--width", args.width, "--height", args.height, "--num-frames",
                  args.num_frames, "--decode-chunk-size", chunk, "--repeat", 1)
    peaks = {name: peak["rate"] for name in ("f32", "bf16") if (peak := report["peaks"][name])}
    operations = 2 * report[which]["multiplications"]
    print(f"{operations / 1e9:.4g} GFLOP; peaks on {args.threads} threads, {report['backend']}: "
          + ", ".join(f"{name} {rate / 1e9:.0f} GFLOP/s" for name, rate in peaks.items()), flush=True)
    return operations, peaks


# ---- float32, the truth ----------------------------------------------------------------------------------------------


def float32_result(args, part, inputs, inputs_from=()):
    """The part's result in float32, or what --expected has of it. `inputs_from`: what else it depends on."""
    key = json.dumps([str(pathlib.Path(args.model).resolve()), args.width, args.height, args.num_frames, *inputs_from,
                      [zlib.crc32(value.numpy().tobytes()) for value in inputs.values()]])
    file = args.expected
    if file and file.exists():
        kept = np.load(file)
        if str(kept["key"]) != key:
            sys.exit(f"{file} is of another model, size or input")
        return kept["result"]
    start = time.perf_counter()
    result = as_array(part(**inputs))
    print(f"diffusers in float32, to compare with: {time.perf_counter() - start:.2f} s", flush=True)
    if file:
        np.savez(file, key=key, result=result)
    return result


# ---- rounds ----------------------------------------------------------------------------------------------------------


def as_array(result):
    return result.detach().float().numpy().copy() if torch.is_tensor(result) else np.array(result, np.float32)


class OtherLoad:
    """Notices what else ran on this machine."""

    def __init__(self):
        self.start = self.now()

    @staticmethod
    def now():
        """(seconds on a clock, CPU seconds of all, CPU seconds of this process and those it ran)"""
        user, nice, system = map(int, pathlib.Path("/proc/stat").read_text().split()[1:4])
        return time.perf_counter(), (user + nice + system) / os.sysconf("SC_CLK_TCK"), sum(os.times()[:4])

    def cores(self):
        elapsed, everyone, own = (after - before for after, before in zip(self.now(), self.start))
        return max(everyone - own, 0) / elapsed


def run_rounds(args, ours, peers, finish=as_array):
    """ours() gives (seconds, result). Returns {title: seconds of each round}, {title: result}, ours first."""
    seconds, results = {"img2vid": []}, {}
    load = OtherLoad()
    for number in range(args.rounds):
        taken, results["img2vid"] = ours()
        seconds["img2vid"].append(taken)
        for title, peer in peers.items():
            start = time.perf_counter()
            result = peer()
            seconds.setdefault(title, []).append(time.perf_counter() - start)
            results[title] = finish(as_array(result))
        print(f"round {number + 1}: " + ", ".join(f"{title} {s[-1]:.4g} s" for title, s in seconds.items()), flush=True)
    print(f"other load on this machine meanwhile: {load.cores():.2f} cores"
          + (", TOO MUCH: libgomp's threads spin, so PyTorch suffers most and the ratios flatter us"
             if load.cores() > 0.1 else ""), flush=True)
    return seconds, results


def largest(result, expected):
    return float(np.abs(result - expected).max() / np.abs(expected).max())


def rms(result, expected):
    return float(np.sqrt(np.square(result - expected, dtype=np.float64).mean()
                         / np.square(expected, dtype=np.float64).mean()))


def psnr(result, expected):
    mean = np.square(result - expected, dtype=np.float64).mean()
    return float(-10 * np.log10(mean)) if mean else float("inf")


def report(args, seconds, results, expected, operations, peaks, quality):
    """Prints the table, and writes it for --json. quality: (title, function of result and expected, format)."""
    title, measure, layout = quality
    rows = []
    for name, times in seconds.items():
        median = statistics.median(times)
        rows.append({"name": name, "seconds": times, "median": median,
                     "ratio": statistics.median(t / o for t, o in zip(times, seconds["img2vid"])),
                     "rate": operations / median, "shares": {k: operations / median / p for k, p in peaks.items()},
                     "from_img2vid": largest(results[name], results["img2vid"]),
                     "largest_error": largest(results[name], expected), title: measure(results[name], expected)})
    shares = [k for k in peaks if k == "f32" or args.dtype == "bf16"]
    print(f"\n{args.dtype}, {args.width}x{args.height}, {args.num_frames} frames, {args.threads} threads, "
          f"median of {args.rounds}\n" + f"{'':14} {'median, s':>10} {'ratio':>6} {'GFLOP/s':>8}"
          + "".join(f" {'of ' + k:>8}" for k in shares) + f" {'from ours':>10} {'error':>8} {title:>9}  all, s")
    for row in rows:
        print(f"{row['name']:14} {row['median']:10.4g} {row['ratio']:6.2f} {row['rate'] / 1e9:8.1f}"
              + "".join(f" {100 * row['shares'][k]:6.1f} %" for k in shares)
              + f" {row['from_img2vid']:10.1e} {row['largest_error']:8.1e} {row[title]:9{layout}}  "
              + " ".join(f"{s:.4g}" for s in row["seconds"]))
    print(f"ratio: the peer's time over ours, median of the rounds; above 1 img2vid is faster. from ours: largest "
          f"difference from\nimg2vid's result over the largest value; error and {title}: from diffusers in float32.")
    if args.json:
        args.json.write_text(json.dumps(dict(
            dtype=args.dtype, width=args.width, height=args.height, num_frames=args.num_frames, threads=args.threads,
            operations=operations, peaks=peaks, rows=rows), indent=2) + "\n")
