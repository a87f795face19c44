#!/usr/bin/env python3
"""Makes files of every codec, rate and number of channels, then of odd headers, and holds the frames
that are decoded against ffmpeg's.

Usage: campaigns/frame_counts.py [FOLDER [PART...]]

FOLDER keeps the files that differ. PART: codecs, foreign, joins, odd, more; all where none is named. ACETATE names the binary (default: the release build). Needs numpy
and ffmpeg; flac and lame where they are installed, and says which files are left out without them.

A file is *whole* if nothing is wrong with it: all of it has to be decoded, by strict reading too. A
file is *odd* if a header lies or something is broken: it has to be told and refused by strict reading,
or refused at once, and must not be shorter than ffmpeg's. A file is *declared* if ffmpeg decodes it instead:
that has to be said, nothing else, all of it has to come, and strict reading has to refuse it. ffmpeg itself leaves encoder padding in some
containers: the length of what was encoded is right there as well.
"""

import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

RATES_HZ = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 176400, 192000)
MPEG_RATES_HZ = RATES_HZ[:8]
BINARY = os.environ.get("ACETATE", str(Path(__file__).parent.parent / "target/release/acetate"))
SEED = 20

# Name, ending, arguments of ffmpeg, rates; what comes out is as long as what went in.
LOSSLESS = [
    ("u8", "wav", ["-c:a", "pcm_u8"]),
    ("s16", "wav", ["-c:a", "pcm_s16le"]),
    ("s24", "wav", ["-c:a", "pcm_s24le"]),
    ("s32", "wav", ["-c:a", "pcm_s32le"]),
    ("f32", "wav", ["-c:a", "pcm_f32le"]),
    ("f64", "wav", ["-c:a", "pcm_f64le"]),
    ("mulaw", "wav", ["-c:a", "pcm_mulaw"]),
    ("alaw", "wav", ["-c:a", "pcm_alaw"]),
    ("rf64", "wav", ["-rf64", "always"]),
    ("s16", "aiff", []),
    ("s24", "aiff", ["-c:a", "pcm_s24be"]),
    ("f32", "aiff", ["-c:a", "pcm_f32be"]),
    ("s16", "caf", []),
    ("alac", "caf", ["-c:a", "alac"]),
    ("s16", "flac", []),
    ("s24", "flac", ["-c:a", "flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24"]),
    ("flac", "oga", ["-c:a", "flac"]),
    ("alac", "m4a", ["-c:a", "alac"]),
]
LOSSY = [
    ("cbr", "mp3", ["-c:a", "libmp3lame", "-b:a", "64k"], MPEG_RATES_HZ),
    ("vbr", "mp3", ["-c:a", "libmp3lame", "-q:a", "4"], MPEG_RATES_HZ),
    ("bare-vbr", "mp3", ["-c:a", "libmp3lame", "-q:a", "4", "-write_xing", "0"], MPEG_RATES_HZ),
    ("bare-cbr", "mp3", ["-c:a", "libmp3lame", "-b:a", "64k", "-write_xing", "0"], MPEG_RATES_HZ),
    ("mp2", "mp2", ["-c:a", "mp2", "-b:a", "64k"], (16000, 22050, 24000, 32000, 44100, 48000)),
    ("aac", "m4a", ["-c:a", "aac"], RATES_HZ[:10]),
    ("aac", "aac", ["-c:a", "aac", "-f", "adts"], RATES_HZ[:10]),
    ("vorbis", "ogg", ["-c:a", "libvorbis"], RATES_HZ[:10]),
]
# Decoded by ffmpeg instead.
EVERY_HZ = (8000, 11025, 22050, 44100, 48000, 96000)
FOREIGN = [
    ("opus", "opus", ["-c:a", "libopus"], (48000,)),
    ("opus", "webm", ["-c:a", "libopus"], (48000,)),
    ("opus", "caf", ["-c:a", "libopus"], (48000,)),
    ("speex", "spx", ["-c:a", "libspeex"], (8000, 16000, 32000)),
    ("wma", "wma", ["-c:a", "wmav2"], (8000, 11025, 22050, 44100, 48000)),
    ("wma1", "wma", ["-c:a", "wmav1"], (22050, 44100, 48000)),
    ("ac3", "ac3", ["-c:a", "ac3"], (32000, 44100, 48000)),
    ("eac3", "eac3", ["-c:a", "eac3"], (32000, 44100, 48000)),
    ("ac3", "mp4", ["-c:a", "ac3"], (32000, 44100, 48000)),
    ("dts", "dts", ["-c:a", "dca"], (32000, 44100, 48000)),
    ("aac", "ts", ["-c:a", "aac"], (32000, 44100, 48000)),
    ("mp3", "avi", ["-c:a", "libmp3lame"], (32000, 44100, 48000)),
    ("vorbis", "mka", ["-c:a", "libvorbis"], (44100, 48000)),
    ("wavpack", "wv", ["-c:a", "wavpack"], EVERY_HZ),
    ("tta", "tta", ["-c:a", "tta"], EVERY_HZ),
    ("s16", "au", ["-c:a", "pcm_s16be"], EVERY_HZ),
    ("s24", "w64", ["-c:a", "pcm_s24le"], EVERY_HZ),
    ("flac", "mka", ["-c:a", "flac"], EVERY_HZ),
    ("s24", "mkv", ["-c:a", "pcm_s24le"], EVERY_HZ),
    ("truehd", "thd", ["-c:a", "truehd"], (44100, 48000, 96000)),
    ("mlp", "mlp", ["-c:a", "mlp"], (44100, 48000, 96000)),
    ("ms-adpcm", "wav", ["-c:a", "adpcm_ms"], EVERY_HZ[:5]),
    ("ima-adpcm", "wav", ["-c:a", "adpcm_ima_wav"], EVERY_HZ[:5]),
    ("s8", "caf", ["-c:a", "pcm_s8"], EVERY_HZ),
]
# More than two channels, in containers that are read here and in others.
SURROUND = [
    ("s24", "wav", ["-c:a", "pcm_s24le"]),
    ("rf64", "wav", ["-rf64", "always"]),
    ("s16", "aiff", []),
    ("s16", "caf", []),
    ("s16", "flac", []),
    ("alac", "m4a", ["-c:a", "alac"]),
    ("aac", "m4a", ["-c:a", "aac"]),
    ("aac", "aac", ["-c:a", "aac", "-f", "adts"]),
    ("vorbis", "ogg", ["-c:a", "libvorbis"]),
    ("opus", "opus", ["-c:a", "libopus", "-mapping_family", "1"]),
    ("wavpack", "wv", ["-c:a", "wavpack"]),
    ("flac", "mka", ["-c:a", "flac"]),
    ("ac3", "ac3", ["-c:a", "ac3"]),
    ("eac3", "eac3", ["-c:a", "eac3"]),
    ("dts", "dts", ["-c:a", "dca"]),
]


def run(*command, data=None):
    return subprocess.run(list(command), input=data, capture_output=True, check=False)


def signal(rate_hz, channels, frames, seed=SEED):
    noise = np.random.default_rng(seed).normal(0, 0.02, (frames, channels))
    time_s = np.arange(frames)[:, None] / rate_hz
    tone = 0.3 * np.sin(2 * np.pi * (300 + 120 * np.arange(channels)) * time_s)
    return (np.clip(noise + tone, -1, 1) * 32767).astype("<i2")


def encoded(path, samples, rate_hz, arguments):
    raw = ["-f", "s16le", "-ar", str(rate_hz), "-ac", str(samples.shape[1]), "-i", "-"]
    done = run("ffmpeg", "-v", "error", "-y", *raw, *arguments, "-strict", "-2", str(path), data=samples.tobytes())
    return done.returncode == 0


def counted_by_ffmpeg(path):
    done = run("ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a:0", "-f", "s16le", "-ac", "1", "-")
    return len(done.stdout) // 2


def counted(path, *options):
    """Frames (None if refused), exit code, what was said."""
    done = run(BINARY, "analyze", "--json", *options, str(path))
    said = done.stderr.decode(errors="replace").strip()
    try:
        return json.loads(done.stdout)["analysis"]["frames"], done.returncode, said
    except (ValueError, KeyError, TypeError):
        return None, done.returncode, said


class Matrix:
    def __init__(self, folder):
        self.folder = folder
        self.faults = []
        self.left_out = []
        self.counts = Counter()
        self.exact = 0

    def path(self, name):
        return self.folder / name

    def whole(self, group, path, frames=None):
        """Nothing is wrong with it. `frames`: the length of what was encoded, where it is stated."""
        self.counts[group, "whole"] += 1
        theirs = counted_by_ffmpeg(path)
        ours, code, said = counted(path)
        strictly, strict_code, _ = counted(path, "--strict")
        right = {theirs} if frames is None else {theirs, frames}
        self.exact += ours == theirs
        if ours not in right or code or said or strictly != ours or strict_code:
            self.fault(path, f"{ours} frames, ffmpeg {theirs}, encoded {frames}, exit codes {code} {strict_code}, {said}")
        else:
            path.unlink()

    def declared(self, group, path):
        """Another program decodes it, and that is said."""
        self.counts[group, "declared"] += 1
        theirs = counted_by_ffmpeg(path)
        ours, code, said = counted(path)
        strictly, strict_code, _ = counted(path, "--strict")
        is_declared = "decoded by ffmpeg" in said and said.count("\n") == 0
        self.exact += ours == theirs
        if ours != theirs or code or not is_declared or strictly is not None or strict_code != 2:
            self.fault(path, f"{ours} frames, ffmpeg {theirs}, exit codes {code} {strict_code}, {said}")
        else:
            path.unlink()

    def odd(self, group, path):
        """A header lies, or something is broken."""
        self.counts[group, "odd"] += 1
        theirs = counted_by_ffmpeg(path)
        ours, code, said = counted(path)
        strictly, strict_code, _ = counted(path, "--strict")
        # A frame of which a part is missing is decoded by ffmpeg.
        is_told = code == 2 or (ours is not None and ours >= theirs - 1152 and said)
        if not is_told or strict_code != 2 or strictly is not None:
            self.fault(path, f"{ours} frames, ffmpeg {theirs}, exit codes {code} {strict_code}, {said}")
        else:
            path.unlink()

    def fault(self, path, text):
        self.faults.append(path.name)
        print(f"FAULT {path.name}: {text}", flush=True)


def codecs(matrix):
    for rate_hz in RATES_HZ:
        for channels in (1, 2):
            frames = rate_hz + 37 * channels + 1
            samples = signal(rate_hz, channels, frames)
            cases = [(*case, RATES_HZ, True) for case in LOSSLESS] + [(*case, False) for case in LOSSY]
            for name, ending, arguments, rates, is_lossless in cases:
                if rate_hz not in rates:
                    continue
                path = matrix.path(f"{name}-{rate_hz}-{channels}.{ending}")
                if not encoded(path, samples, rate_hz, arguments):
                    matrix.left_out.append(path.name)
                    continue
                is_exact = is_lossless or ending in ("m4a", "ogg") or name in ("cbr", "vbr")
                matrix.whole(f"{name} in {ending}", path, frames if is_exact else None)


def foreign(matrix):
    for name, ending, arguments, rates in FOREIGN:
        for rate_hz in rates:
            for channels in (1, 2):
                path = matrix.path(f"{name}-{rate_hz}-{channels}.{ending}")
                if encoded(path, signal(rate_hz, channels, 2 * rate_hz + 37), rate_hz, arguments):
                    matrix.declared(f"{name} in {ending}", path)
                else:
                    matrix.left_out.append(path.name)
    for name, ending, arguments in SURROUND:
        for channels, layout in ((6, "5.1"), (8, "7.1")):
            for rate_hz in (44100, 48000):
                path = matrix.path(f"{name}-{rate_hz}-{channels}.{ending}")
                arguments_of_layout = ["-channel_layout", layout, *arguments]
                samples = signal(rate_hz, channels, 2 * rate_hz + 37)
                is_known = (ending, rate_hz) not in (("opus", 44100),) and not (channels == 8 and ending in ("ac3", "eac3", "dts"))
                if is_known and encoded(path, samples, rate_hz, arguments_of_layout):
                    matrix.declared("surround", path)
                else:
                    matrix.left_out.append(path.name)


def odd_more(matrix, rate_hz, channels):
    """Whole files as other programs write them, and damage to what ffmpeg decodes."""
    frames = 2 * rate_hz + 5
    samples = signal(rate_hz, channels, frames)
    data = samples.tobytes()
    fmt = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
    whole = {
        "long-fmt": riff(chunk(b"fmt ", fmt + bytes(2)), chunk(b"data", data)),
        "longer-fmt": riff(chunk(b"fmt ", fmt + bytes(24)), chunk(b"data", data)),
        "strange-chunks": riff(chunk(b"JUNK", b"x" * 77), chunk(b"xyz ", b"q" * 33), chunk(b"fmt ", fmt), chunk(b"data", data), chunk(b"\0\0\0\0", b"")),
        "zero-fact": riff(chunk(b"fmt ", fmt), chunk(b"fact", bytes(4)), chunk(b"data", data)),
        "id3": b"ID3\x04\0\0\0\0\x08\0" + bytes(1024) + riff(chunk(b"fmt ", fmt), chunk(b"data", data)),
        "zeros": bytes(512) + riff(chunk(b"fmt ", fmt), chunk(b"data", data)),
    }
    for kind, wave in whole.items():
        path = matrix.path(f"{kind}-{rate_hz}-{channels}.wav")
        path.write_bytes(wave)
        matrix.whole("odd wav", path, frames)
    for name, ending, arguments in (
        ("s16", "mov", ["-c:a", "pcm_s16le"]),
        ("s24", "mov", ["-c:a", "pcm_s24be"]),
        ("f32", "mov", ["-c:a", "pcm_f32le"]),
        ("flac", "mp4", ["-c:a", "flac"]),
        ("mp3", "mp4", ["-c:a", "libmp3lame"]),
        ("alaw", "aiff", ["-c:a", "pcm_alaw"]),
        ("f64", "aiff", ["-c:a", "pcm_f64be"]),
        ("f64", "caf", ["-c:a", "pcm_f64le"]),
        ("mp2", "wav", ["-c:a", "mp2", "-b:a", "64k"]),
        ("mp3", "wav", ["-c:a", "libmp3lame"]),
    ):
        path = matrix.path(f"more-{name}-{rate_hz}-{channels}.{ending}")
        if encoded(path, samples, rate_hz, arguments):
            matrix.whole("odd more", path, None if name in ("mp2",) else frames)
        else:
            matrix.left_out.append(path.name)
    for name, ending, arguments in (
        ("wavpack", "wv", []),
        ("tta", "tta", []),
        ("flac", "mka", ["-c:a", "flac"]),
        ("aac", "flv", ["-c:a", "aac"]),
        ("wma", "wma", ["-c:a", "wmav2"]),
    ):
        path = matrix.path(f"cut-{name}-{rate_hz}-{channels}.{ending}")
        if encoded(path, samples, rate_hz, arguments):
            path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 5])
            matrix.odd("cut, declared", path)
        else:
            matrix.left_out.append(path.name)


def with_total(flac, frames):
    """A FLAC whose stream information states another number of frames (36 bits)."""
    out = bytearray(flac)
    at = flac.find(b"fLaC") + 18
    bits = int.from_bytes(out[at : at + 8], "big") >> 36 << 36 | frames
    out[at : at + 8] = bits.to_bytes(8, "big")
    return bytes(out)


def with_block(flac, kind, body):
    return flac[:42] + bytes([kind]) + len(body).to_bytes(3, "big") + body + flac[42:]


def with_xing(mp3, frames):
    at = max(mp3.find(b"Xing"), mp3.find(b"Info"))
    return mp3[: at + 8] + struct.pack(">I", frames) + mp3[at + 12 :]


def chunk(name, body):
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def riff(*chunks):
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def extensible(channels, rate_hz, bits, valid):
    frame = channels * bits // 8
    guid = bytes.fromhex("0100000000001000800000aa00389b71")
    head = struct.pack("<HHIIHH", 0xFFFE, channels, rate_hz, rate_hz * frame, frame, bits)
    return head + struct.pack("<HHI", 22, valid, 3 if channels == 2 else 4) + guid


def odd_mp3(matrix, rate_hz, channels):
    tags = {
        "id3v2": b"ID3\x04\0\0\0\0\x20\0" + b"\0" * 4096,
        "id3v1": b"TAG" + b"x" * 125,
        "ape": b"APETAGEX" + struct.pack("<IIII", 2000, 32, 0, 0) + b"\0" * 8,
    }
    samples = signal(rate_hz, channels, 2 * rate_hz + 5)
    for name, arguments in (("cbr", ["-b:a", "64k"]), ("vbr", ["-q:a", "3"])):
        base = matrix.path("base.mp3")
        encoded(base, samples, rate_hz, ["-c:a", "libmp3lame", "-id3v2_version", "0", *arguments])
        tagged = base.read_bytes()
        encoded(base, samples, rate_hz, ["-c:a", "libmp3lame", "-id3v2_version", "0", "-write_xing", "0", *arguments])
        bare = base.read_bytes()
        base.unlink()
        half = len(bare) // 2
        whole = {
            **{f"zeros-{n}": b"\0" * n + bare for n in (1, 3000, 4096, 20000, 300000)},
            **{f"before-{tag}": tags[tag] + tagged for tag in ("id3v2",)},
            **{f"behind-{tag}": tagged + tags[tag] for tag in ("id3v1", "ape")},
            "both": tags["id3v2"] + bare + tags["ape"] + tags["id3v1"],
            "id3-zeros": tags["id3v2"] + b"\0" * 9000 + bare,
            "joined-bare": bare + bare,
        }
        # ffmpeg loses a frame at the tag in the middle.
        path = matrix.path("bare.mp3")
        path.write_bytes(bare)
        one = counted_by_ffmpeg(path)
        path.unlink()
        path = matrix.path(f"joined-tags-{name}-{rate_hz}-{channels}.mp3")
        path.write_bytes(tags["id3v2"] + bare + tags["id3v1"] + tags["id3v2"] + bare + tags["id3v1"])
        matrix.whole("odd mp3", path, 2 * one)
        lies = {
            "states-less": with_xing(tagged, 10),
            "states-more": with_xing(tagged, 100000),
            "joined": tagged + tagged,
            "joined-three": tagged + bare + tagged,
            "cut": bare[: half + 11],
            "cut-tagged": tagged[:half],
            "gap": bare[:half] + b"\0" * 30000 + bare[half + 700 :],
        }
        for kind, data in whole.items():
            path = matrix.path(f"{kind}-{name}-{rate_hz}-{channels}.mp3")
            path.write_bytes(data)
            matrix.whole("odd mp3", path)
        for kind, data in lies.items():
            path = matrix.path(f"{kind}-{name}-{rate_hz}-{channels}.mp3")
            path.write_bytes(data)
            matrix.odd("odd mp3", path)


def odd_joins(matrix):
    parts = {}
    for rate_hz, channels in ((44100, 1), (44100, 2), (48000, 2)):
        for ending, arguments in (("mp3", ["-c:a", "libmp3lame", "-write_xing", "0"]), ("aac", ["-f", "adts"]), ("ogg", ["-c:a", "libvorbis"])):
            base = matrix.path(f"base.{ending}")
            encoded(base, signal(rate_hz, channels, 2 * rate_hz), rate_hz, arguments)
            parts[rate_hz, channels, ending] = base.read_bytes()
            base.unlink()
    for ending in ("mp3", "aac", "ogg"):
        one, two, fast = (parts[rate, channels, ending] for rate, channels in ((44100, 1), (44100, 2), (48000, 2)))
        for name, data in (("mono-stereo", one + two), ("stereo-mono", two + one), ("rates", two + fast)):
            path = matrix.path(f"{name}.{ending}")
            path.write_bytes(data)
            matrix.odd("joined", path)
    path = matrix.path("joined.aac")
    path.write_bytes(parts[44100, 2, "aac"] * 3)
    matrix.whole("joined", path)
    path = matrix.path("chained.ogg")
    path.write_bytes(parts[44100, 2, "ogg"] * 3)
    # ffmpeg leaves in what the end of each link states as too much.
    matrix.whole("joined", path, 3 * 88200)


def odd_flac(matrix, rate_hz, channels):
    frames = 2 * rate_hz + 5
    base = matrix.path("base.flac")
    encoded(base, signal(rate_hz, channels, frames), rate_hz, [])
    flac = base.read_bytes()
    base.unlink()
    sheet = bytes(128 + 8) + b"\0" + bytes(258) + b"\x02"
    sheet += struct.pack(">Q", 5) + b"\x01" + bytes(12) + b"\0" + bytes(13) + b"\0"
    sheet += struct.pack(">Q", frames) + b"\xff" + bytes(12) + b"\0" + bytes(13) + b"\0"
    whole = {
        "cue-sheet": with_block(flac, 5, sheet),
        "unknown-block": with_block(flac, 60, b"what is this"),
        "empty-block": with_block(flac, 2, b""),
        "broken-picture": with_block(flac, 6, b"\xff" * 20),
        "broken-seek-table": with_block(flac, 3, b"\xff" * 17),
        "id3v2": b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + flac,
        "id3v1": flac + b"TAG" + b"x" * 125,
        "ape": flac + b"APETAGEX" + struct.pack("<IIII", 2000, 32, 0, 0) + bytes(8),
        "no-total": with_total(flac, 0),
    }
    lies = {"states-less": with_total(flac, 1000), "states-more": with_total(flac, frames + 50000), "cut": flac[: len(flac) // 2]}
    for kind, data in whole.items():
        path = matrix.path(f"{kind}-{rate_hz}-{channels}.flac")
        path.write_bytes(data)
        matrix.whole("odd flac", path, frames)
    for kind, data in lies.items():
        path = matrix.path(f"{kind}-{rate_hz}-{channels}.flac")
        path.write_bytes(data)
        matrix.odd("odd flac", path)
    if not shutil.which("flac"):
        matrix.left_out.append("block sizes of flac")
        return
    wave = matrix.path("base.wav")
    encoded(wave, signal(rate_hz, channels, frames), rate_hz, [])
    for name, options in (("small-blocks", ["--blocksize=192"]), ("large-blocks", ["--lax", "--blocksize=16384"]), ("no-sum", ["--no-md5-sum"]), ("bare", ["--no-padding", "--no-seektable"])):
        path = matrix.path(f"{name}-{rate_hz}-{channels}.flac")
        run("flac", "-s", "-f", *options, "-o", str(path), str(wave))
        matrix.whole("odd flac", path, frames)
    wave.unlink()


def odd_wave(matrix, rate_hz, channels):
    for frames in (rate_hz + 1, rate_hz + 2, rate_hz + 3):
        samples = signal(rate_hz, channels, frames)
        data = samples.tobytes()
        wide = (samples.astype("<i4") << 16).tobytes()
        three = (samples.astype("<i4") << 16).view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
        plain = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
        fmt = chunk(b"fmt ", plain)
        whole = {
            "24-in-32": riff(chunk(b"fmt ", extensible(channels, rate_hz, 32, 24)), chunk(b"data", wide)),
            "20-in-32": riff(chunk(b"fmt ", extensible(channels, rate_hz, 32, 20)), chunk(b"data", wide)),
            "20-in-24": riff(chunk(b"fmt ", extensible(channels, rate_hz, 24, 20)), chunk(b"data", three)),
            "12-in-16": riff(chunk(b"fmt ", extensible(channels, rate_hz, 16, 12)), chunk(b"data", data)),
            "odd-chunk": riff(fmt, chunk(b"JUNK", b"odd"), chunk(b"data", data), chunk(b"LIST", b"odd")),
            "pipe": riff(fmt, b"data\xff\xff\xff\xff" + data).replace(b"RIFF", b"RIFF", 1)[:4] + b"\xff\xff\xff\xff" + riff(fmt, b"data\xff\xff\xff\xff" + data)[8:],
            "behind": riff(fmt, chunk(b"data", data)) + b"something else",
        }
        lies = {
            "no-size": riff(fmt, b"data\0\0\0\0" + data),
            "states-more": riff(fmt, b"data" + struct.pack("<I", len(data) + 100000) + data),
        }
        for kind, wave in whole.items():
            path = matrix.path(f"{kind}-{rate_hz}-{channels}-{frames}.wav")
            path.write_bytes(wave)
            matrix.whole("odd wav", path, frames)
        for kind, wave in lies.items():
            path = matrix.path(f"{kind}-{rate_hz}-{channels}-{frames}.wav")
            path.write_bytes(wave)
            matrix.odd("odd wav", path)


def odd_aiff(matrix, rate_hz, channels):
    frames = rate_hz + 3
    base = matrix.path("base.aiff")
    encoded(base, signal(rate_hz, channels, frames), rate_hz, [])
    aiff = base.read_bytes()
    base.unlink()
    comm = aiff.find(b"COMM") + 8
    stating = lambda n: aiff[: comm + 2] + struct.pack(">I", n) + aiff[comm + 6 :]
    for kind, data in (("states-less", stating(1000)), ("states-more", stating(frames + 5000)), ("cut", aiff[: len(aiff) // 2])):
        path = matrix.path(f"{kind}-{rate_hz}-{channels}.aiff")
        path.write_bytes(data)
        matrix.odd("odd aiff", path)
    path = matrix.path(f"id3-{rate_hz}-{channels}.aiff")
    path.write_bytes(aiff + b"ID3 " + struct.pack(">I", 10) + b"ID3\x04\0\0\0\0\0\0")
    matrix.whole("odd aiff", path, frames)


def odd_caf(matrix, rate_hz, channels):
    frames = rate_hz + 3
    base = matrix.path("base.caf")
    encoded(base, signal(rate_hz, channels, frames), rate_hz, [])
    caf = base.read_bytes()
    base.unlink()
    at = caf.find(b"data") + 4
    path = matrix.path(f"open-{rate_hz}-{channels}.caf")
    path.write_bytes(caf[:at] + b"\xff" * 8 + caf[at + 8 :])
    matrix.whole("odd caf", path, frames)
    path = matrix.path(f"cut-{rate_hz}-{channels}.caf")
    path.write_bytes(caf[: len(caf) // 2])
    matrix.odd("odd caf", path)


def odd_mp4(matrix, rate_hz, channels):
    frames = 2 * rate_hz + 5
    samples = signal(rate_hz, channels, frames)
    for codec in ("aac", "alac"):
        for name, flags in (("faststart", ["faststart"]), ("fragments", ["frag_keyframe+empty_moov"]), ("dash", ["dash"])):
            path = matrix.path(f"{name}-{codec}-{rate_hz}-{channels}.m4a")
            encoded(path, samples, rate_hz, ["-c:a", codec, "-movflags", *flags])
            # In fragments nothing states the padding.
            matrix.whole("odd m4a", path, frames if name == "faststart" or codec == "alac" else frames + 1024)
        path = matrix.path(f"cut-{codec}-{rate_hz}-{channels}.m4a")
        encoded(path, samples, rate_hz, ["-c:a", codec, "-movflags", "faststart"])
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
        matrix.odd("odd m4a", path)


def main():
    with tempfile.TemporaryDirectory() as temporary:
        matrix = Matrix(Path(sys.argv[1] if len(sys.argv) > 1 else temporary))
        matrix.folder.mkdir(exist_ok=True)
        parts = sys.argv[2:] or ["codecs", "foreign", "joins", "odd", "more"]
        for part, make in (("codecs", codecs), ("foreign", foreign), ("joins", odd_joins)):
            if part in parts:
                make(matrix)
        for rate_hz, channels in ((44100, 2), (48000, 1), (22050, 2)):
            if "odd" in parts:
                odd_mp3(matrix, rate_hz, channels)
                odd_flac(matrix, rate_hz, channels)
                odd_wave(matrix, rate_hz, channels)
                odd_aiff(matrix, rate_hz, channels)
                odd_caf(matrix, rate_hz, channels)
                odd_mp4(matrix, rate_hz, channels)
            if "more" in parts:
                odd_more(matrix, rate_hz, channels)
    groups = Counter()
    for (group, kind), count in sorted(matrix.counts.items()):
        print(f"{group:<16}{kind:<7}{count:>5}")
        groups[kind] += count
    print(f"whole {groups['whole']}, declared {groups['declared']}, of these {matrix.exact} with ffmpeg's very count; odd {groups['odd']}")
    print(f"left out: {len(matrix.left_out)} {' '.join(matrix.left_out)}")
    print(f"faults: {len(matrix.faults)}")
    sys.exit(bool(matrix.faults))


if __name__ == "__main__":
    main()
