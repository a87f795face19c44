#!/bin/sh
# Makes a Debian package of a static binary (see static.sh) with dpkg-deb:
#
#     packaging/deb.sh [BINARY [FOLDER]]
#
# The package has the binary, a man page for the program and one for each command, completions for bash,
# zsh and fish, the licenses and the changelog. It depends on nothing. The same binary gives the same
# bytes: every time in the package is that of the last commit, or SOURCE_DATE_EPOCH. DEB_MAINTAINER names whom
# to write to, as in "Ann Example <ann@example.org>"; lintian complains without it.
set -eu
cd "$(dirname "$0")/.."
binary=${1:-${CARGO_TARGET_DIR:-target}/x86_64-unknown-linux-gnu/release/acetate}
folder=${2:-target/packages}
maintainer=${DEB_MAINTAINER:-"The Acetate authors <acetate@localhost>"}

if readelf --program-headers "$binary" | grep -q INTERP; then
    echo "$binary: expected a static binary; make one with packaging/static.sh" >&2
    exit 2
fi
case "$(readelf --file-header "$binary" | sed -n 's/ *Machine: *//p')" in
    *X86-64*) architecture=amd64 ;;
    *AArch64*) architecture=arm64 ;;
    *)
        echo "$binary: expected a program for x86-64 or AArch64" >&2
        exit 2
        ;;
esac
version=$("$binary" --version | cut -d ' ' -f 2)-1
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH
umask 022

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
doc=$root/usr/share/doc/acetate
man=$root/usr/share/man/man1
mkdir -p "$root/DEBIAN" "$doc" "$man" "$root/usr/bin" \
    "$root/usr/share/bash-completion/completions" \
    "$root/usr/share/zsh/vendor-completions" \
    "$root/usr/share/fish/vendor_completions.d"

install -m 755 "$binary" "$root/usr/bin/acetate"

"$binary" man > "$man/acetate.1"
# The overview's own list of commands.
for page in $(grep -o 'acetate\\-[a-z]*(1)' "$man/acetate.1" | sed 's/acetate\\-//; s/(1)//' | sort -u); do
    if [ "$page" != help ]; then
        "$binary" man "$page" > "$man/acetate-$page.1"
    fi
done
gzip -9n "$man"/*.1

"$binary" completions bash > "$root/usr/share/bash-completion/completions/acetate"
"$binary" completions zsh > "$root/usr/share/zsh/vendor-completions/_acetate"
"$binary" completions fish > "$root/usr/share/fish/vendor_completions.d/acetate.fish"

gzip -9nc CHANGELOG.md > "$doc/changelog.gz"
gzip -9nc > "$doc/changelog.Debian.gz" <<CHANGES
acetate ($version) unstable; urgency=medium

  * Made by packaging/deb.sh; changelog.gz says what changed.

 -- $maintainer  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
CHANGES
mkdir -p "$root/usr/share/lintian/overrides"
cat > "$root/usr/share/lintian/overrides/acetate" <<'OVERRIDES'
# The program is statically linked and position-independent; lintian takes that for a library.
acetate: shared-library-lacks-prerequisites [usr/bin/acetate]
OVERRIDES
{
    echo "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
    echo "Upstream-Name: acetate"
    echo
    echo "Files: *"
    echo "Copyright: $(sed -n "s/^Copyright (c) //p" LICENSE-MIT)"
    echo "License: Apache-2.0 or Expat"
    echo
    echo "License: Apache-2.0"
    echo " On Debian systems the full text of the Apache License 2.0 is in"
    echo " /usr/share/common-licenses/Apache-2.0."
    echo
    echo "License: Expat"
    sed 's/^$/./; s/^/ /' LICENSE-MIT
} > "$doc/copyright"

cat > "$root/DEBIAN/control" <<CONTROL
Package: acetate
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -ks --apparent-size "$root/usr" | cut -f 1)
Suggests: ffmpeg
Section: sound
Priority: optional
Description: learned auto-mastering: a mix in, a verified master out
 Acetate measures a finished stereo mix, lets a small neural network choose
 the settings of a mastering chain, renders, and reads the written file back
 before it gets its name: loudness and true peak are held against the target
 by two meters.
 .
 It also checks whether a mix is ready to be mastered, and verifies any file
 against a target. Everything runs on this machine; nothing is uploaded.
CONTROL
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) > "$root/DEBIAN/md5sums"
chmod 644 "$root/DEBIAN"/*
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$folder"
package=$folder/acetate_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >&2
echo "$package"
