//! [`master_in_places`]: an album of files that go where single masters would, each as long as its mix.

use std::path::PathBuf;

use acetate_engine::Observer;
use acetate_io::{Container, OutputFormat, Tags, history_line};
use acetate_master::Brief;
use acetate_model::Predictor;

use super::told;
use crate::deliver::{Beside, TrackSource, base_set, broadcast_of, rendered, write};
use crate::error::AlbumError;
use crate::manifest::manifest_of_files;
use crate::plan::AlbumPlan;
use crate::release::{Overrides, Release};
use crate::render::{Renderer, Work};
use crate::report::AlbumReport;

/// What is mastered together.
#[derive(Clone, Debug)]
pub struct InPlaces {
    /// Each mix with its master, in order.
    pub files: Vec<(PathBuf, PathBuf)>,
    /// Container and word length of the masters.
    pub format: OutputFormat,
    /// What is asked of each master; its loudness is that of the loudest.
    pub brief: Brief,
    /// Masters that are there are replaced.
    pub overwrite: bool,
}

/// Masters songs together: pieces that run through several files are found by their seams.
///
/// # Errors
/// As [`make`](crate::make).
pub fn master_in_places(
    asked: &InPlaces,
    predictor: &dyn Predictor,
    observer: &dyn Observer,
) -> Result<AlbumReport, AlbumError> {
    let inputs: Vec<PathBuf> = asked.files.iter().map(|(input, _)| input.clone()).collect();
    let draft = manifest_of_files(&inputs)?;
    draft.notes.iter().for_each(|note| observer.note(note));
    let overrides = Overrides {
        target: Some(asked.brief.target),
        ..Overrides::default()
    };
    let mut release = Release::resolve(&draft.manifest, std::path::Path::new(""), &overrides)?;
    for piece in &mut release.pieces {
        piece.brief = asked.brief.clone();
        piece.brief.target_overrides = true;
        piece.gap_s = Some(0.0);
    }
    let plan = AlbumPlan::of(&release, predictor, None, observer)?;
    let first = asked.files.first().map(|(_, output)| output.clone());
    let work = Work::open(&first.unwrap_or_default(), false)?;
    let renderer = Renderer {
        release: &release,
        plan: &plan,
        work: &work,
        observer,
    };
    // Nothing goes on with it: it goes away, also if the work failed.
    let report = delivered(asked, &renderer);
    let removed = work.remove();
    let report = report?;
    removed?;
    Ok(report)
}

/// Renders the songs and writes each to its place.
fn delivered(asked: &InPlaces, renderer: &Renderer<'_>) -> Result<AlbumReport, AlbumError> {
    let Renderer {
        release,
        plan,
        observer,
        ..
    } = *renderer;
    let mut set = base_set(release);
    set.word_length = asked.format.word_length();
    let masters = rendered(release, renderer, set)?;
    let all = masters.places.iter().zip(&masters.figures);
    for ((place, figures), (_, output)) in all.zip(&asked.files) {
        let bits = asked.format.word_length().bits();
        let history = history_line(place.sample_rate_hz, bits, place.song.spec.channels);
        let (tags, warnings) = Tags::read(&place.song.path);
        let names = (place.song.artist.as_str(), place.song.title.as_str());
        let beside = Beside {
            tags,
            warnings,
            broadcast: (asked.format.container() == Container::Wav)
                .then(|| broadcast_of(names, figures, history)),
            overwrite: asked.overwrite,
        };
        let mut source = TrackSource::open(place)?;
        write(output, &mut source, asked.format, &beside, observer)?;
    }
    told::report(release, plan, &masters, Vec::new(), Vec::new())
}
