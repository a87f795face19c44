//! `--reference`: signatures of finished records, from sound files, folders or saved ones.

use std::path::{Path, PathBuf};

use acetate_dsp::analyze;
use acetate_io::{Depth, OpenOptions, masters_in};
use acetate_master::settings_file;
use acetate_model::Signature;
use anyhow::Context;

use super::Request;
use crate::input::declare;
use crate::observer::{Observer, Step, go_on};

/// Saved signatures end in this.
const SAVED: &str = "toml";
/// A signature is a few kilobytes; more than this is none, bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The common signature of everything that was given as a reference; `None` where nothing was.
pub(crate) fn signature(
    request: &Request,
    overwrite: bool,
    observer: &dyn Observer,
) -> anyhow::Result<Option<Signature>> {
    if request.references.is_empty() {
        return Ok(None);
    }
    let mut all = Vec::new();
    for reference in &request.references {
        all.push((one(&reference.path, observer)?, reference.weight));
    }
    let common = Signature::common(&all);
    let common = common.context("--weight: expected at least one weight above 0")?;
    if let Some(path) = &request.save_signature {
        let text = settings_file::signature_to_toml(&common)?;
        acetate_io::deliver_text(path, &text, overwrite)?;
        observer.note(&format!(
            "{}: the signature of {} song{}",
            path.display(),
            common.songs,
            if common.songs == 1 { "" } else { "s" }
        ));
    }
    Ok(Some(common))
}

fn one(path: &Path, observer: &dyn Observer) -> anyhow::Result<Signature> {
    if path.is_dir() {
        return folder(path, observer);
    }
    if path.extension().is_some_and(|extension| extension == SAVED) {
        let bytes = acetate_io::read_bounded(path, MAX_BYTES)?;
        let named = || path.display().to_string();
        let text = String::from_utf8(bytes).with_context(named)?;
        return settings_file::signature_from_toml(&text).with_context(named);
    }
    song(path, observer)
}

fn song(path: &Path, observer: &dyn Observer) -> anyhow::Result<Signature> {
    let mut source = acetate_io::open(path, &OpenOptions::default())?;
    declare(path, &source, observer);
    let named = || path.display().to_string();
    let analysis = analyze(&mut source).with_context(named)?;
    Signature::of(&analysis).with_context(|| {
        format!(
            "{}: expected a record with a loudness, found silence",
            path.display()
        )
    })
}

/// The common signature of every sound file in a folder and its folders, in the order of names.
fn folder(path: &Path, observer: &dyn Observer) -> anyhow::Result<Signature> {
    let files = sound_files(path, Depth::Whole)?;
    let mut songs = Vec::new();
    for (done, file) in files.iter().enumerate() {
        go_on(observer)?;
        observer.progress(
            path,
            Step::References,
            done as u64,
            Some(files.len() as u64),
        );
        match song(file, observer) {
            Ok(signature) => songs.push((signature, 1.0)),
            Err(error) => observer.warn(&format!("left out of the reference: {error:#}")),
        }
    }
    observer.finished(path);
    Signature::common(&songs).with_context(|| {
        format!(
            "{}: expected a folder with at least one record, found none that can be read",
            path.display()
        )
    })
}

/// Every sound file in a folder, in the order of names; hidden ones are passed over.
///
/// # Errors
/// [`WalkError`](acetate_io::WalkError) if a folder cannot be read, or there is no sound file.
pub fn sound_files(folder: &Path, depth: Depth) -> anyhow::Result<Vec<PathBuf>> {
    let files = masters_in(folder, depth)?;
    Ok(files.into_iter().map(|file| file.path).collect())
}
