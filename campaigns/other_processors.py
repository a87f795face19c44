#!/usr/bin/env python3
"""Do saved settings give the same bytes on other x86-64 processors?

    campaigns/other_processors.py FILE [--seconds S] [--binary PATH]

Takes the first seconds of FILE (with ffmpeg), masters them once on this processor, then renders the
saved settings on 1, 2 and 4 threads and, with qemu-user, as older and newer processors, at the file's
rate and at another one, and from lossy copies of the file. Prints a table of hashes and ends with 1
where one differs. Prediction may differ by a rounding step between processors; it is shown, not judged.
"""

import argparse
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROCESSORS = ["Nehalem", "SandyBridge", "Haswell", "Skylake-Client"]
THREADS = [1, 2, 4]
COPIES = {
    "wav": ["-c:a", "pcm_s24le"],
    "mp3": ["-c:a", "libmp3lame", "-b:a", "192k"],
    "m4a": ["-c:a", "aac", "-b:a", "192k"],
    "ogg": ["-c:a", "libvorbis", "-q:a", "5"],
}
RATES_HZ = [None, 44_100, 48_000, 96_000]


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(str(part) for part in command)}\n{done.stderr}")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--binary", type=pathlib.Path, default=pathlib.Path("target/release/acetate"))
    args = parser.parse_args()
    for tool in ("ffmpeg", "qemu-x86_64"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed")
    binary = args.binary.resolve()
    different = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        print(f"{'input':<6}{'rate':>8}  {'processor':<18}{'threads':>8}  {'bytes':<14}")
        for extension, coding in COPIES.items():
            mix = folder / f"mix.{extension}"
            run(["ffmpeg", "-v", "error", "-y", "-t", args.seconds, "-i", args.file, *coding, mix])
            settings = folder / f"{extension}.toml"
            first = folder / f"{extension}.first.wav"
            run([binary, "master", mix, "-o", first, "--save-settings", settings, "-q"])
            rates = RATES_HZ if extension == "wav" else RATES_HZ[:1]
            for rate in rates:
                expected = None
                places = [(None, threads) for threads in THREADS]
                places += [(processor, 2) for processor in PROCESSORS]
                for processor, threads in places:
                    out = folder / "out.wav"
                    command = ["qemu-x86_64", "-cpu", processor] if processor else []
                    command += [binary, "master", mix, "-o", out, "--settings", settings, "-q", "--no-cache"]
                    command += ["--overwrite", "--threads", threads]
                    command += ["--rate", rate] if rate else []
                    run(command)
                    got = digest(out)
                    expected = expected or got
                    different += got != expected
                    mark = "" if got == expected else "  DIFFERENT"
                    where = processor or "this one"
                    print(f"{extension:<6}{rate or 'own':>8}  {where:<18}{threads:>8}  {got:<14}{mark}", flush=True)
            predicted = folder / "predicted.toml"
            command = ["qemu-x86_64", "-cpu", PROCESSORS[0], binary, "master", mix, "-o", folder / "p.wav"]
            run(command + ["--save-settings", predicted, "--overwrite", "-q", "--no-cache"])
            same = "the same" if predicted.read_bytes() == settings.read_bytes() else "other"
            print(f"{extension:<6}    prediction as {PROCESSORS[0]}: {same} settings", flush=True)
    print(f"{different} renders differ" if different else "every render is the same")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
