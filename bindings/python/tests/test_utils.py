import http.server
import runpy
import shutil
import subprocess
import threading

import numpy as np
import pytest

import img2vid
from img2vid.utils import export_to_video, load_image

PIL_Image = pytest.importorskip("PIL.Image")
FRAMES = np.random.default_rng(2).random((3, 32, 48, 3), dtype=np.float32)
BYTES = (FRAMES * 255).round().astype(np.uint8)


def load_video(tmp_path, frames, **output):
    return np.load(export_to_video(frames, tmp_path / "video.npy", **output))


def test_frames_of_every_form_arrive(tmp_path):
    assert np.array_equal(load_video(tmp_path, FRAMES), FRAMES)
    pictures = [PIL_Image.fromarray(frame) for frame in BYTES]
    for same in (BYTES, list(BYTES), pictures, [pictures], BYTES[None], [BYTES]):
        assert np.array_equal((load_video(tmp_path, same) * 255).round().astype(np.uint8), BYTES)
    assert np.array_equal(load_video(tmp_path, list(FRAMES)), FRAMES)
    assert np.array_equal(load_video(tmp_path, FRAMES[None]), FRAMES)


def test_lossless_pictures_hold_the_frames(tmp_path):
    pattern = export_to_video(BYTES, tmp_path / "%04d.png")
    assert pattern == str(tmp_path / "%04d.png")
    for index, frame in enumerate(BYTES):
        assert np.array_equal(load_image(tmp_path / f"{index + 1:04d}.png"), frame)


def test_rate_and_settings(tmp_path):
    path = export_to_video(BYTES, tmp_path / "generated.mp4", fps=9, crf=30)
    if not shutil.which("ffprobe"):
        pytest.skip("there is no ffprobe")
    probed = subprocess.check_output(["ffprobe", "-v", "error", "-show_entries", "stream=width,height,nb_frames,"
                                      "avg_frame_rate", "-of", "csv=p=0", path], text=True)
    assert probed.strip() == "48,32,9/1,3"


def test_load_image_from_an_address(repository):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(repository / "examples"))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        assert np.array_equal(load_image(address + "rocket.jpg"), load_image(repository / "examples" / "rocket.jpg"))
        with pytest.raises(img2vid.Img2VidError, match="404"):
            load_image(address + "missing.jpg")
        server.shutdown()
    with pytest.raises(img2vid.NetworkError):
        load_image(address + "rocket.jpg")


def test_codec_and_loop(tmp_path):
    back = load_video(tmp_path, FRAMES, loop=True)
    assert np.array_equal(back, FRAMES[[0, 1, 2, 1]])
    export_to_video(BYTES, tmp_path / "video.mkv", codec="ffv1")
    with pytest.raises(img2vid.Img2VidError, match="[Ff][Ff][Vv]1"):
        export_to_video(BYTES, tmp_path / "video.mp4", codec="ffv1")


def test_metadata(tmp_path):
    path = export_to_video(BYTES, tmp_path / "video.mp4", metadata=dict(seed=7, note="Grüße \U0001f680"))
    assert img2vid.read_metadata(path) == dict(seed=7, note="Grüße \U0001f680")
    assert img2vid.read_metadata(export_to_video(BYTES, tmp_path / "bare.mp4")) is None
    with pytest.raises(img2vid.Img2VidError):
        export_to_video(BYTES, tmp_path / "bad.mp4", metadata="no JSON object")
    export_to_video(BYTES, tmp_path / "odd.png", metadata="{" + "odd}")
    with pytest.raises(img2vid.FormatError, match="odd.png"):
        img2vid.read_metadata(tmp_path / "odd.png")
    with pytest.raises(img2vid.FileError):
        img2vid.read_metadata(tmp_path / "missing.mp4")


def test_what_cannot_be_written(tmp_path):
    for frames in ([], [FRAMES, FRAMES], [BYTES[0], BYTES[0][:8]], np.zeros((2, 3))):
        with pytest.raises(ValueError):
            export_to_video(frames, tmp_path / "video.npy")
    with pytest.raises(img2vid.Img2VidError, match="video.abc"):
        export_to_video(BYTES, tmp_path / "video.abc")
    with pytest.raises(img2vid.FileError):
        export_to_video(BYTES, tmp_path / "missing" / "video.mp4")
    with pytest.raises(TypeError, match="unknown argument 'index'"):
        export_to_video(BYTES, tmp_path / "video.npy", index=1)
    assert list(tmp_path.iterdir()) == []


def test_load_image(repository, tmp_path):
    image = load_image(repository / "examples" / "rocket.jpg")
    assert image.mode == "RGB" and np.array_equal(image, load_image(PIL_Image.open(repository / "examples" /
                                                                                  "rocket.jpg")))
    transparent = PIL_Image.new("RGBA", (4, 4), (10, 20, 30, 0))
    transparent.save(tmp_path / "transparent.png")
    assert load_image(tmp_path / "transparent.png").getpixel((0, 0)) == (10, 20, 30)
    assert load_image(transparent).getpixel((0, 0)) == (10, 20, 30)


def test_the_guides_program_in_the_readme(repository, tmp_path, monkeypatch):
    """Runs the README's program, with the bundled model and picture in the place of those it names."""
    text = (repository / "bindings" / "python" / "README.md").read_text()
    program = text.split("```python\n")[1].split("```")[0]
    for old, new in (('"stabilityai/stable-video-diffusion-img2vid-xt"', repr(str(repository / "models" / "small"))),
                     ('"https://huggingface.co/datasets/huggingface/documentation-images/resolve/main/diffusers/svd/rocket.png"',
                      repr(str(repository / "examples" / "rocket.jpg"))),
                     ("(1024, 576)", "(64, 64)"), ("num_frames=5", "num_frames=2, width=64, height=64, "
                                                                   "num_inference_steps=2")):
        assert old in program, old
        program = program.replace(old, new)
    (tmp_path / "program.py").write_text(program)
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match="what is there is taken"):  # the bundled model has no such variant
        runpy.run_path("program.py")
    assert (tmp_path / "generated.mp4").read_bytes()[4:8] == b"ftyp"


def test_load_image_with_a_conversion(repository, tmp_path):
    transparent = PIL_Image.new("RGBA", (4, 4), (10, 20, 30, 0))
    transparent.save(tmp_path / "transparent.png")
    for image in (transparent, tmp_path / "transparent.png", str(tmp_path / "transparent.png")):
        assert load_image(image, convert_method=lambda each: each.getchannel("A")).getextrema() == (0, 0)
        assert load_image(image, lambda each: "anything") == "anything"
    turned = PIL_Image.new("L", (4, 2))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    assert load_image(tmp_path / "turned.jpg", lambda each: (each.mode, each.size)) == ("L", (2, 4))


def test_conversion_of_what_comes_from_an_address(tmp_path):
    PIL_Image.new("RGBA", (4, 4), (10, 20, 30, 0)).save(tmp_path / "transparent.png")
    PIL_Image.new("RGB", (4, 4), (10, 20, 30)).save(tmp_path / "opaque.png")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(tmp_path))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        assert load_image(address + "opaque.png", lambda each: each.getpixel((0, 0))) == (10, 20, 30)
        with pytest.raises(ValueError, match="transparent pixels, which convert_method would not see"):
            load_image(address + "transparent.png", lambda each: each)
        server.shutdown()


def test_a_grid_of_pictures():
    pictures = [PIL_Image.new("RGB", (3, 2), (value, 0, 0)) for value in range(6)]
    grid = img2vid.make_image_grid(pictures, rows=2, cols=3)
    assert grid.size == (9, 4) and [grid.getpixel((3 * x, 2 * y))[0] for y in (0, 1) for x in (0, 1, 2)] == list(range(6))
    assert img2vid.make_image_grid(pictures, 3, 2, resize=5).size == (10, 15)
    with pytest.raises(ValueError, match="6 pictures for 2 rows of 2"):
        img2vid.make_image_grid(pictures, 2, 2)
