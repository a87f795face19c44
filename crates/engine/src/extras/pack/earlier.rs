//! What `--overwrite` may replace: an earlier pack, whole and as it was written.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use acetate_dsp::plain;
use acetate_io::Earlier;
use acetate_master::Certificate;
use anyhow::{Context, bail};

use super::{CERTIFICATE, FILES, MIX, SUMS};

/// The sums of a pack are a few hundred bytes; more than this are none.
const MAX_SUMS_BYTES: u64 = 64 << 10;
/// A certificate is a few kilobytes; more than this is none, bytes.
const MAX_CERTIFICATE_BYTES: u64 = 4 << 20;

/// The files of an earlier pack, which may go away; `None` for a folder that is new or empty. A folder counts
/// as an earlier pack if it holds our certificate and the sums, and nothing but the files of a pack, each with
/// the hash that the sums state.
pub(super) fn look(path: &Path) -> anyhow::Result<Option<Earlier>> {
    let Ok(entries) = fs::read_dir(path) else {
        return Ok(None);
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| path.display().to_string())?;
        names.push(entry.file_name());
    }
    names.sort();
    if names.is_empty() {
        return Ok(None);
    }
    let sums = sums(path);
    let is_listed = |name: &OsStr| {
        name == SUMS || (is_of_pack(name) && sums.contains_key(&*name.to_string_lossy()))
    };
    let certificate = acetate_io::read_bounded(&path.join(CERTIFICATE), MAX_CERTIFICATE_BYTES);
    let certificate = certificate
        .ok()
        .and_then(|json| Certificate::from_json(&json).ok());
    let Some(certificate) = certificate else {
        let other = names
            .iter()
            .find(|name| !is_of_pack(name) && **name != SUMS);
        let found = other.map_or("no certificate of ours".to_owned(), |name| {
            plain::path(Path::new(name))
        });
        bail!(
            "{}: expected a new or empty folder or an earlier pack, found {found} in it: choose another folder",
            plain::path(path)
        );
    };
    let mut earlier = Earlier::default();
    let (mut added, mut changed) = (Vec::new(), Vec::new());
    for name in &names {
        let shown = plain::path(Path::new(name));
        if !is_listed(name) {
            added.push(shown);
            continue;
        }
        let file_path = path.join(name);
        let named = || file_path.display().to_string();
        let is_plain = fs::symlink_metadata(&file_path).is_ok_and(|metadata| metadata.is_file());
        if !is_plain {
            changed.push(shown);
            continue;
        }
        let mut file = acetate_io::open_regular(&file_path)?;
        earlier.add(name, &file).with_context(named)?;
        let is_mix = name.to_string_lossy().starts_with(MIX);
        let is_as_written = match sums.get(&*name.to_string_lossy()) {
            None => true,
            Some(sum) => {
                acetate_io::sha256_of(&mut file).with_context(named)? == *sum
                    && (!is_mix
                        || acetate_io::content_hash(&file_path)? == certificate.input.blake3)
            }
        };
        if !is_as_written {
            changed.push(shown);
        }
    }
    if added.is_empty() && changed.is_empty() {
        return Ok(Some(earlier));
    }
    let told = |what: &str, names: &[String]| match names {
        [] => String::new(),
        names => format!("; {what}: {}", names.join(", ")),
    };
    bail!(
        "{}: expected an earlier pack as it was written, found work of somebody's in it{}{}: choose another folder, or move these files out of it and the pack away",
        plain::path(path),
        told("changed", &changed),
        told("added", &added)
    )
}

/// Whether a file of this name can be one of a pack.
fn is_of_pack(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let is_mix = name.strip_prefix(MIX).is_some_and(|extension| {
        !extension.is_empty() && extension.chars().all(|c| c.is_ascii_alphanumeric())
    });
    is_mix || FILES.contains(&&*name)
}

/// The hashes by names; empty where there are none that can be read.
fn sums(path: &Path) -> HashMap<String, String> {
    let text = acetate_io::read_text(&path.join(SUMS), MAX_SUMS_BYTES).unwrap_or_default();
    let of_line = |line: &str| {
        let (hash, name) = line.split_once("  ")?;
        Some((name.to_owned(), hash.to_owned()))
    };
    text.lines().filter_map(of_line).collect()
}
