#!/usr/bin/env python3
"""Makes the fuzz targets' seeds in fuzz/corpus: small real files of every format that is read.

Usage: fuzz/seeds.py

Cuts pieces out of tests/audio with ffmpeg; settings, recipes and lists are those of the repository.
"""

import shutil
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


def main():
    for target in ["decode", "analyze", "master", "weights", "settings", "lists"]:
        (CORPUS / target).mkdir(parents=True, exist_ok=True)
    make_audio(CORPUS / "decode")
    for target in ["analyze", "master"]:
        for seed in CORPUS.joinpath("decode").iterdir():
            shutil.copy(seed, CORPUS / target)
    weights = (ROOT / "weights" / "default.safetensors").read_bytes()
    (CORPUS / "weights" / "default").write_bytes(weights)
    (CORPUS / "weights" / "header").write_bytes(weights[: 8 + int.from_bytes(weights[:8], "little")])
    binary = ROOT / "target" / "release" / "acetate"
    mix = ROOT / "tests" / "audio" / EXCERPTS[1]
    command = [binary, "master", mix, "-o", CORPUS / "m.wav", "--overwrite", "-q"]
    subprocess.run([*command, "--save-settings", CORPUS / "settings" / "saved"], check=True)
    (CORPUS / "m.wav").unlink()
    shutil.copy(ROOT / "datasets.toml", CORPUS / "lists")
    for recipe in ["default.toml", "finetune.toml"]:
        shutil.copy(ROOT / "training" / recipe, CORPUS / "lists")
    (CORPUS / "lists" / "pairs.csv").write_text('mix,master,album\na.wav,"b, c.wav",One\n"d\n.wav",e,"T""wo"\n')
    print(f"{sum(1 for path in CORPUS.rglob('*') if path.is_file())} seeds in {CORPUS}")


if __name__ == "__main__":
    main()
