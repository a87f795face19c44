"""Masters from Python are those of the command, from files and from arrays."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE_HZ, read_wav, run, write_wav

import acetate


def test_a_file_from_python_has_the_bytes_of_the_binary(song: Path, tmp_path: Path) -> None:
    made = acetate.master(song, tmp_path / "python.wav", target="apple", codec_safe=None, no_codec_safe=True, bits=16)
    run("master", song, "-o", tmp_path / "binary.wav", "--target", "apple", "--no-codec-safe", "--bits", "16", "-q")
    assert (tmp_path / "python.wav").read_bytes() == (tmp_path / "binary.wav").read_bytes()
    assert made.all_met and made.outcome == "met" and made.path == tmp_path / "python.wav"


def test_an_array_becomes_the_samples_and_the_file_that_its_file_becomes(
    song: Path, array: np.ndarray, tmp_path: Path
) -> None:
    of_file = acetate.master(song, tmp_path / "file.wav")
    in_memory = acetate.master(array, sample_rate=RATE_HZ)
    to_file = acetate.master(array, tmp_path / "array.wav", sample_rate=RATE_HZ)
    assert in_memory.audio is not None and in_memory.audio.dtype == np.float32
    np.testing.assert_array_equal(in_memory.audio, read_wav(tmp_path / "file.wav"))
    np.testing.assert_array_equal(in_memory.audio, read_wav(tmp_path / "array.wav"))
    assert to_file.path == tmp_path / "array.wav"
    assert of_file.settings == in_memory.settings == to_file.settings
    np.testing.assert_array_equal(acetate.master(song, layout="channels_first").audio, in_memory.audio.T)


def test_every_way_an_array_may_lie_gives_the_same_master(array: np.ndarray) -> None:
    expected = acetate.master(array, sample_rate=RATE_HZ).audio
    assert expected is not None
    read_only = array.copy()
    read_only.flags.writeable = False
    wide = np.zeros((array.shape[0], 5), dtype=np.float32)
    wide[:, 1:4:2] = array
    shifted = np.frombuffer(b"\0" + array.tobytes(), dtype=np.uint8)[1:].view(np.float32)
    ways = {
        "fortran": np.asfortranarray(array),
        "read only": read_only,
        "double": array.astype(np.float64),
        "strided": wide[:, 1:4:2],
        "reversed twice": np.ascontiguousarray(array[::-1])[::-1],
        "memoryview": memoryview(np.ascontiguousarray(array)),
        "unaligned": shifted.reshape(array.shape),
    }
    for way, given in ways.items():
        np.testing.assert_array_equal(acetate.master(given, sample_rate=RATE_HZ).audio, expected, err_msg=way)
    for given in (np.ascontiguousarray(array.T), array.T):
        turned = acetate.master(given, sample_rate=RATE_HZ).audio
        assert turned is not None and turned.shape == given.shape
        np.testing.assert_array_equal(turned.T, expected)
    mono = acetate.master(array[:, 0], sample_rate=RATE_HZ, dual_mono=True).audio
    assert mono is not None and mono.shape == (array.shape[0],)


def test_the_mix_is_not_changed_and_not_copied(array: np.ndarray) -> None:
    mix = array.copy()
    made = acetate.master(mix, sample_rate=RATE_HZ)
    np.testing.assert_array_equal(mix, array)
    assert made.audio is not None and made.audio.flags.writeable and not np.shares_memory(made.audio, mix)


class Tensor:
    """What only DLPack tells of, as a tensor of another library."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = values

    def __dlpack__(self, **options: object) -> object:
        return self._values.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._values.__dlpack_device__()


class Elsewhere(Tensor):
    """A tensor in the memory of an accelerator."""

    def __dlpack__(self, **options: object) -> object:
        raise BufferError("not in the memory of the processor")


def test_arrays_of_other_libraries_are_read_through_dlpack(array: np.ndarray) -> None:
    expected = acetate.master(array, sample_rate=RATE_HZ).audio
    np.testing.assert_array_equal(acetate.master(Tensor(array.copy()), sample_rate=RATE_HZ).audio, expected)
    with pytest.raises(acetate.UsageError, match="move it there"):
        acetate.master(Elsewhere(array.copy()), sample_rate=RATE_HZ)


def test_torch_tensors_are_read_where_they_lie(array: np.ndarray) -> None:
    torch = pytest.importorskip("torch")
    expected = acetate.master(array, sample_rate=RATE_HZ).audio
    for tensor in (torch.from_numpy(array.copy()), torch.from_numpy(array.copy()).double().requires_grad_()):
        np.testing.assert_array_equal(acetate.master(tensor, sample_rate=RATE_HZ).audio, expected)


@pytest.mark.parametrize(
    ("given", "options", "what"),
    [
        (np.zeros((2, 2), np.float32), {"sample_rate": RATE_HZ}, "may be either"),
        (np.zeros((400, 6), np.float32), {"sample_rate": RATE_HZ}, "1 or 2 channels"),
        (np.zeros((400, 2), np.int16), {"sample_rate": RATE_HZ}, "divide by their full scale"),
        (np.zeros((400, 2), ">f4"), {"sample_rate": RATE_HZ}, "byte order"),
        (np.zeros((2, 3, 4), np.float32), {"sample_rate": RATE_HZ}, "1 or 2 dimensions"),
        (np.zeros((0, 2), np.float32), {"sample_rate": RATE_HZ}, "empty"),
        (np.zeros((400, 2), np.float32), {}, "sample_rate"),
        (np.zeros((400, 2), np.float32), {"sample_rate": RATE_HZ, "layout": "sideways"}, "layout"),
        (np.zeros((400, 2), np.float32), {"sample_rate": RATE_HZ, "layout": "channels_first"}, "layout"),
        ([0.0, 0.1], {"sample_rate": RATE_HZ}, "path or an array"),
        ("mix.wav", {"sample_rate": RATE_HZ}, "a file says its own"),
        ("mix.wav", {"amount": 500}, "amount"),
        ("mix.wav", {"no_such_option": 1}, "no_such_option"),
        ("mix.wav", {"target": "nowhere"}, "target"),
        ("mix.wav", {"max_limiting": "much"}, "max_limiting"),
        ("mix.wav", {"output": "x.wav"}, "output"),
        ("mix.wav", {"certificate": "c.json"}, "certificate"),
    ],
)
def test_what_cannot_be_understood_is_a_usage_error_in_the_words_of_python(
    given: object, options: dict[str, object], what: str
) -> None:
    with pytest.raises(acetate.UsageError, match=what) as raised:
        acetate.master(given, **options)  # type: ignore[arg-type]
    assert isinstance(raised.value, acetate.AcetateError) and isinstance(raised.value, ValueError)
    assert "--" not in str(raised.value), raised.value


def test_each_kind_of_failure_has_its_class(song: Path, array: np.ndarray, tmp_path: Path) -> None:
    noise = tmp_path / "noise.wav"
    noise.write_bytes(b"this is no sound" * 40)
    with pytest.raises(acetate.InputError, match="noise.wav"):
        acetate.master(noise, tmp_path / "out.wav")
    with pytest.raises(acetate.InputError, match="missing.wav"):
        acetate.analyze(tmp_path / "missing.wav")
    taken = tmp_path / "taken.wav"
    taken.write_bytes(b"mine")
    with pytest.raises(acetate.OutputError, match="taken.wav"):
        acetate.master(song, taken)
    with pytest.raises(acetate.OutputError, match="taken.wav"):
        acetate.master(array, taken, sample_rate=RATE_HZ)
    assert taken.read_bytes() == b"mine"
    with pytest.raises(acetate.AcetateError):
        acetate.master(song, song, overwrite=True)
    silence = np.zeros((RATE_HZ, 2), np.float32)
    with pytest.raises(acetate.MasteringError, match="loudness"):
        acetate.master(silence, sample_rate=RATE_HZ)
    broken = array.copy()
    broken[1000, 1] = np.nan
    with pytest.raises(acetate.AcetateError, match="frame 1000 of channel 1"):
        acetate.master(broken, sample_rate=RATE_HZ)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["noise.wav", "taken.wav"]


def test_a_missed_target_is_no_exception(song: Path, tmp_path: Path) -> None:
    made = acetate.master(song, tmp_path / "loud.wav", target=-6.0, max_limiting=1.0)
    assert not made.all_met and made.outcome == "missed" and made.report.infeasible
    assert (tmp_path / "loud.wav").exists()
    assert "missed" in made._repr_html_()


def test_settings_give_the_same_bytes_again(song: Path, tmp_path: Path) -> None:
    first = acetate.master(song, tmp_path / "first.wav", target="loud", no_codec_safe=True)
    assert first.settings is not None
    first.settings.save(tmp_path / "settings.toml")
    with pytest.raises(acetate.OutputError):
        acetate.Settings().save(tmp_path / "settings.toml")
    loaded = acetate.Settings.load(tmp_path / "settings.toml")
    assert loaded == first.settings
    for name, settings in (("object", loaded), ("path", tmp_path / "settings.toml")):
        acetate.render(song, settings, tmp_path / f"{name}.wav")
        assert (tmp_path / f"{name}.wav").read_bytes() == (tmp_path / "first.wav").read_bytes()
    loaded.compressor.ratio = 99.0
    with pytest.raises(acetate.UsageError, match="ratio"):
        loaded.to_toml()
    loaded.compressor.ratio = 1.5
    loaded.limiter.drive = 3.0
    with pytest.raises(acetate.UsageError, match="drive"):
        acetate.render(song, loaded)
    assert set(path.name for path in tmp_path.iterdir()) == {"first.wav", "object.wav", "path.wav", "settings.toml"}


def test_an_earlier_master_is_left_alone(song: Path, tmp_path: Path) -> None:
    out = tmp_path / "master.wav"
    first = acetate.master(song, out, resume=True, cache=tmp_path / "cache")
    again = acetate.master(song, out, resume=True, cache=tmp_path / "cache")
    assert (first.outcome, again.outcome) == ("met", "before") and again.all_met
    assert acetate.master(song, out, skip_existing=True).outcome == "skipped"


def test_references_words_and_side_files_go_through(song: Path, tmp_path: Path) -> None:
    made = acetate.master(
        song,
        tmp_path / "out.wav",
        reference=[(song, 2.0), song],
        style="warmer",
        bypass=["compressor", "saturation"],
        certificate=tmp_path / "cert.json",
        report=tmp_path / "page.html",
    )
    assert made.settings is not None and made.settings.compressor.ratio == 1.0
    held = acetate.verify(tmp_path / "out.wav", certificate=tmp_path / "cert.json", mix=song)
    assert held.all_met and held.to_dict()["verdict"]["identical"]
    assert "<html" in (tmp_path / "page.html").read_text()[:2000]


def test_damage_is_a_warning_of_python(song: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.wav"
    cut.write_bytes(song.read_bytes()[:-1000])
    with pytest.warns(acetate.AcetateWarning, match="cut.wav"):
        acetate.analyze(cut)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(acetate.InputError):
            acetate.analyze(cut, strict=True)


def test_what_the_wheels_command_prints_is_what_python_has(song: Path, tmp_path: Path) -> None:
    printed = json.loads(run("analyze", song, "--json"))
    assert printed == acetate.analyze(song).to_dict()
    checked = json.loads(run("check", song, "--json", code=0 if acetate.check(song).is_ready else 1))
    assert checked == acetate.check(song).to_dict()
    assert run("--version").strip() == f"acetate {acetate.__version__}"
    write_wav(tmp_path / "x.wav", np.zeros((10, 2), np.float32))
    run("verify", tmp_path / "x.wav", code=1)
