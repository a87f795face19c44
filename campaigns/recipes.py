#!/usr/bin/env python3
"""Holds what is promised of real files and of other users against other programs.

Usage: campaigns/recipes.py [NAME ...]

Files are made by LAME, flac, metaflac and ffmpeg and judged by them; another user and a kill in the
middle of a swap need root and strace. A check whose programs are missing is said to be left out; with
ACETATE_TOOLS=1 one that misses a program, not a right, fails. The binary is ACETATE, or that of a
release build. docs/RELIABILITY.md has the table of all kinds, and which test keeps each.
"""

import ctypes
import functools
import itertools
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import wave
from array import array
from pathlib import Path

from campaign import BINARY, ROOT, acetate, ebur128_summary

SONG = ROOT / "examples" / "mix.flac"
NOBODY = 65_534
CHECKS = {}
RIGHTS = {"root", "strace"}
RENAME_EXCHANGE = 2


def needs(*tools):
    """Registers a check with the programs, or the rights, that it needs."""

    def register(check):
        CHECKS[check.__name__] = (check, tools)
        return check

    return register


@functools.cache
def has(tool):
    """Whether a program is there; `root`, and whether strace may trace, are asked too."""
    if tool == "root":
        return os.geteuid() == 0
    if tool == "strace":
        return shutil.which(tool) is not None and tool_runs("strace", "-o", "/dev/null", "true")
    return shutil.which(tool) is not None


def tool_runs(*command):
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def tool(*command):
    """Runs another program; it has to succeed."""
    subprocess.run([str(part) for part in command], capture_output=True, check=True)


def master(mix, output, *more):
    """A master, without the cache and codecs that some checks would have to wait for."""
    return acetate("master", mix, "-o", output, "--overwrite", "--no-cache", "--no-codec-safe", *more)


def cut(folder, name, seconds, *options, start=5):
    """A piece of the song, made into a file by ffmpeg."""
    path = folder / name
    source = ["-stream_loop", "-1", "-ss", start, "-t", seconds, "-i", SONG]
    tool("ffmpeg", "-v", "error", "-y", *source, *options, path)
    return path


def frames(path):
    """Frames of a file as ffmpeg decodes it."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-map", "0:a:0", "-f", "u8", "-ac", "1", "-"]
    return len(subprocess.run([str(part) for part in command], capture_output=True, check=True).stdout)


def samples(path):
    """Samples of a file between -1 and 1, channels interleaved, as ffmpeg decodes it."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-"]
    return array("f", subprocess.run(command, capture_output=True, check=True).stdout)


def write_samples(path, values, channels=2, rate=44_100):
    """Samples between -1 and 1 as a WAV of 16 bits."""
    with wave.open(str(path), "wb") as out:
        out.setparams((channels, 2, rate, 0, "NONE", ""))
        out.writeframes(array("h", (int(max(-1, min(1, value)) * 32_767) for value in values)).tobytes())
    return path


def integrated_lufs(path):
    """Loudness as ffmpeg measures it."""
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", ebur128_summary(path))[-1])


def is_whole(path, output, count=None):
    """What is wrong with a strict master of a file whose sound is whole; `count` frames where known."""
    done = master(path, output, "--strict")
    if done.returncode != 0:
        return f"{path.name}: exit code {done.returncode}, {done.stderr.strip()[-200:]}"
    missing = (count or frames(path)) - frames(output)
    # What ffmpeg leaves out at the start (1,105 samples, or one frame) is sound without a header.
    if missing > 0 or missing < (0 if count else -2_500):
        return f"{path.name}: {missing} frames are missing"
    return None


@needs("ffmpeg", "lame")
def an_mp3_without_a_header_is_mastered_to_its_last_frame(folder):
    """LAME -t leaves the Xing header out: what the first frames make a reader estimate is wrong."""
    song = cut(folder, "song.wav", 30, "-af", "volume='if(lt(t,2),1.5,if(lt(t,20),1,0.04))':eval=frame")
    wrong = []
    for how in (["-V", "0"], ["-V", "2"], ["-V", "5"], ["--abr", "160"], ["--cbr", "-b", "192"]):
        mp3 = folder / f"{''.join(how).strip('-')}.mp3"
        tool("lame", "--quiet", "-t", *how, song, mp3)
        wrong.append(is_whole(mp3, folder / "out.wav"))
    return wrong


@needs("ffmpeg", "lame")
def mp3_files_joined_end_to_end_are_mastered_whole(folder):
    pieces = []
    for index, (seconds, how) in enumerate([(5, ["-V", "4"]), (7, ["-b", "192"]), (4, ["--abr", "128"])]):
        song = cut(folder, f"{index}.wav", seconds, start=6 * index)
        tool("lame", "--quiet", *how, song, folder / f"{index}.mp3")
        pieces.append((folder / f"{index}.mp3").read_bytes())
    joined = folder / "joined.mp3"
    joined.write_bytes(b"".join(pieces))
    done = master(joined, folder / "out.wav")
    got = frames(folder / "out.wav") / 44_100
    return [f"{got:.2f} s of 16 s, exit code {done.returncode}" if done.returncode != 0 or got < 15.9 else None]


@needs("ffmpeg", "lame")
def zeros_or_a_tag_before_the_first_frame_cost_nothing(folder):
    song = cut(folder, "song.wav", 4)
    tool("lame", "--quiet", "-b", "160", song, folder / "a.mp3")
    sound = (folder / "a.mp3").read_bytes()
    wrong = []
    for name, before in [("zeros", bytes(4096)), ("many", bytes(150_000)), ("tag", b"ID3\4\0\0\0\0\x40\0" + bytes(8192))]:
        mp3 = folder / f"{name}.mp3"
        mp3.write_bytes(before + sound)
        wrong.append(is_whole(mp3, folder / "out.wav", frames(song)))
    return wrong


@needs("ffmpeg", "flac", "metaflac")
def a_flac_with_any_cue_sheet_is_mastered_and_the_sheet_kept_or_named(folder):
    sheet = folder / "album.cue"
    points = "".join(f" TRACK {n:02} AUDIO\n  INDEX 01 00:0{2 * (n - 1)}:00\n" for n in (1, 2, 3))
    sheet.write_text(f'FILE "a.wav" WAVE\n{points}')
    wrong = []
    for name, count in [("odd", 300_001), ("disc", 588 * 600)]:
        song = cut(folder, f"{name}.wav", 9, "-af", f"atrim=end_sample={count}")
        flac = folder / f"{name}.flac"
        tool("flac", "-f", "-s", "-o", flac, song)
        tool("metaflac", f"--import-cuesheet-from={sheet}", flac)
        tool("flac", "-t", "-s", flac)
        output = folder / "out.flac"
        done = master(flac, output, "--strict")
        if done.returncode != 0 or frames(output) != count:
            wrong.append(f"{name}: exit code {done.returncode}, {done.stderr.strip()[-200:]}")
            continue
        listed = subprocess.run(["metaflac", "--list", str(output)], capture_output=True, text=True, check=True)
        if "CUESHEET" not in listed.stdout and "cue sheet" not in done.stderr:
            wrong.append(f"{name}: the cue sheet is lost without a word")
    return wrong


@needs("ffmpeg", "flac", "metaflac")
def what_a_master_carries_is_what_other_programs_read(folder):
    flac = folder / "song.flac"
    cut(folder, "song.wav", 4)
    tool("flac", "-f", "-s", "-o", flac, folder / "song.wav")
    tags = ["TITLE=Night", "MYKEY=mine", "BPM=120", "CHAPTER001=00:00:01.000", "CHAPTER001NAME=One"]
    tool("metaflac", *(f"--set-tag={tag}" for tag in tags), flac)
    wrong = []
    # ffprobe reads no text of one's own (TXXX) from a WAV.
    for name, words in [("out.flac", ["Night", "mine", "120", "One"]), ("out.wav", ["Night", "120", "One"])]:
        done = master(flac, folder / name)
        show = ["-show_entries", "format_tags:chapter=start_time:chapter_tags", "-of", "compact"]
        probe = subprocess.run(["ffprobe", "-v", "error", *show, folder / name], capture_output=True, text=True, check=True)
        for word in words:
            if word not in probe.stdout and word not in done.stderr:
                wrong.append(f"{name}: {word} is neither there nor named")
    return wrong


@needs("ffmpeg")
def one_click_or_bump_shapes_nothing_else(folder):
    song = samples(cut(folder, "song.wav", 25, "-af", "volume=0.04"))
    wrong = []
    for name, frames_long, height in [("click", 40, 0.95), ("bump", 400, 0.8)]:
        hit = array("f", song)
        for frame in range(frames_long):
            for channel in (0, 1):
                hit[2 * (12 * 44_100 + frame) + channel] += height * (1 - frame / frames_long)
        mix = write_samples(folder / f"{name}.wav", hit)
        output = folder / "out.wav"
        done = master(mix, output)
        told = done.stdout + done.stderr + acetate("check", mix).stdout
        if done.returncode != 0 or abs(integrated_lufs(output) + 14) > 0.5 or "0:12" not in told:
            wrong.append(f"{name}: exit code {done.returncode}, {integrated_lufs(output)} LUFS, named: {'0:12' in told}")
    return wrong


@needs("ffmpeg")
def no_offset_reaches_the_master(folder):
    song = samples(cut(folder, "song.wav", 20, "-af", "volume=0.4"))
    count = len(song)
    wrong = []
    for name, offset in [("drift", lambda at: 0.15 - 0.3 * at), ("constant", lambda at: -0.18)]:
        mix = write_samples(folder / f"{name}.wav", (value + offset(at / count) for at, value in enumerate(song)))
        master(mix, folder / "out.wav")
        left = samples(folder / "out.wav")[::2]
        first, head = sum(left[:44_100]) / 44_100, sum(left[:441]) / 441
        plain = sum(song[:882:2]) / 441
        if abs(first) > 0.02 or abs(head) > 0.02 + 8 * abs(plain):
            wrong.append(f"{name}: {first:.3f} in the first second, {head:.3f} in the first 10 ms")
        if "offset" not in acetate("check", mix).stdout:
            wrong.append(f"{name}: check does not tell it")
    return wrong


@needs("ffmpeg")
def a_mono_file_is_told_that_it_plays_louder(folder):
    done = master(cut(folder, "mono.wav", 8, "-ac", "1"), folder / "out.wav")
    return [None if "--dual-mono" in done.stdout + done.stderr else "--dual-mono is not named"]


@needs("ffmpeg")
def forty_covers_of_16_mb_cost_no_memory(folder):
    flac = cut(folder, "song.flac", 3, "-c:a", "flac", "-bitexact")
    sound = flac.read_bytes()
    start = 4
    while not sound[start] & 0x80:
        start += 4 + int.from_bytes(sound[start + 1 : start + 4], "big")
    start += 4 + int.from_bytes(sound[start + 1 : start + 4], "big")
    with open(folder / "covers.flac", "wb") as out:
        out.write(sound[:4] + b"\0" + sound[5:42])
        size = (1 << 24) - 1
        for index in range(40):
            head = struct.pack(">II", 3, 9) + b"image/png" + struct.pack(">IIIIII", 0, 1, 1, 24, 0, size - 41)
            out.write(bytes([0x86 if index == 39 else 6]) + size.to_bytes(3, "big") + head)
            out.truncate(out.tell() + size - len(head))
            out.seek(0, os.SEEK_END)
        out.write(sound[start:])
    command = [BINARY, "master", folder / "covers.flac", "-o", folder / "out.wav", "-q", "--no-codec-safe"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as run:
        _, status, used = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
    megabytes = used.ru_maxrss // 1024
    return [None if run.returncode == 0 and megabytes < 400 else f"exit code {run.returncode}, {megabytes} MB"]


def as_nobody(act):
    """A child process of another user that acts until it is ended."""
    child = os.fork()
    if child == 0:
        try:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            end = time.monotonic() + 60
            while time.monotonic() < end:
                act()
        finally:
            os._exit(0)
    return child


def end(child):
    os.kill(child, 9)
    os.waitpid(child, 0)


@needs("ffmpeg", "root")
def the_owner_of_the_folder_changes_no_other_file_by_a_link(folder):
    """While a master is made, its temporary file is replaced by a link at moments that chance takes."""
    folder.chmod(0o755)
    mix = cut(folder, "mix.wav", 4)
    victim, theirs = folder / "secret", folder / "theirs"
    victim.write_text("own")
    victim.chmod(0o600)
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)

    waits_s = itertools.cycle([0, 0.7, 0.1, 1.4, 0.3, 1.0, 0.02])

    def swap():
        for name in os.listdir(theirs):
            if name.endswith(".acetate-tmp"):
                time.sleep(next(waits_s))
                try:
                    os.unlink(theirs / name)
                    os.symlink(victim, theirs / name)
                except OSError:
                    pass

    child = as_nobody(swap)
    wrong = []
    try:
        for _ in range(8):
            output = theirs / "out.wav"
            output.unlink(missing_ok=True)
            output.touch()
            output.chmod(0o666)
            master(mix, output)
            if victim.stat().st_mode & 0o777 != 0o600 or victim.read_text() != "own":
                wrong.append(f"mode {victim.stat().st_mode & 0o777:o}, {victim.stat().st_size} bytes")
                break
    finally:
        end(child)
    return wrong


@needs("ffmpeg", "root")
def no_line_of_the_record_is_written_through_a_link(folder):
    """The record and a link to somebody's file change names all the time."""
    folder.chmod(0o755)
    mixes = [cut(folder, f"{name}.wav", 2) for name in "ab"]
    victim, theirs = folder / "secret", folder / "theirs"
    victim.write_text("own")
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)
    record, link = theirs / ".acetate-delivered.jsonl", theirs / "link"
    record.touch()
    link.symlink_to(victim)
    libc = ctypes.CDLL(None, use_errno=True)
    here, there = os.fsencode(record), os.fsencode(link)
    child = as_nobody(lambda: libc.renameat2(-100, here, -100, there, RENAME_EXCHANGE))
    try:
        for _ in range(12):
            for path in theirs.glob("*.wav"):
                path.unlink()
            acetate("master", *mixes, "--out-dir", theirs, "--overwrite", "-q", "--no-codec-safe")
    finally:
        end(child)
    return [None if victim.read_text() == "own" else "lines were added to another file"]


@needs("ffmpeg", "strace")
def a_kill_in_the_swap_of_a_pack_leaves_one_whole(folder):
    """strace kills the run at each of its renames in turn."""
    mix = cut(folder, "mix.wav", 2)
    command = [str(BINARY), "master", str(mix), "-o", str(folder / "out.wav"), "--pack", str(folder / "pack")]
    command += ["-q", "--no-codec-safe", "--threads", "1"]
    tool(*command)
    trace = ["strace", "-f", "-e", "trace=rename,renameat,renameat2", "-o", str(folder / "calls")]
    tool(*trace, *command, "--overwrite")
    calls = (folder / "calls").read_text().count("(")
    wrong = []
    for call in range(1, calls + 1):
        inject = f"inject=rename,renameat,renameat2:error=EINTR:signal=SIGKILL:when={call}"
        subprocess.run([*trace, "-e", inject, *command, "--overwrite"], capture_output=True, check=False)
        sums = folder / "pack" / "SHA256SUMS"
        held = sums.exists() and subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=sums.parent, capture_output=True, check=False)
        if not held or held.returncode != 0:
            wrong.append(f"killed at rename {call} of {calls}: {sorted(path.name for path in folder.iterdir())}")
        tool(*command, "--overwrite")
    return wrong if calls else ["no rename was seen"]


def main():
    names = sys.argv[1:]
    demand = os.environ.get("ACETATE_TOOLS") == "1"
    failed = False
    for name, (check, tools) in CHECKS.items():
        if names and name not in names:
            continue
        missing = [tool for tool in tools if not has(tool)]
        if missing:
            failed |= demand and not RIGHTS.issuperset(missing)
            print(f"left out: {name}: needs {', '.join(missing)}", flush=True)
            continue
        with tempfile.TemporaryDirectory(prefix="acetate-recipes-") as folder:
            wrong = [what for what in check(Path(folder)) if what]
        failed |= bool(wrong)
        print(f"{'FAILED' if wrong else 'holds'}: {name}", *wrong, sep="\n    ", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
