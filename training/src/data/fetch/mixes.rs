//! The renders that the mixes and pairs of `datasets.toml` need, and the list of pairs.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::cache_error;
use super::package::{create_dir, remove_dir};
use super::render::{self, Wanted};
use super::{Event, FetchError, Progress, Tools};
use crate::datasets::{Datasets, Renderer, Role, Split};

/// Name of the list of pairs in the cache.
const PAIRS_NAME: &str = "pairs.csv";

/// All renders: every mix as it is, and those of pairs without the master channel's effects too.
pub(super) fn wanted(datasets: &Datasets) -> Vec<Wanted<'_>> {
    let tracks = Split::ALL
        .iter()
        .flat_map(|&split| datasets.tracks_of(split))
        .filter(|track| track.role() == Role::UnmasteredMix);
    tracks
        .filter_map(|track| Some((track, track.package()?, Renderer::of(track.path)?)))
        .flat_map(|(track, package, renderer)| {
            let ends = datasets
                .listed_pairs()
                .iter()
                .flat_map(|pair| [&pair.mix, &pair.master]);
            let without = ends
                .filter(|end| end.is(&track))
                .any(|end| !end.master_effects);
            let variants: &[bool] = if without { &[true, false] } else { &[true] };
            variants.iter().map(move |&master_effects| Wanted {
                track,
                package,
                renderer,
                master_effects,
            })
        })
        .collect()
}

/// What a pass over the renders did.
#[derive(Debug, Default)]
pub(super) struct FetchedMixes {
    pub(super) rendered: usize,
    /// For want of a renderer.
    pub(super) left_out: usize,
    pub(super) failures: Vec<FetchError>,
}

/// Makes what is missing of the renders whose sources are there.
pub(super) fn make(
    datasets: &Datasets,
    tools: &Tools,
    cache_dir: &Path,
    progress: &mut dyn Progress,
) -> Result<FetchedMixes, FetchError> {
    let (complete, missing): (Vec<_>, Vec<_>) = wanted(datasets)
        .into_iter()
        .filter(|wanted| super::is_complete(wanted.package, cache_dir))
        .filter(|wanted| wanted.track.source(cache_dir).exists())
        .partition(|wanted| wanted.is_complete(cache_dir));
    let mut made = FetchedMixes::default();
    if missing.is_empty() {
        return Ok(made);
    }
    let mut of_renderer: BTreeMap<Renderer, Vec<Wanted<'_>>> = BTreeMap::new();
    for wanted in missing {
        of_renderer.entry(wanted.renderer).or_default().push(wanted);
    }
    let mut runnable = Vec::new();
    for (renderer, renders) in of_renderer {
        match render::version(renderer, tools)? {
            Some(version) => runnable.push((version, renders)),
            None => {
                made.left_out += renders.len();
                progress.event(Event::RendererMissing {
                    program: renderer.program(),
                    debian_package: renderer.debian_package(),
                    renders: renders.len(),
                });
            }
        }
    }
    if runnable.is_empty() {
        return Ok(made);
    }
    progress.event(Event::RenderPlanned {
        complete: complete.len(),
        missing: runnable.iter().map(|(_, renders)| renders.len()).sum(),
    });
    for (version, renders) in runnable {
        for wanted in renders {
            make_one(&wanted, tools, &version, cache_dir, progress, &mut made)?;
        }
    }
    Ok(made)
}

fn make_one(
    wanted: &Wanted<'_>,
    tools: &Tools,
    version: &str,
    cache_dir: &Path,
    progress: &mut dyn Progress,
    made: &mut FetchedMixes,
) -> Result<(), FetchError> {
    let package = wanted.package.name.as_str();
    let track = wanted.track.path;
    progress.event(Event::RenderStarted { package, track });
    let folder = cache_dir.join("partial").join("render");
    // What an interrupted run left behind.
    remove_dir(package, &folder)?;
    create_dir(package, &folder)?;
    match render::render(wanted, tools, version, &folder, cache_dir) {
        Ok(stored) => {
            made.rendered += 1;
            progress.event(Event::Rendered {
                package,
                track,
                peak_dbfs: stored.peak_dbfs,
                gain_db: stored.gain_db,
            });
        }
        Err(error) => {
            progress.event(Event::Failed {
                package,
                error: &error,
            });
            made.failures.push(error);
        }
    }
    remove_dir(package, &folder)
}

/// Writes `pairs.csv` (columns mix, master, album; paths relative to the cache) with the pairs
/// whose files are both there. A file that says the same already is not touched.
pub(super) fn write_pairs(datasets: &Datasets, cache_dir: &Path) -> Result<(), FetchError> {
    if datasets.listed_pairs().is_empty() {
        return Ok(());
    }
    let mut text = String::from("mix,master,album\n");
    // Joined to nothing, a path in the cache is relative to the cache.
    for pair in datasets.pairs(Path::new("")) {
        let there = |path: &Path| cache_dir.join(path).is_file();
        if there(&pair.mix) && there(&pair.master) {
            let fields = [
                pair.mix.to_string_lossy(),
                pair.master.to_string_lossy(),
                pair.album.into(),
            ];
            text += &fields
                .map(|field| acetate_io::pairs_list::field(&field))
                .join(",");
            text.push('\n');
        }
    }
    let path = cache_dir.join(PAIRS_NAME);
    let old = acetate_io::read_bounded(&path, text.len() as u64);
    if old.is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    acetate_io::write_text(&path, &text).map_err(cache_error("datasets cache", "write", &path))
}
