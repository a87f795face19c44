//! Which mixes there are: those that were named, those of a list, and the sound files of folders.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use acetate_engine::{PIPE, is_pipe, sound_files};
use acetate_io::{Depth, Identity, WalkError, is_own_master, read_text, resolved};
use anyhow::{Context, anyhow, bail};

use crate::args::{MasterArgs, unquoted};

/// A list has a line for each song; more than this is none, bytes.
const MAX_LIST_BYTES: u64 = 16 << 20;

/// A mix.
pub struct Song {
    /// The file; [`PIPE`] for standard input.
    pub path: PathBuf,
    /// Where it lies in the folder that was named; none for a file that was named itself.
    pub place: Option<PathBuf>,
    /// Its master, where a manifest names it.
    pub output: Option<PathBuf>,
}

impl Song {
    /// A file that was named itself.
    fn named(path: PathBuf) -> Self {
        Self {
            path,
            place: None,
            output: None,
        }
    }
}

/// Every mix that was asked for, in the order of the command line.
pub fn songs(args: &MasterArgs) -> anyhow::Result<Vec<Song>> {
    let words: Vec<&Path> = args.inputs.iter().map(PathBuf::as_path).collect();
    if let Some(hint) = unquoted(&words) {
        bail!("{hint}");
    }
    let mut inputs = args.inputs.clone();
    if let Some(list) = &args.input_list {
        inputs.extend(listed(list, &args.inputs)?);
    }
    let named = inputs.iter().filter(|input| !is_folder(input));
    let mut known: HashSet<Identity> = named.map(|input| Identity::of(input)).collect();
    let mut songs = Vec::new();
    for input in inputs {
        if !is_folder(&input) {
            songs.push(Song::named(input));
            continue;
        }
        for song in of_folder(&input, args)? {
            if known.insert(Identity::of(&song.path)) {
                songs.push(song);
            }
        }
    }
    if let Some(manifest) = &args.batch.manifest {
        songs.extend(of_manifest(manifest)?);
    }
    Ok(songs)
}

/// The tracks of a manifest.
fn of_manifest(manifest: &Path) -> anyhow::Result<Vec<Song>> {
    let tracks = acetate_io::manifest::read(manifest)?;
    if tracks.is_empty() {
        let name = manifest.display();
        bail!("{name}: expected a line for each track, found none");
    }
    let songs = tracks.into_iter().map(|track| Song {
        output: track.output,
        ..Song::named(track.input)
    });
    Ok(songs.collect())
}

fn is_folder(input: &Path) -> bool {
    !is_pipe(input) && input.is_dir()
}

/// The files that a list names, one a line.
fn listed(list: &Path, inputs: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let text = if is_pipe(list) {
        if inputs.iter().any(|input| is_pipe(input)) {
            bail!(
                "standard input is either a mix or the list of --input-list: name a file for one of them"
            );
        }
        let mut text = String::new();
        let mut limited = std::io::Read::take(std::io::stdin().lock(), MAX_LIST_BYTES + 1);
        std::io::Read::read_to_string(&mut limited, &mut text).context("standard input")?;
        if text.len() as u64 > MAX_LIST_BYTES {
            bail!("standard input: expected a list of at most {MAX_LIST_BYTES} bytes, found more");
        }
        text
    } else {
        read_text(list, MAX_LIST_BYTES)?
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let files: Vec<PathBuf> = lines.map(PathBuf::from).collect();
    if files.is_empty() {
        let name = list.display();
        bail!("{name}: expected the path of a mix on each line, found none");
    }
    if files.iter().any(|file| file.as_os_str() == PIPE) {
        let name = list.display();
        bail!("{name}: expected the path of a mix on each line, found \"{PIPE}\"");
    }
    Ok(files)
}

/// The sound files of a folder, without masters that were made here before.
fn of_folder(folder: &Path, args: &MasterArgs) -> anyhow::Result<Vec<Song>> {
    let masters = args.out_dir.as_deref().map(resolved);
    let is_top = resolved(folder);
    // Masters that go into the very folder of the mixes are told by their names alone.
    let masters = masters.filter(|masters| !is_top.starts_with(masters));
    let mut songs = Vec::new();
    let (depth, advice) = if args.recursive {
        (Depth::Whole, "")
    } else {
        (Depth::Top, ": for those in its folders use --recursive")
    };
    let files = sound_files(folder, depth).map_err(|error| match error.downcast_ref() {
        Some(WalkError::NoMasters { extensions, .. }) => anyhow!(
            "{}: expected sound files ({extensions}), found a folder without any{advice}",
            folder.display()
        ),
        _ => error,
    })?;
    for path in files {
        let place = path
            .parent()
            .and_then(|place| place.strip_prefix(folder).ok());
        let place = place.unwrap_or(Path::new("")).to_owned();
        let is_master = is_own_master(&path)
            || masters
                .as_ref()
                .is_some_and(|masters| resolved(&path).starts_with(masters));
        if is_master {
            continue;
        }
        songs.push(Song {
            path,
            place: Some(place),
            output: None,
        });
    }
    if songs.is_empty() {
        bail!(
            "{}: expected sound files that are not masters of ours, found none{advice}",
            folder.display()
        );
    }
    Ok(songs)
}
