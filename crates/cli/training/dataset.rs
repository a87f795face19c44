//! `acetate dataset`: get and list the music that the net is trained on.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use acetate_dsp::plain;
use acetate_training::datasets::{Datasets, Split};
use acetate_training::fetch::{self, Event, Fetched, Tools};
use acetate_training::manifest::{self, Manifest};
use anyhow::Context;
use indicatif::ProgressBar;

use crate::args::{DatasetAction, DatasetArgs};
use crate::exit::Exit;
use crate::terminal::console::Console;
use crate::terminal::progress::Bars;

/// Fetches or lists.
pub fn run(args: &DatasetArgs, console: &Console) -> anyhow::Result<Exit> {
    let cache = cache_dir(args.cache.as_deref())?;
    match &args.action {
        DatasetAction::Fetch {
            manifest: Some(manifest),
        } => fetch_manifest(manifest, &cache, console)?,
        DatasetAction::Fetch { manifest: None } => {
            let datasets = Datasets::load(&args.datasets)?;
            let fetched = fetch_all(&datasets, &cache, console)?;
            console.say(&format!(
                "{} packages and repositories were there, {} fetched, {} repositories left out, {} songs rendered",
                fetched.already_complete, fetched.fetched, fetched.left_out, fetched.rendered
            ));
        }
        DatasetAction::List => {
            let datasets = Datasets::load(&args.datasets)?;
            console.print(&list(&datasets, &cache))?;
        }
    }
    Ok(Exit::Met)
}

/// The cache folder: as given, or the default one.
pub fn cache_dir(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    given
        .map(Path::to_owned)
        .or_else(fetch::default_cache_dir)
        .context("no cache folder: set HOME or give --cache DIR")
}

/// Fetches what is missing, with a bar that counts packages and repositories.
pub fn fetch_all(
    datasets: &Datasets,
    cache_dir: &Path,
    console: &Console,
) -> anyhow::Result<Fetched> {
    let bars = Bars::new(console);
    let sources = datasets.packages().len() + datasets.repositories().len();
    let bar = bars.counter("fetch", sources as u64);
    let mut tell = |event: Event<'_>| on_event(&event, &bar, console);
    let fetched = fetch::fetch(datasets, cache_dir, &mut tell)?;
    bar.finish_and_clear();
    Ok(fetched)
}

/// Gets the songs that a manifest chooses.
fn fetch_manifest(path: &Path, cache_dir: &Path, console: &Console) -> anyhow::Result<()> {
    let manifest = Manifest::load(path)?;
    let bars = Bars::new(console);
    let bar = bars.counter("fetch", 0);
    let mut tell = |event: manifest::Event<'_>| match event {
        manifest::Event::Metadata { url } => console.say(&format!("downloading {url}")),
        manifest::Event::Selected(selection) => {
            let of = |split| {
                let chosen = selection.chosen.iter();
                chosen.filter(|it| it.split == split).count()
            };
            console.say(&format!(
                "{} tracks, {} with a license that is asked for, {} of these with vocals, {} of the genres and lengths; {} chosen: {} train, {} valid, {} test",
                selection.tracks,
                selection.licensed,
                selection.sung,
                selection.suitable,
                selection.chosen.len(),
                of(Split::Train),
                of(Split::Valid),
                of(Split::Test)
            ));
            bar.set_length(selection.chosen.len() as u64);
        }
        manifest::Event::Got { .. } => bar.inc(1),
        manifest::Event::Failed { id, error } => {
            console.warn(&format!("{id}: {error}"));
            bar.inc(1);
        }
    };
    let gotten = manifest::fetch(&Tools::default(), &manifest, cache_dir, &mut tell)?;
    bar.finish_and_clear();
    console.say(&format!(
        "{} songs were there, {} fetched, into {}",
        gotten.already_there,
        gotten.fetched,
        gotten.folder.display()
    ));
    Ok(())
}

fn on_event(event: &Event<'_>, bar: &ProgressBar, console: &Console) {
    match event {
        Event::Planned(plan) => {
            console.say(&format!(
                "{} packages and repositories to fetch ({} complete): {:.2} GB to download, {:.2} GB of disk needed, {:.2} GB free",
                plan.missing,
                plan.complete,
                gigabytes(plan.download_bytes),
                gigabytes(plan.disk_needed_bytes),
                gigabytes(plan.disk_free_bytes)
            ));
            bar.set_length(plan.missing as u64);
        }
        Event::Started { package, .. } => bar.set_message(plain::field(package).into_owned()),
        Event::OtherVersion {
            package,
            expected,
            got,
            absent,
        } => console.warn(&format!(
            "{package}: expected version {expected}, got {got}; {} listed tracks are not in it",
            absent.len()
        )),
        Event::OtherCommit {
            repository,
            expected,
            got,
        } => console.warn(&format!(
            "{repository}: commit {expected} cannot be got; the files are taken {} if they are the same",
            got.map_or("alone".to_owned(), |got| format!("from {got}"))
        )),
        Event::RepositoryLeftOut {
            repository,
            tracks,
            error,
        } => {
            console.warn(&format!(
                "{repository} cannot be reached, {tracks} tracks are left out: {error}"
            ));
            bar.inc(1);
        }
        Event::Finished { .. } => bar.inc(1),
        Event::Failed { error, .. } => {
            console.warn(&error.to_string());
            bar.inc(1);
        }
        Event::RenderPlanned { complete, missing } => {
            console.say(&format!("{missing} songs to render ({complete} complete)"));
            bar.set_prefix("render");
            bar.set_position(0);
            bar.set_length(*missing as u64);
        }
        Event::RendererMissing {
            program,
            debian_package,
            renders,
        } => console.warn(&format!(
            "{program} is not installed, {renders} mixes are left out: install the Debian package {debian_package} and fetch again"
        )),
        Event::RenderStarted { package, track } => {
            let name = track.rsplit('/').next().unwrap_or(track);
            bar.set_message(plain::line(&format!("{package}: {name}")).into_owned());
        }
        Event::Rendered {
            package,
            track,
            peak_dbfs,
            gain_db,
        } => {
            if *gain_db < 0.0 {
                console.say(&format!(
                    "{package}: {track} peaks at {peak_dbfs:+.1} dBFS, stored with {gain_db:.1} dB"
                ));
            }
            bar.inc(1);
        }
    }
}

fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

/// The table of sources, then what is not used and why.
fn list(datasets: &Datasets, cache_dir: &Path) -> String {
    let mut text = format!(
        "{:<32} {:<15} {:<6} {:>6} {:>8}  {:<24} {}\n",
        "package or repository", "role", "split", "tracks", "renders", "license", "artist"
    );
    for split in Split::ALL {
        for package in datasets.packages_of(split) {
            let renders = match fetch::renders(datasets, package, cache_dir) {
                (0, _) => "-".to_owned(),
                (wanted, there) => format!("{there}/{wanted}"),
            };
            let _ = writeln!(
                text,
                "{:<32} {:<15} {:<6} {:>6} {renders:>8}  {:<24} {}",
                plain::field(&package.name),
                package.role,
                split,
                package.track_count(),
                plain::field(&package.licenses.join(", ")),
                plain::field(&package.artist)
            );
        }
        for repository in datasets.repositories_of(split) {
            let (there, all) = (
                fetch::tracks_there(repository, cache_dir),
                repository.tracks.len(),
            );
            let _ = writeln!(
                text,
                "{:<32} {:<15} {:<6} {:>6} {:>8}  {:<24} {}",
                plain::field(&repository.name),
                repository.role,
                split,
                format!("{there}/{all}"),
                "-",
                plain::field(&repository.licenses().join(", ")),
                plain::field(&repository.artists().join(", "))
            );
        }
    }
    for pair in datasets.listed_pairs() {
        let (name, album) = (plain::field(&pair.name), plain::field(&pair.album));
        let _ = writeln!(text, "pair (test only): {name} ({album})");
    }
    for package in datasets.packages() {
        for excluded in &package.exclude {
            left_out(
                &mut text,
                &[&package.name, &excluded.path, &excluded.reason],
            );
        }
    }
    for repository in datasets.repositories() {
        for excluded in &repository.exclude {
            left_out(
                &mut text,
                &[&repository.name, &excluded.path, &excluded.reason],
            );
        }
    }
    for entry in datasets.left_out() {
        left_out(&mut text, &[&entry.name, &entry.reason]);
    }
    text
}

fn left_out(text: &mut String, parts: &[&str]) {
    let parts: Vec<_> = parts.iter().map(|part| plain::field(part)).collect();
    let _ = writeln!(text, "left out: {}", parts.join(": "));
}
