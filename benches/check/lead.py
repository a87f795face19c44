#!/usr/bin/env python3
"""Can a buried or a loud lead be told from the mix alone? Renders each tracker module of the corpus with
and without its lead instrument (libopenmpt's own mutes), takes guitar against band from the Frets on Fire
songs, puts the lead 6 dB up and down, and reports the AUC of ridge regression on the features of
`acetate check`, each album group judged by a model that has not seen it.

    python3 benches/check/lead.py CACHE FOLDER     # renders FOLDER/*.wav
    cargo run --release --example check -- files FOLDER ROWS
    python3 benches/check/lead.py auc ROWS

The lead of a module is the instrument that carries most of the power between 300 Hz and 4 kHz and sounds
in at least a fifth of the passage.
"""
import ctypes
import json
import subprocess
import sys
import tomllib
import wave
from pathlib import Path

import numpy as np

RATE = 44_100
PASSAGE_S = 30.0
LEVELS_DB = [-6, 0, 6]
SEED = 7


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
    return lib


# Place of `set_instrument_mute_status` among the functions of the interface "interactive".
MUTE_INSTRUMENT = 12
FUNCTIONS = 16


class Module:
    """One module, from its middle on."""

    def __init__(self, lib, path):
        self.lib = lib
        data = path.read_bytes()
        self.ext = lib.openmpt_module_ext_create_from_memory(
            data, ctypes.c_size_t(len(data)), None, None, None, None, None, None, None)
        if not self.ext:
            raise ValueError(f"{path}: not a module")
        self.module = lib.openmpt_module_ext_get_module(self.ext)
        self.functions = (ctypes.c_void_p * FUNCTIONS)()
        lib.openmpt_module_ext_get_interface(
            self.ext, b"interactive", self.functions, ctypes.sizeof(self.functions))
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int32, ctypes.c_int)
        self.mute = kind(self.functions[MUTE_INSTRUMENT])
        self.count = (lib.openmpt_module_get_num_instruments(self.module)
                      or lib.openmpt_module_get_num_samples(self.module))
        self.start_s = max(0.0, 0.5 * (lib.openmpt_module_get_duration_seconds(self.module) - PASSAGE_S))

    def render(self, muted):
        """The passage without the instruments in `muted`, shape [frames][2]."""
        for index in range(self.count):
            self.mute(self.ext, index, int(index in muted))
        self.lib.openmpt_module_set_position_seconds(self.module, self.start_s)
        frames = int(PASSAGE_S * RATE)
        buffer = np.zeros((frames, 2), np.float32)
        done = 0
        while done < frames:
            read = self.lib.openmpt_module_read_interleaved_float_stereo(
                self.module, RATE, min(4096, frames - done), buffer[done:].ctypes.data)
            if not read:
                break
            done += read
        return buffer


def body_power(signal):
    """Power between 300 Hz and 4 kHz, and the share of 50 ms blocks that sound."""
    spectrum = np.abs(np.fft.rfft(signal.mean(axis=1))) ** 2
    hz = np.fft.rfftfreq(len(signal), 1 / RATE)
    blocks = signal[: len(signal) // 2205 * 2205].reshape(-1, 2205 * 2)
    levels = (blocks ** 2).mean(axis=1)
    sounding = (levels > 1e-4 * max(levels.max(), 1e-12)).mean()
    return spectrum[(hz > 300) & (hz < 4000)].sum(), sounding


def lead_and_rest(module):
    """The lead and everything else; None where no instrument leads."""
    everything = module.render(set())
    best = (0.0, None)
    for index in range(module.count):
        alone = everything - module.render({index})
        power, sounding = body_power(alone)
        if sounding >= 0.2 and power > best[0]:
            best = (power, alone)
    if best[1] is None:
        return None
    return best[1], everything - best[1]


def write(path, signal):
    """24-bit WAV with its peak at -3 dBFS: level says nothing."""
    signal = 0.7 * signal / max(np.abs(signal).max(), 1e-9)
    whole = (signal * 8_388_607).astype("<i4")
    data = whole.reshape(-1, 1).view("u1").reshape(-1, 4)[:, :3].tobytes()
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(3)
        out.setframerate(RATE)
        out.writeframes(data)


def decoded(path):
    """The middle of a file as stereo."""
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), "-f", "f32le", "-ac", "2", "-ar", str(RATE), "-"],
        check=True, capture_output=True).stdout
    signal = np.frombuffer(raw, "<f4").reshape(-1, 2)
    length = int(PASSAGE_S * RATE)
    start = max(0, (len(signal) - length) // 2)
    return signal[start:start + length]


def stems(cache):
    """Group, name, lead and rest of everything that has them."""
    listed = tomllib.loads((Path(__file__).parents[2] / "datasets.toml").read_text())
    lib = library()
    for package in listed["package"]:
        paths = [path for tier in package["tracks"].values() for path in tier]
        if package["role"] == "unmastered mix":
            for path in paths:
                if path.endswith((".xm", ".it", ".s3m", ".mod")):
                    found = lead_and_rest(Module(lib, cache / "mixes" / package["name"] / path))
                    if found:
                        yield package["group"], path, *found
        if package["role"] == "stems":
            for path in paths:
                if path.endswith("guitar.ogg"):
                    file = cache / "audio" / package["name"] / path
                    lead, rest = decoded(file), decoded(file.with_name("song.ogg"))
                    frames = min(len(lead), len(rest))
                    yield package["group"], path, lead[:frames], rest[:frames]


def render(cache, folder):
    """Writes every mix at every level of its lead."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (group, path, lead, rest) in enumerate(stems(cache)):
        ratio_db = 10 * np.log10(max((lead ** 2).mean(), 1e-12) / max((rest ** 2).mean(), 1e-12))
        print(f"{group:20} {Path(path).name:28} lead {ratio_db:+.1f} dB of the rest", flush=True)
        for level_db in LEVELS_DB:
            write(folder / f"{group}~{number}~{level_db}.wav", rest + lead * 10 ** (level_db / 20))


def auc_of(scores, labels):
    """Area under the curve: how often a positive stands above a negative."""
    positive, negative = scores[labels], scores[~labels]
    above = (positive[:, None] > negative[None, :]).mean()
    return above + 0.5 * (positive[:, None] == negative[None, :]).mean()


def estimates(inputs, targets, groups, ridge):
    """Each group estimated by a regression on the others."""
    out = np.zeros(len(targets))
    for group in set(groups):
        held = groups == group
        mean, spread = inputs[~held].mean(axis=0), inputs[~held].std(axis=0) + 1e-9
        x, y = (inputs[~held] - mean) / spread, targets[~held]
        weights = np.linalg.solve(x.T @ x + ridge * len(y) * np.eye(x.shape[1]), x.T @ (y - y.mean()))
        out[held] = (inputs[held] - mean) / spread @ weights
    return out


def auc(path):
    """Prints the AUC with its interval over album groups."""
    rows = [json.loads(line) for line in open(path)]
    parts = [Path(row["track"]).stem.split("~") for row in rows]
    groups = np.array([part[0] for part in parts])
    levels = np.array([float(part[2]) for part in parts])
    inputs = np.array([row["tone_inputs"][:-1] for row in rows])
    rng = np.random.default_rng(SEED)
    names = sorted(set(groups))
    print(f"{len(rows) // len(LEVELS_DB)} songs of {len(names)} album groups")
    for name, level_db in [("buried by 6 dB", -6), ("loud by 6 dB", 6)]:
        chosen = (levels == 0) | (levels == level_db)
        for ridge in [0.1, 1.0, 10.0]:
            scores = estimates(inputs[chosen], np.abs(levels[chosen]), groups[chosen], ridge)
            labels = levels[chosen] == level_db
            drawn = []
            for _ in range(500):
                picked = rng.choice(names, len(names))
                index = np.concatenate([np.flatnonzero(groups[chosen] == group) for group in picked])
                drawn.append(auc_of(scores[index], labels[index]))
            low, high = np.quantile(drawn, [0.025, 0.975])
            print(f"{name}, ridge {ridge}: AUC {auc_of(scores, labels):.2f} [{low:.2f}, {high:.2f}]")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["auc", rows]:
            auc(rows)
        case [cache, folder]:
            render(Path(cache), Path(folder))
        case _:
            sys.exit(__doc__)
