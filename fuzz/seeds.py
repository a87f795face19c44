#!/usr/bin/env python3
"""Makes the fuzz targets' seeds in fuzz/corpus: small real files of every format that is read.

Usage: fuzz/seeds.py

Cuts pieces out of tests/audio with ffmpeg; settings, recipes and lists are those of the repository.
Settings and certificates are written by the binary ACETATE (target/release/acetate unless set).
"""

import os
import shutil
import struct
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "fuzz" / "corpus"
EXCERPTS = ["rock_excerpt.flac", "mono_rock_excerpt.flac"]

# Name, seconds, options of ffmpeg. Mastering needs 0.4 s at least; 8 kHz keeps it fast.
AUDIO = [
    ("u8.wav", 0.5, "-ar 8000 -ac 1 -c:a pcm_u8"),
    ("s16.wav", 0.5, "-ar 8000 -c:a pcm_s16le"),
    ("s24.wav", 0.45, "-ar 8000 -ac 1 -c:a pcm_s24le"),
    ("s32.wav", 0.02, "-ar 44100 -c:a pcm_s32le"),
    ("f32.wav", 0.5, "-ar 8000 -ac 1 -c:a pcm_f32le"),
    ("f64.wav", 0.45, "-ar 8000 -ac 1 -c:a pcm_f64le"),
    ("alaw.wav", 0.1, "-ar 8000 -c:a pcm_alaw"),
    ("adpcm.wav", 0.5, "-ar 11025 -c:a adpcm_ms"),
    ("rf64.wav", 0.1, "-ar 8000 -rf64 always -c:a pcm_s16le"),
    ("s16.aiff", 0.45, "-ar 8000 -ac 1 -c:a pcm_s16be"),
    ("f32.aiff", 0.05, "-ar 22050 -c:a pcm_f32be"),
    ("s16.caf", 0.45, "-ar 8000 -ac 1 -c:a pcm_s16be"),
    ("s16.flac", 0.5, "-ar 8000 -sample_fmt s16 -strict -2 -c:a flac"),
    ("s24.flac", 0.1, "-ar 44100 -sample_fmt s32 -c:a flac"),
    ("flac.ogg", 0.2, "-ar 16000 -sample_fmt s16 -strict -2 -c:a flac"),
    ("flac.mp4", 0.2, "-ar 16000 -sample_fmt s16 -strict -2 -c:a flac"),
    ("alac.m4a", 0.2, "-ar 16000 -c:a alac"),
    ("aac.m4a", 0.5, "-ar 22050 -b:a 32k -c:a aac"),
    ("aac.aac", 0.5, "-ar 22050 -b:a 32k -c:a aac"),
    ("vorbis.ogg", 0.5, "-ar 22050 -ac 2 -strict -2 -c:a {vorbis}"),
    ("cbr.mp3", 0.5, "-ar 22050 -b:a 32k -c:a libmp3lame"),
    ("noxing.mp3", 0.5, "-ar 44100 -b:a 64k -write_xing 0 -id3v2_version 0 -c:a libmp3lame"),
    ("mp2.mp2", 0.2, "-ar 22050 -b:a 32k -c:a mp2"),
]


def has_encoder(name):
    listed = subprocess.run(["ffmpeg", "-hide_banner", "-encoders"], capture_output=True, text=True, check=True)
    return f" {name} " in listed.stdout


def make_audio(folder):
    vorbis = "libvorbis" if has_encoder("libvorbis") else "vorbis"
    for index, (name, seconds, options) in enumerate(AUDIO):
        source = ROOT / "tests" / "audio" / EXCERPTS[index % len(EXCERPTS)]
        options = options.format(vorbis=vorbis).split()
        command = ["ffmpeg", "-v", "error", "-y", "-ss", "5", "-t", str(seconds), "-i", str(source)]
        command += ["-map_metadata", "-1", "-metadata", "title=Seed", *options, str(folder / name)]
        subprocess.run(command, check=True)


def make_joined(folder, streams):
    """Streams that can follow each other, each behind a byte that says how (see the target)."""
    for name in ["cbr.mp3", "noxing.mp3", "mp2.mp2", "aac.aac", "s24.flac", "flac.ogg"]:
        (folder / name).write_bytes(bytes([0x47 + 8 * (len(name) % 4)]) + (streams / name).read_bytes())


def make_cue_sheets(folder):
    """Bodies of a FLAC's cue sheet, comments and picture, and of chunks of a WAV, behind their number."""
    def track(at, number, indices):
        points = b"".join(struct.pack(">QB3x", point, index) for index, point in enumerate(indices, 1))
        return struct.pack(">QB12sB13xB", at, number, b"USRC17607839", 0, len(indices)) + points

    def cue_sheet(is_cd, tracks):
        return struct.pack(">128sQB258xB", b"1234567890123", 88200, is_cd << 7, len(tracks)) + b"".join(tracks)

    def comments(*fields):
        listed = b"".join(struct.pack("<I", len(field)) + field for field in fields)
        return struct.pack("<II", 0, len(fields)) + listed

    points = b"".join(struct.pack("<II4sIII", number, at, b"data", 0, 0, at) for number, at in [(1, 100), (2, 4000)])
    label = b"labl" + struct.pack("<I", 8) + struct.pack("<I", 2) + b"two\0"
    region = b"ltxt" + struct.pack("<I", 20) + struct.pack("<II4sHHHH", 2, 300, b"rgn ", 0, 0, 0, 0)
    picture = struct.pack(">II", 3, 9) + b"image/png" + struct.pack(">IIIIII", 0, 1, 1, 24, 0, 4) + b"\x89PNG"
    chapter = b"a\0" + struct.pack(">IIII", 0, 4000, 0, 0)
    chapter = b"CHAP" + struct.pack(">IH", len(chapter), 0) + chapter
    bodies = [
        (0, cue_sheet(1, [track(0, 1, [0]), track(5880, 2, [0, 588]), track(88200, 170, [])])),
        (1, cue_sheet(0, [track(0, 1, [0]), track(1234, 2, [0, 17]), track(5000, 255, [])])),
        (4, comments(b"TITLE=T", b"CHAPTER001=00:00:00.010", b"CHAPTER001NAME=One", b"CUESHEET=TRACK 01 AUDIO")),
        (5, b"riffcue " + struct.pack("<I", 28) + struct.pack("<I", 1) + points[:24]),
        (6, picture),
        (7, struct.pack("<I", 2) + points),
        (8, (struct.pack("<I", 2) + points).ljust(52, b"\0")),
        (8, b"adtl" + label + region),
        (9, struct.pack("<9I", 0, 0, 22675, 60, 0, 0, 0, 1, 0) + struct.pack("<6I", 0, 0, 2205, 4410, 0, 0)),
        (10, b"ID3\x04\0\0" + bytes([0, 0, 0, len(chapter)]) + chapter),
        (11, bytes(320) + b"2024-05-0607:08:09" + struct.pack("<QH", 123456, 2) + bytes(254) + b"A=PCM\r\n"),
    ]
    for index, (kind, body) in enumerate(bodies):
        (folder / f"{index:02}").write_bytes(bytes([kind]) + body)


def make_tags(folder):
    """The files that the tests of metadata are made with: every kind of every container."""
    environment = {**os.environ, "ACETATE_SEEDS": str(folder), "ACETATE_ROUNDS": "0"}
    test = ["cargo", "test", "-q", "-p", "acetate-io", "--test", "io", "sizes_and_counts"]
    subprocess.run(test, check=True, env=environment, cwd=ROOT)


REPAIRS = """schema = "acetate.settings/1"

[[cleanup.repairs]]
at_s = 0.5
length_ms = 1.4
kind = "interpolate"

[[cleanup.repairs]]
at_s = 1.0
length_ms = 20.0
kind = "attenuate"
gain_db = -12.0
"""

TARGETS = "decode joined tags cuesheets analyze master weights settings certificates lists".split()


def main():
    for target in TARGETS:
        (CORPUS / target).mkdir(parents=True, exist_ok=True)
    make_audio(CORPUS / "decode")
    make_joined(CORPUS / "joined", CORPUS / "decode")
    make_cue_sheets(CORPUS / "cuesheets")
    make_tags(CORPUS / "tags")
    for target in ["analyze", "master"]:
        for seed in CORPUS.joinpath("decode").iterdir():
            shutil.copy(seed, CORPUS / target)
    weights = (ROOT / "weights" / "default.safetensors").read_bytes()
    (CORPUS / "weights" / "default").write_bytes(weights)
    (CORPUS / "weights" / "header").write_bytes(weights[: 8 + int.from_bytes(weights[:8], "little")])
    binary = Path(os.environ.get("ACETATE", ROOT / "target" / "release" / "acetate")).resolve()
    mix = ROOT / "tests" / "audio" / EXCERPTS[1]
    command = [binary, "master", mix, "-o", CORPUS / "m.wav", "--overwrite", "-q"]
    subprocess.run(
        [*command, "--save-settings", CORPUS / "settings" / "saved", "--certificate", CORPUS / "certificates" / "one"],
        check=True,
    )
    (CORPUS / "m.wav").unlink()
    (CORPUS / "settings" / "repairs").write_text(REPAIRS)
    shutil.copy(ROOT / "datasets.toml", CORPUS / "lists")
    for recipe in ROOT.joinpath("training").glob("*.toml"):
        if recipe.name != "Cargo.toml":
            shutil.copy(recipe, CORPUS / "lists")
    for index, manifest in enumerate(sorted(ROOT.joinpath("datasets").glob("**/*.toml"))):
        shutil.copy(manifest, CORPUS / "lists" / f"manifest-{index}.toml")
    (CORPUS / "lists" / "pairs.csv").write_text('mix,master,album\na.wav,"b, c.wav",One\n"d\n.wav",e,"T""wo"\n')
    print(f"{sum(1 for path in CORPUS.rglob('*') if path.is_file())} seeds in {CORPUS}")


if __name__ == "__main__":
    main()
