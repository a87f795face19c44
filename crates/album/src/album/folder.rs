//! [`make`]: from a plan to a folder that is whole or not there at all.

use std::path::{Path, PathBuf};

use acetate_engine::Observer;
use acetate_io::{Container, StagedFolder, deliver_text, resolved};
use acetate_master::settings_file;
use acetate_model::Signature;

use super::{earlier, page, told};
use crate::deliver::{Making, Measured, base_set, rendered, set_of, sums, text};
use crate::error::AlbumError;
use crate::plan::AlbumPlan;
use crate::release::{Deliverable, Release};
use crate::render::{Renderer, Work};
use crate::report::{AlbumReport, DeliverableReport, REPORT_NAME};

/// Name of the page in the album's folder.
const PAGE_NAME: &str = "album.html";

/// What is asked of the making itself.
#[derive(Clone, Debug, Default)]
pub struct MakeOptions {
    /// An earlier album in the place is replaced.
    pub overwrite: bool,
    /// What an earlier run finished of the same request is taken as it is.
    pub resume: bool,
    /// Where the signature of the masters goes.
    pub save_signature: Option<PathBuf>,
}

/// Whether an album can be made at `output`, before any work.
///
/// # Errors
/// [`AlbumError`] that says what is in the way.
pub fn check_output(
    release: &Release,
    output: &Path,
    options: &MakeOptions,
) -> Result<(), AlbumError> {
    earlier::look(output)?;
    StagedFolder::check(output, options.overwrite)?;
    let place = resolved(output);
    if let Some(song) = release
        .songs()
        .find(|song| resolved(&song.path).starts_with(&place))
    {
        return Err(AlbumError::plan(
            output.display().to_string(),
            "a folder that holds none of the mixes",
            format!("one that holds {}", song.path.display()),
            "choose another folder",
        ));
    }
    if release.deliverables.contains(&Deliverable::Preview) {
        Making::can_preview()?;
    }
    if let Some(path) = &options.save_signature {
        acetate_io::StagedFile::check(path, options.overwrite)?;
    }
    Ok(())
}

/// Renders, verifies and delivers an album into the folder `output`.
///
/// # Errors
/// [`AlbumError`]: a master cannot be made or written, the ceiling cannot be held, or the observer stopped the
/// work. Nothing has its final name then; with [`MakeOptions::resume`] the next run goes on.
pub fn make(
    release: &Release,
    plan: &AlbumPlan,
    output: &Path,
    options: &MakeOptions,
    observer: &dyn Observer,
) -> Result<AlbumReport, AlbumError> {
    check_output(release, output, options)?;
    let work = Work::open(output, options.resume)?;
    let renderer = Renderer {
        release,
        plan,
        work: &work,
        observer,
    };
    let masters = rendered(release, &renderer, base_set(release))?;
    let earlier = earlier::look(output)?;
    let staged = StagedFolder::create(output, options.overwrite)?;
    let folder = staged.handle_path();
    let making = |measured| Making {
        release,
        measured,
        observer,
    };
    let mut files = making(&masters).tracks(&folder, Container::Wav)?;
    let deliverables = deliverables(release, &renderer, &masters, &folder, observer)?;
    let mut report = told::report(release, plan, &masters, files.clone(), deliverables)?;
    let page = page::page(&report, &masters)?;
    files.push(text(&folder, PAGE_NAME, page.as_bytes())?);
    report.files.clone_from(&files);
    let json = serde_json::to_string_pretty(&report).map_err(|error| AlbumError::NoText {
        found: error.to_string(),
    })?;
    files.push(text(&folder, REPORT_NAME, json.as_bytes())?);
    sums(&folder, &files)?;
    if let Some(path) = &options.save_signature {
        save_signature(path, &masters, options.overwrite, observer)?;
    }
    let kept = staged.commit(earlier.as_ref().map(earlier::Found::files))?;
    if let (Some(kept), Some(earlier)) = (kept, earlier) {
        earlier.remove(&kept, observer);
    }
    drop(masters);
    work.remove()?;
    Ok(report)
}

/// Makes every deliverable; each way of rendering once.
fn deliverables(
    release: &Release,
    renderer: &Renderer<'_>,
    masters: &Measured<'_>,
    folder: &Path,
    observer: &dyn Observer,
) -> Result<Vec<DeliverableReport>, AlbumError> {
    let (mut done, mut others) = (Vec::new(), Vec::<Measured<'_>>::new());
    for &deliverable in &release.deliverables {
        let set = set_of(deliverable, release);
        let is_there = masters.set == set || others.iter().any(|other| other.set == set);
        if !is_there {
            others.push(rendered(release, renderer, set.clone())?);
        }
        let making = Making {
            release,
            measured: others
                .iter()
                .find(|other| other.set == set)
                .unwrap_or(masters),
            observer,
        };
        done.push(making.deliverable(deliverable, folder)?);
    }
    Ok(done)
}

/// The common signature of the masters, as `--signature` reads it.
fn save_signature(
    path: &Path,
    masters: &Measured<'_>,
    overwrite: bool,
    observer: &dyn Observer,
) -> Result<(), AlbumError> {
    let mut songs = Vec::new();
    for place in &masters.places {
        let mut source = crate::deliver::TrackSource::open(place)?;
        let analysis = crate::deliver::vinyl_analysis(&place.song.name(), &mut source, observer)?;
        songs.extend(Signature::of(&analysis).map(|signature| (signature, 1.0)));
    }
    let Some(common) = Signature::common(&songs) else {
        return Ok(());
    };
    let text = settings_file::signature_to_toml(&common);
    let text = text.map_err(|source| AlbumError::SettingsFile {
        what: path.display().to_string(),
        source,
    })?;
    Ok(deliver_text(path, &text, overwrite)?)
}
