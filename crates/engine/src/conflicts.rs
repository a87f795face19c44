//! [`Conflicts`]: nothing that a run reads is written over, and no two things go to one place. Found out
//! before any work, whatever the names: through links, `./`, and files that do not exist yet.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use acetate_io::{Depth, Identity, StagedFile, resolved};
use anyhow::bail;

use crate::error::NameTaken;
use crate::extras::{pack, variants};
use crate::job::{Job, is_pipe};
use crate::measure::Stems;
use crate::options::Options;
use crate::record::record_of;
use crate::request;

/// Everything that a run reads and writes.
#[derive(Debug, Default)]
pub struct Conflicts {
    read: HashMap<Identity, PathBuf>,
    written: Vec<(PathBuf, &'static str)>,
    folders: Vec<(PathBuf, &'static str)>,
}

impl Conflicts {
    /// What a run reads, and the masters that it writes.
    pub fn of(options: &Options, jobs: &[Job]) -> Self {
        let mut conflicts = Self::default();
        let inputs = jobs.iter().map(|job| &job.input);
        let request = &options.request;
        let references = request.references.iter().map(|reference| &reference.path);
        let given = options.read_files.iter().chain(&request.weights);
        for path in inputs.chain(given).chain(references.clone()) {
            conflicts.reads(path);
        }
        options
            .stems
            .iter()
            .for_each(|stems| conflicts.reads_stems(stems));
        for folder in references.filter(|path| path.is_dir()) {
            let songs = request::sound_files(folder, Depth::Whole).unwrap_or_default();
            songs.iter().for_each(|song| conflicts.reads(song));
        }
        // What is left as it is need not keep clear of anything.
        let made = |job: &&Job| options.overwrite || !options.may_be_skipped(&job.output);
        for job in jobs.iter().filter(made) {
            match options.variants {
                Some(count) => {
                    conflicts.writes(variants::files(&job.output, count), "variant");
                }
                None => conflicts.writes([&job.output], "master"),
            }
        }
        conflicts
    }

    /// Adds a file or a folder that is read.
    pub fn reads(&mut self, path: &Path) {
        if !is_pipe(path) {
            self.read.insert(Identity::of(path), path.to_owned());
        }
    }

    /// Adds every stem, and their folders.
    pub fn reads_stems(&mut self, stems: &Stems) {
        // A folder that cannot be read ends the run where it is looked into.
        let paths = stems.paths().unwrap_or_default();
        let named = stems.files.iter().chain(&paths);
        named.for_each(|path| self.reads(path));
    }

    /// Adds files that are written; `what` is the name of each in errors.
    pub fn writes<P: AsRef<Path>>(
        &mut self,
        paths: impl IntoIterator<Item = P>,
        what: &'static str,
    ) {
        let paths = paths.into_iter().map(|path| path.as_ref().to_owned());
        let files = paths.filter(|path| !is_pipe(path));
        self.written.extend(files.map(|path| (path, what)));
    }

    /// Adds folders that are made, and replaced as a whole where they are there.
    pub fn makes<P: AsRef<Path>>(
        &mut self,
        paths: impl IntoIterator<Item = P>,
        what: &'static str,
    ) {
        let folders = paths.into_iter().map(|path| path.as_ref().to_owned());
        self.folders.extend(folders.map(|path| (path, what)));
    }

    /// Refuses the first thing that would go to a place that is taken.
    pub fn check(&self) -> anyhow::Result<()> {
        let mut taken: HashMap<Identity, &'static str> = HashMap::new();
        for (path, what) in self.written.iter().chain(&self.folders) {
            let identity = Identity::of(path);
            if let Some(other) = self.read.get(&identity) {
                bail!(
                    "{}: the {what} would replace {}, which is read: choose another name",
                    path.display(),
                    other.display()
                );
            }
            if let Some(other) = taken.insert(identity, what) {
                bail!(
                    "{}: the {what} would replace the {other}: choose another name",
                    path.display()
                );
            }
        }
        if self.folders.is_empty() {
            return Ok(());
        }
        let places = self.folders.iter().map(|place| (resolved(&place.0), place));
        let places: HashMap<PathBuf, &(PathBuf, &str)> = places.collect();
        let files = self.written.iter().chain(&self.folders);
        for other in files.map(|(path, _)| path).chain(self.read.values()) {
            let at = resolved(other);
            let mut around = at.ancestors().filter_map(|at| places.get(at));
            if let Some((folder, what)) = around.find(|(folder, _)| folder != other) {
                bail!(
                    "{}: the {what} would take the place of the folder that holds {}: choose another folder",
                    folder.display(),
                    other.display()
                );
            }
        }
        Ok(())
    }
}

/// Refuses what can be known of a run to fail before any work: names that are taken, and what would be
/// written over what is read or written elsewhere in it.
pub(crate) fn check(options: &Options, jobs: &[Job]) -> Result<(), NameTaken> {
    check_names(options, jobs).map_err(|error| NameTaken(format!("{error:#}")))
}

fn check_names(options: &Options, jobs: &[Job]) -> anyhow::Result<()> {
    for job in jobs {
        check_job(options, job)?;
    }
    if options.dry_run {
        return Ok(());
    }
    for job in jobs {
        check_side_files(options, job)?;
    }
    let mut conflicts = Conflicts::of(options, jobs);
    if options.keep_record {
        let files = jobs.iter().filter(|job| !is_pipe(&job.output));
        let records: BTreeSet<PathBuf> = files.map(|job| record_of(&job.output)).collect();
        conflicts.writes(records, "record of delivered masters");
    }
    conflicts.writes(
        jobs.iter().filter_map(|job| job.settings.as_ref()),
        "settings file",
    );
    conflicts.writes(&options.request.save_signature, "signature");
    conflicts.writes(
        jobs.iter().filter_map(|job| job.certificate.as_ref()),
        "certificate",
    );
    conflicts.writes(
        jobs.iter().filter_map(|job| job.repair_residual.as_ref()),
        "residual of the repairs",
    );
    conflicts.writes(
        jobs.iter().filter_map(|job| job.report.as_ref()),
        "report page",
    );
    for (path, what, _) in &options.written_files {
        conflicts.writes([path], what);
    }
    conflicts.makes(jobs.iter().filter_map(|job| job.pack.as_ref()), "pack");
    conflicts.check()?;
    for (path, _, replaces) in &options.written_files {
        StagedFile::check(path, *replaces)?;
    }
    let settings = jobs.iter().filter_map(|job| job.settings.as_ref());
    for path in settings.chain(&options.request.save_signature) {
        StagedFile::check(path, options.overwrite)?;
    }
    Ok(())
}

fn check_job(options: &Options, job: &Job) -> anyhow::Result<()> {
    if options.variants.is_some() && is_pipe(&job.output) {
        bail!("--variants needs files: use -o FILE instead of standard output");
    }
    if is_pipe(&job.output) || options.dry_run {
        return Ok(());
    }
    let count = options.variants.unwrap_or(0);
    let others = variants::files(&job.output, count);
    // Of an input that cannot be read, that is the thing to say.
    if is_pipe(&job.input) || job.input.exists() {
        acetate_io::check_name(&job.output)?;
    }
    for other in &others {
        acetate_io::check_name(other)?;
    }
    if let Some(there) = others.iter().find(|path| path.exists())
        && !options.overwrite
        && !options.may_be_skipped(&job.output)
    {
        bail!(
            "{}: exists already: use --overwrite to replace it",
            there.display()
        );
    }
    if !is_pipe(&job.input) && acetate_io::same_file(&job.input, &job.output) {
        bail!(
            "{}: the output is the input itself; the input is never touched: choose another name",
            job.output.display()
        );
    }
    if job.output.exists() && !options.overwrite && !options.may_be_skipped(&job.output) {
        bail!(
            "{}: exists already: use --overwrite to replace it or --skip-existing to leave it",
            job.output.display()
        );
    }
    Ok(())
}

/// What goes beside the master can be written. Of a job that may be left alone, it may be there.
fn check_side_files(options: &Options, job: &Job) -> anyhow::Result<()> {
    let may_be_skipped = options.may_be_skipped(&job.output);
    let beside = [&job.certificate, &job.repair_residual, &job.report];
    for path in beside.into_iter().flatten() {
        StagedFile::check(path, options.overwrite || may_be_skipped)?;
    }
    match &job.pack {
        Some(folder) if !may_be_skipped => pack::check(folder, options.overwrite),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    // Symbolic links are made by another function on each system.
    #[cfg(unix)]
    #[test]
    fn what_is_read_is_found_under_every_name() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::write(at("mix.wav"), "mix").unwrap();
        fs::hard_link(at("mix.wav"), at("hard.wav")).unwrap();
        std::os::unix::fs::symlink(at("mix.wav"), at("soft.wav")).unwrap();
        fs::create_dir(at("sub")).unwrap();
        for name in [
            "mix.wav",
            "./mix.wav",
            "sub/../mix.wav",
            "hard.wav",
            "soft.wav",
        ] {
            let mut conflicts = Conflicts::default();
            conflicts.reads(&at("mix.wav"));
            conflicts.writes([at(name)], "master");
            let error = conflicts.check().unwrap_err().to_string();
            assert!(error.contains("which is read"), "{name}: {error}");
        }
        let mut conflicts = Conflicts::default();
        conflicts.reads(&at("mix.wav"));
        conflicts.writes([at("new.wav")], "master");
        conflicts.check().unwrap();
        conflicts.writes([at("sub/../new.wav")], "settings file");
        let error = conflicts.check().unwrap_err().to_string();
        assert!(error.contains("would replace the master"), "{error}");
    }

    #[test]
    fn a_folder_never_takes_the_place_of_something_in_it() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::create_dir(at("songs")).unwrap();
        fs::write(at("songs/mix.wav"), "mix").unwrap();
        let with_pack = |pack: &str| {
            let mut conflicts = Conflicts::default();
            conflicts.reads(&at("songs/mix.wav"));
            conflicts.writes([at("songs/new.wav")], "master");
            conflicts.makes([at(pack)], "pack");
            conflicts.check()
        };
        assert!(with_pack("songs").is_err());
        assert!(with_pack("songs/new.wav").is_err());
        with_pack("songs/pack").unwrap();
    }
}
