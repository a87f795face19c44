//! What is made beside a master: references are read, variants rendered, report page and pack written.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use acetate_engine::{Engine, Job, Options, VARIANTS};
use acetate_io::OpenOptions;
use anyhow::Context;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::{failed, go_on, proposal_for};
use crate::session::Session;
use crate::session::progress::{Phase, Watch};
use crate::session::proposal;
use crate::session::song::{Beside, Made, Reference, Song, VARIANTS_MADE, VariantMade, VariantSet};
use crate::session::sound::Sound;
use crate::session::turn::Turn;

/// Measures a reference, then decodes it to be heard.
pub(super) fn reference(
    session: &Session,
    song: &Song,
    reference: &Reference,
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<()> {
    let watch = Watch::new(session, song, stop, Phase::Beside);
    let mix = song.mix.get().context("the mix is not open yet")?;
    let turn = Turn::default();
    let mut request = turn.request(Some(reference.file()));
    request.save_signature = Some(reference.signature());
    let options = Options {
        request,
        overwrite: true,
        cache: session.cache.clone(),
        ..Options::default()
    };
    // Reading it is all that is wanted: it saves the signature.
    Engine::new(&[], &options, &watch).map_err(failed)?;
    reference.decode(mix.spec, &song.beside(), &mut |_| go_on(stop))?;
    reference.measured();
    Ok(())
}

/// Makes the variants of how the knobs stand.
pub(super) fn variants(
    session: &Session,
    song: &Song,
    made: &Made,
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<()> {
    let watch = Watch::new(session, song, stop, Phase::Beside);
    let turn = &made.turn;
    let proposal = proposal_for(session, song, turn)?;
    let output = song.variants_output(made.revision, turn.format.extension());
    let folder = output.parent().context("a folder for the variants")?;
    fs::create_dir_all(folder)?;
    let mut job = Job::new(song.input(), &output, turn.format.output()?);
    job.report = Some(song.beside_output(made.revision, "master.report.html"));
    make_room_for(job.report.as_deref())?;
    let mut options = proposal.options(turn)?;
    options.variants = Some(VARIANTS_MADE);
    options.brief.codec_safe = false;
    let engine = (proposal.engine.again(std::slice::from_ref(&job), &options)).map_err(failed)?;
    let delivered = engine.master(&job, &watch).map_err(failed)?;
    let mut all = Vec::new();
    // The first is the master that is there.
    for (variant, (path, file)) in VARIANTS.iter().zip(delivered.masters).skip(1) {
        let mut written = acetate_io::open(&path, &OpenOptions { strict: true })?;
        all.push(VariantMade {
            variant,
            made: file,
            sound: Sound::take(&mut written, &song.beside(), &mut |_| go_on(stop))?,
        });
        drop(written);
    }
    // They are kept as sound; whoever chooses one gets a master of its own.
    let _ = fs::remove_dir_all(folder);
    let mut facts = song.facts();
    facts.varying = false;
    facts.variants = Some(Arc::new(VariantSet {
        revision: made.revision,
        all,
    }));
    drop(facts);
    // The page with all of them on it takes the place of one without.
    if let Some(page) = &job.report {
        let text = fs::read_to_string(page)?;
        fs::write(page, song.without_places(&text))?;
    }
    made.put_beside(Beside::Page, job.report);
    Ok(())
}

/// Makes the report page or the pack of a master.
pub(super) fn beside(
    session: &Session,
    song: &Song,
    (made, kind): (&Made, Beside),
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<()> {
    let watch = Watch::new(session, song, stop, Phase::Beside);
    let turn = &made.turn;
    let proposal = proposal_for(session, song, turn)?;
    let mut job = proposal::job(turn, song.input(), &made.file)?;
    let ending = match kind {
        Beside::Page => "master.report.html",
        Beside::Pack => "pack",
    };
    let place = song.beside_output(made.revision, ending);
    make_room_for(Some(&place))?;
    match kind {
        Beside::Page => job.report = Some(place.clone()),
        Beside::Pack => job.pack = Some(place.clone()),
    }
    let mut options = Options {
        brief: made.brief.clone(),
        ..proposal.options(turn)?
    };
    // The page plays the reference's sound, where that is here.
    let heard = turn
        .reference
        .and_then(|id| song.facts().references.get(&id).cloned());
    if let Some(reference) = heard.filter(|reference| reference.sound().is_some()) {
        for given in &mut options.request.references {
            given.path = reference.file();
        }
    }
    let engine = proposal.engine.again(&[], &options).map_err(failed)?;
    engine
        .write_beside(&job, &made.delivered, &watch)
        .map_err(failed)?;
    let file = match kind {
        Beside::Page => place,
        Beside::Pack => zipped(&place, stop)?,
    };
    made.put_beside(kind, Some(file));
    Ok(())
}

fn make_room_for(file: Option<&Path>) -> io::Result<()> {
    let folder = file.and_then(Path::parent);
    folder.map_or(Ok(()), fs::create_dir_all)
}

/// A folder as one file beside it, which takes its place.
fn zipped(folder: &Path, stop: &AtomicBool) -> anyhow::Result<PathBuf> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let path = folder.with_file_name(format!("{name}.zip"));
    let mut zip = ZipWriter::new(BufWriter::new(File::create(&path)?));
    // Sound does not become smaller, and a pack may be larger than 4 GiB.
    let stored = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(true);
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    entries.sort();
    for entry in entries {
        go_on(stop)?;
        let file = entry.file_name().unwrap_or_default().to_string_lossy();
        zip.start_file(format!("{name}/{file}"), stored)?;
        io::copy(&mut File::open(&entry)?, &mut zip)?;
    }
    zip.finish()?.flush()?;
    fs::remove_dir_all(folder)?;
    Ok(path)
}
