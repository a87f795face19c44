#!/bin/sh
# Builds a statically linked binary for Linux on x86-64: it needs no library of the system it runs on.
# What this needs: Rust and gcc (Debian: `apt install gcc libc6-dev`). Arguments go to cargo, as in
#
#     packaging/static.sh --no-default-features      without the commands that train
#
# The standard library's gnu target is used, not musl: its arithmetic is that of the usual build, so the
# masters are the same bytes.
set -eu
cd "$(dirname "$0")/.."
target=x86_64-unknown-linux-gnu

# With --target the flag stays away from build scripts and procedural macros, which must be dynamic.
RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static" \
    cargo build --release --locked --bin acetate --target "$target" "$@"

binary=${CARGO_TARGET_DIR:-target}/$target/release/acetate
if readelf --program-headers "$binary" | grep -q INTERP; then
    echo "$binary: expected a static binary, found one that asks for a loader" >&2
    exit 1
fi
"$binary" --version >&2
echo "$binary"
