#!/usr/bin/env python3
"""Renders songs as lead and rest, for the question whether a buried or a loud lead can be told from the mix alone
(`lead_study.py` answers it): each tracker module with and without its lead instrument (libopenmpt's own mutes), and
guitar against band from the Frets on Fire songs.

    python3 crates/check/fit/lead.py CACHE FOLDER [MODULES]     # writes FOLDER/*.npz
    python3 crates/check/fit/lead_study.py FOLDER               # prints the AUC

CACHE is where `acetate dataset fetch` put the music; MODULES is a folder with more modules, one subfolder for each
album group, such as unpacked packages. The lead of a module is the instrument that carries most of the power
between 300 Hz and 4 kHz and sounds in at least a fifth of the passage.
"""
import ctypes
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np

RATE = 44_100
PASSAGE_S = 24.0
# What chooses the lead needs less: a third of the time, at a rate that holds 4 kHz, without interpolation.
CHOICE_S = 15.0
CHOICE_RATE = 8_000
SHORTEST_S = 20.0
MODULES_PER_GROUP = 9
SUFFIXES = (".xm", ".it", ".s3m", ".mod")


def library():
    """libopenmpt with the types of what is called."""
    lib = ctypes.CDLL("libopenmpt.so.0")
    lib.openmpt_module_ext_create_from_memory.restype = ctypes.c_void_p
    lib.openmpt_module_ext_get_module.restype = ctypes.c_void_p
    lib.openmpt_module_ext_get_module.argtypes = [ctypes.c_void_p]
    lib.openmpt_module_ext_destroy.argtypes = [ctypes.c_void_p]
    lib.openmpt_module_ext_get_interface.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t]
    for name in ["openmpt_module_get_num_instruments", "openmpt_module_get_num_samples"]:
        getattr(lib, name).argtypes = [ctypes.c_void_p]
    lib.openmpt_module_get_duration_seconds.argtypes = [ctypes.c_void_p]
    lib.openmpt_module_get_duration_seconds.restype = ctypes.c_double
    lib.openmpt_module_set_position_seconds.argtypes = [ctypes.c_void_p, ctypes.c_double]
    lib.openmpt_module_set_position_seconds.restype = ctypes.c_double
    lib.openmpt_module_read_interleaved_float_stereo.argtypes = [
        ctypes.c_void_p, ctypes.c_int32, ctypes.c_size_t, ctypes.c_void_p]
    lib.openmpt_module_read_interleaved_float_stereo.restype = ctypes.c_size_t
    lib.openmpt_module_set_render_param.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int32]
    return lib


# Place of `set_instrument_mute_status` among the functions of the interface "interactive".
MUTE_INSTRUMENT = 12
FUNCTIONS = 16
# `OPENMPT_MODULE_RENDER_INTERPOLATIONFILTER_LENGTH`: 0 for the default, 1 for none.
INTERPOLATION = 3


class Module:
    """One module, from its middle on."""

    def __init__(self, lib, path):
        self.lib = lib
        self.path = path
        self.ext = None
        self.open()
        self.duration_s = lib.openmpt_module_get_duration_seconds(self.module)
        self.length_s = min(PASSAGE_S, self.duration_s)
        self.start_s = max(0.0, 0.5 * (self.duration_s - self.length_s))

    def open(self):
        """Starts anew: voices of an earlier rendering would sound on."""
        self.close()
        lib, data = self.lib, self.path.read_bytes()
        self.ext = lib.openmpt_module_ext_create_from_memory(
            data, ctypes.c_size_t(len(data)), None, None, None, None, None, None, None)
        if not self.ext:
            raise ValueError(f"{self.path}: not a module")
        self.module = lib.openmpt_module_ext_get_module(self.ext)
        self.functions = (ctypes.c_void_p * FUNCTIONS)()
        lib.openmpt_module_ext_get_interface(
            self.ext, b"interactive", self.functions, ctypes.sizeof(self.functions))
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int32, ctypes.c_int)
        self.mute = kind(self.functions[MUTE_INSTRUMENT])
        self.count = (lib.openmpt_module_get_num_instruments(self.module)
                      or lib.openmpt_module_get_num_samples(self.module))

    def close(self):
        """Frees the module."""
        if self.ext:
            self.lib.openmpt_module_ext_destroy(self.ext)
            self.ext = None

    def render(self, muted, rate=RATE, length_s=None):
        """The passage without the instruments in `muted`, shape [frames][2]."""
        self.open()
        for index in range(self.count):
            self.mute(self.ext, index, int(index in muted))
        self.lib.openmpt_module_set_render_param(self.module, INTERPOLATION, 0 if rate == RATE else 1)
        self.lib.openmpt_module_set_position_seconds(self.module, self.start_s)
        frames = int((length_s or self.length_s) * rate)
        buffer = np.zeros((frames, 2), np.float32)
        done = 0
        while done < frames:
            read = self.lib.openmpt_module_read_interleaved_float_stereo(
                self.module, rate, min(4096, frames - done), buffer[done:].ctypes.data)
            if not read:
                break
            done += read
        return buffer


def body_power(signal, rate):
    """Power between 300 Hz and 4 kHz, and the share of 50 ms blocks that sound."""
    spectrum = np.abs(np.fft.rfft(signal.mean(axis=1))) ** 2
    hz = np.fft.rfftfreq(len(signal), 1 / rate)
    block = rate // 20
    blocks = signal[: len(signal) // block * block].reshape(-1, block * 2)
    levels = (blocks ** 2).mean(axis=1)
    sounding = (levels > 1e-4 * max(levels.max(), 1e-12)).mean()
    return spectrum[(hz > 300) & (hz < 4000)].sum(), sounding


def lead_and_rest(module):
    """The lead and everything else; None where no instrument leads."""
    length_s = min(CHOICE_S, module.length_s)
    everything = module.render(set(), CHOICE_RATE, length_s)
    best = (0.0, None)
    for index in range(module.count):
        alone = everything - module.render({index}, CHOICE_RATE, length_s)
        power, sounding = body_power(alone, CHOICE_RATE)
        if sounding >= 0.2 and power > best[0]:
            best = (power, index)
    if best[1] is None:
        return None
    everything, rest = module.render(set()), module.render({best[1]})
    lead = module.render(set(range(module.count)) - {best[1]})
    # Some modules do not play the same with an instrument muted: the parts are not those of the mix then.
    left = ((everything - rest - lead) ** 2).sum()
    return (lead, rest) if left < 1e-4 * (everything ** 2).sum() else None


def decoded(path):
    """The middle of a file as stereo."""
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), "-f", "f32le", "-ac", "2", "-ar", str(RATE), "-"],
        check=True, capture_output=True).stdout
    signal = np.frombuffer(raw, "<f4").reshape(-1, 2)
    length = int(PASSAGE_S * RATE)
    start = max(0, (len(signal) - length) // 2)
    return signal[start:start + length]


def modules(cache, more):
    """Group and path of every module, at most so many of a group."""
    listed = tomllib.loads((Path(__file__).parents[3] / "datasets.toml").read_text())
    for package in listed["package"]:
        if package["role"] == "unmastered mix":
            paths = [path for tier in package["tracks"].values() for path in tier]
            for path in [path for path in paths if path.endswith(SUFFIXES)]:
                yield package["group"], cache / "mixes" / package["name"] / path
    if more:
        for path in sorted(more.rglob("*")):
            if path.suffix.lower() in SUFFIXES and path.is_file():
                yield path.relative_to(more).parts[0], path


def stems(cache, more):
    """Group, name, lead and rest of everything that has them."""
    lib = library()
    known, count = set(), {}
    for group, path in modules(cache, more):
        data = path.read_bytes()
        if data in known or count.get(group, 0) == MODULES_PER_GROUP:
            continue
        known.add(data)
        try:
            module = Module(lib, path)
        except ValueError as error:
            print(error, file=sys.stderr)
            continue
        count[group] = count.get(group, 0) + 1
        found = lead_and_rest(module) if module.duration_s >= SHORTEST_S else None
        module.close()
        if found:
            yield group, path.stem, *found
    listed = tomllib.loads((Path(__file__).parents[3] / "datasets.toml").read_text())
    for package in [package for package in listed["package"] if package["role"] == "stems"]:
        paths = [path for tier in package["tracks"].values() for path in tier]
        for path in [path for path in paths if path.endswith("guitar.ogg")]:
            file = cache / "audio" / package["name"] / path
            lead, rest = decoded(file), decoded(file.with_name("song.ogg"))
            frames = min(len(lead), len(rest))
            yield f"frets-{package['group']}", file.parent.name, lead[:frames], rest[:frames]


def write(path, lead, rest):
    """Both at one scale, as 16-bit samples."""
    scale = 0.95 * 32_767 / max(np.abs(lead).max() + np.abs(rest).max(), 1e-9)
    np.savez(path, lead=(lead * scale).astype(np.int16), rest=(rest * scale).astype(np.int16))


def render(cache, folder, more):
    """Writes every song."""
    folder.mkdir(parents=True, exist_ok=True)
    for group, name, lead, rest in stems(cache, more):
        lead_power, rest_power = body_power(lead, RATE)[0], body_power(rest, RATE)[0]
        ratio_db = 10 * np.log10(max(lead_power, 1e-12) / max(rest_power, 1e-12))
        print(f"{group:20} {name:28} lead {ratio_db:+.1f} dB of the rest", flush=True)
        write(folder / f"{group}~{name.replace('~', '_')}.npz", lead, rest)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [cache, folder]:
            render(Path(cache), Path(folder), None)
        case [cache, folder, more]:
            render(Path(cache), Path(folder), Path(more))
        case _:
            sys.exit(__doc__)
