#!/usr/bin/env python3
"""What other programs read in the files of an album: a table of fields, containers and readers.

Usage: campaigns/album/readers.py [--keep FOLDER]

Three songs of the corpus (`acetate dataset fetch`), cut to 32 s, become an album with every field of album.toml, a
cover, and mixes that carry cue points, a loop, lyrics, a composer and a text of their own. Every deliverable is made.
Each file of the first song is read by ffprobe, ExifTool, MediaInfo and metaflac; a field counts as read if its value, which
no other field has, stands in what the program prints. In the table F, E, M and m are the readers that show it; `-`:
its value is in the bytes of the file and no reader shows it; MISSING: it is not in the file, though the container has
a place for it. Exit code 1 if anything is missing, or if no reader finds the ISRC in a container. The binary is ACETATE,
or that of a release build. Needs ffmpeg, exiftool, mediainfo and metaflac.
"""

import argparse
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from mirror import RATE, load, run, save, tracks_of

ISRC, UPC = "USRC17607839", "036000291452"
# Field, and the value that is looked for; of the last four the kind of evidence.
FIELDS = {
    "title": "Quartz Alpha",
    "artist": "Beryl Players",
    "album": "Granite Sessions",
    "album artist": "Basalt Union",
    "track n of m": "1/3",
    "disc n of m": "2/4",
    "date": "2031-05-17",
    "genre": "Slate Wave",
    "ISRC": ISRC,
    "UPC": UPC,
    "label": "Feldspar Records",
    "catalog number": "FSP-0417",
    "copyright": "2031 Feldspar Holdings",
    "track gain": "REPLAYGAIN_TRACK_GAIN",
    "album gain": "REPLAYGAIN_ALBUM_GAIN",
    "composer (of the mix)": "Olga Obsidian",
    "comment (of the mix)": "Recorded in a marl pit",
    "own text (of the mix)": "gabbro-7731",
    "lyrics (of the mix)": "La la la lava",
    "cue point (of the mix)": "Second verse",
    "cover": "cover",
    "loudness (bext)": "bext",
    "coding history": "T=Acetate",
}
READERS = {"F": "ffprobe", "E": "ExifTool", "M": "MediaInfo", "m": "metaflac"}


def chunk(name, body):
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def with_chunks(path):
    """A WAV with INFO, cue points with labels, a sampler loop and ID3v2."""
    data = path.read_bytes()
    points = [(1, RATE * 4, b"Intro"), (2, RATE * 15, b"Second verse")]
    cue = struct.pack("<I", len(points)) + b"".join(struct.pack("<II4sIII", i, at, b"data", 0, 0, at) for i, at, _ in points)
    labels = b"adtl" + b"".join(chunk(b"labl", struct.pack("<I", i) + text + b"\0") for i, _, text in points)
    loop = struct.pack("<9I", 0, 0, 1_000_000_000 // RATE, 60, 0, 0, 0, 1, 0) + struct.pack("<6I", 1, 0, RATE, 5 * RATE, 0, 0)
    info = b"INFO" + chunk(b"IMUS", b"Olga Obsidian\0") + chunk(b"ICMT", b"Recorded in a marl pit\0")
    frame = lambda name, text: name + struct.pack(">I", len(text)) + b"\0\0" + text
    frames = frame(b"TCOM", b"\x03Olga Obsidian") + frame(b"TXXX", b"\x03PRESS\0gabbro-7731") + frame(b"USLT", b"\x03eng\0La la la lava")
    size = len(frames)
    tag = b"ID3\x04\0\0" + bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127]) + frames
    data += chunk(b"cue ", cue) + chunk(b"LIST", labels) + chunk(b"smpl", loop) + chunk(b"LIST", info) + chunk(b"id3 ", tag)
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])


def album_of(folder):
    songs = tracks_of("singularity-music")[:3]
    for number, song in enumerate(songs, 1):
        save(folder / f"{number}.wav", 0.5 * load(song, 10, 32))
    with_chunks(folder / "1.wav")
    cover = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=600x600:d=1", "-frames:v", "1", str(folder / "cover.png")]
    subprocess.run(cover, check=True)
    lines = [
        "[album]", f'title = "{FIELDS["album"]}"', f'artist = "{FIELDS["album artist"]}"', f'upc = "{UPC}"',
        f'date = "{FIELDS["date"]}"', f'genre = "{FIELDS["genre"]}"', f'label = "{FIELDS["label"]}"',
        f'catalog_number = "{FIELDS["catalog number"]}"', f'copyright = "{FIELDS["copyright"]}"',
        "disc = 2", "disc_total = 4", 'cover = "cover.png"',
    ]
    for number in (1, 2, 3):
        title = FIELDS["title"] if number == 1 else f"Song {number}"
        lines += ["[[track]]", f'file = "{number}.wav"', f'title = "{title}"', f'artist = "{FIELDS["artist"]}"']
        lines += [f'isrc = "USRC1760783{number + 8}"' if number == 1 else f'isrc = "USRC1760784{number}"']
    (folder / "album.toml").write_text("\n".join(lines) + "\n")


def said_by(path):
    out = lambda *words: subprocess.run(list(words), capture_output=True, text=True, errors="replace").stdout
    said = {
        "F": out("ffprobe", "-v", "error", "-show_format", "-show_streams", "-show_chapters", str(path)),
        "E": out("exiftool", "-a", "-u", "-G1", str(path)),
        "M": out("mediainfo", "--Full", str(path)),
    }
    if path.suffix == ".flac":
        said["m"] = out("metaflac", "--list", str(path))
    return said


def shows(reader, text, field, value):
    """Whether what a reader printed has the field."""
    low = text.lower()
    if field == "cover":
        return {"F": "attached_pic=1" in low, "E": "picture" in low or "coverart" in low.replace(" ", ""),
                "M": "cover " in low or "cover_type" in low, "m": "picture" in low}[reader]
    if field == "loudness (bext)":
        return {"F": "loudness_value" in low or "max_true_peak" in low, "E": "max true peak" in low or "loudness value" in low,
                "M": "loudnessvalue" in low.replace(" ", ""), "m": False}[reader]
    if field in ("track gain", "album gain"):
        which = field.split()[0]
        spoken = low.replace("_", "").replace(" ", "")
        return f"replaygain{which}gain" in spoken or (which == "track" and "replaygain:" in spoken) or (
            which == "album" and "album_replaygain_gain" in low)
    if field in ("track n of m", "disc n of m"):
        number, total = value.split("/")
        word = field.split()[0]
        lines = [line for line in low.splitlines() if word in line.replace("part", "disc").replace("disk", "disc")]
        spoken = " ".join(lines)
        beside = any(f"{number}{join}{total}" in spoken for join in ("/", " of "))
        apart = any(line.rstrip().endswith((f"={number}", f": {number}")) for line in lines) and any(
            total in line and "total" in line.replace("totaltracks", "total") for line in lines)
        return beside or apart
    return value.lower() in low or field == "date" and value.replace("-", ":") in low


def is_in(data, field, value):
    """Whether the bytes have it at all."""
    if field == "cover":
        return b"\x89PNG" in data or b"\xff\xd8\xff\xe0" in data
    if field == "loudness (bext)":
        return b"bext" in data
    if field in ("track n of m", "disc n of m"):
        number, total = value.split("/")
        word = b"TRACK" if field[0] == "t" else b"DISC"
        atom = b"trkn" if field[0] == "t" else b"disk"
        frame = b"TRCK" if field[0] == "t" else b"TPOS"
        return value.encode() in data and frame in data or word + b"NUMBER=" + number.encode() in data and word + b"TOTAL=" + total.encode() in data or (
            atom in data and struct.pack(">HHH", 0, int(number), int(total)) in data)
    return value.encode().lower() in data.lower()


def has_place(field, path):
    """Whether the container has a place for the field."""
    return path.suffix == ".wav" or field not in ("loudness (bext)", "coding history")


def table(files):
    missing, cells = [], {}
    for name, path in files.items():
        data, said = path.read_bytes(), said_by(path)
        for field, value in FIELDS.items():
            seen = "".join(reader for reader, text in said.items() if shows(reader, text, field, value))
            if not seen:
                seen = "-" if is_in(data, field, value) else "MISSING" if has_place(field, path) else ""
            if seen == "MISSING" or field == "ISRC" and seen == "-":
                missing.append(f"{field} in {name}")
            cells[field, name] = seen
    return cells, missing


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="readers-") as place:
        folder = options.keep or Path(place)
        mixes, out = folder / "mixes", folder / "record"
        mixes.mkdir(parents=True)
        album_of(mixes)
        deliver = "hires,cd,streaming,preview,video,spotify"
        run("album", mixes, "--out-dir", out, "--deliver", deliver, "-q")
        report = json.loads((out / "album.json").read_text())
        stem = Path(report["songs"][0]["output"]).stem
        files = {"WAV": out / f"{stem}.wav"}
        for name, ending in (("hires", "wav"), ("cd", "wav"), ("video", "wav"), ("streaming", "flac"), ("spotify", "flac")):
            files[f"{name} {ending.upper()}"] = out / name / f"{stem}.{ending}"
        files |= {"MP3": out / "preview" / f"{stem}.mp3", "M4A": out / "preview" / f"{stem}.m4a"}
        cells, missing = table(files)
    # Containers with the same cells share a column.
    columns = {}
    for name in files:
        columns.setdefault(tuple(cells[field, name] for field in FIELDS), []).append(name)
    print("| field | " + " | ".join(", ".join(names) for names in columns.values()) + " |\n|---|" + "---|" * len(columns))
    for row, field in enumerate(FIELDS):
        print(f"| {field} | " + " | ".join(column[row] for column in columns) + " |")
    print("\n" + ", ".join(f"{letter} {name}" for letter, name in READERS.items()))
    for what in missing:
        print(f"missing: {what}")
    sys.exit(bool(missing))


if __name__ == "__main__":
    main()
