//! How a batch ended: a line for each song, a table, and a page that links the report pages.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use acetate_dsp::plain::{self, csv_field};
use acetate_engine::{Delivered, Job, Outcome, is_pipe};
use acetate_handover::{INDEX_MARK, IndexRow, index_page};
use acetate_io::resolved;
use acetate_master::Report;

use crate::args::MasterArgs;
use crate::terminal::console::{Console, causes_in_words};

/// The page in a folder of report pages.
const INDEX: &str = "index.html";
/// The mark of an index of ours stands within so many bytes.
const HEAD_BYTES: u64 = 512;
/// Longest name in a line, characters.
const MAX_NAME: usize = 40;

/// How the masters of a run ended, in any order.
#[derive(Default)]
pub struct Summary {
    rows: Mutex<Vec<Row>>,
}

/// How one master ended.
#[derive(Clone)]
struct Row {
    /// The place of its job, then of its variant.
    place: (usize, usize),
    /// How the job ended; none for one that failed.
    outcome: Option<Outcome>,
    input: PathBuf,
    output: PathBuf,
    page: Option<PathBuf>,
    figures: Option<Figures>,
    verdict: &'static str,
    is_good: bool,
    error: String,
}

#[derive(Clone, Copy)]
struct Figures {
    integrated_lufs: f64,
    true_peak_dbtp: f64,
    loudness_range_lu: f64,
    limiting_db: f64,
}

impl Summary {
    /// Adds what came of the job in this place.
    pub fn add(&self, place: usize, job: &Job, delivered: &anyhow::Result<Delivered>) {
        let row = Row {
            place: (place, 0),
            outcome: delivered.as_ref().ok().map(|delivered| delivered.outcome),
            input: job.input.clone(),
            output: job.output.clone(),
            page: job.report.clone(),
            figures: None,
            verdict: "failed",
            is_good: false,
            error: String::new(),
        };
        let new = match delivered {
            Err(error) => vec![Row {
                error: causes_in_words(error),
                ..row
            }],
            Ok(delivered) if delivered.reports().is_empty() => vec![Row {
                verdict: match delivered.outcome {
                    Outcome::DeliveredBefore if delivered.all_met => "verified before",
                    Outcome::DeliveredBefore => "target missed before",
                    _ => "left as it is",
                },
                is_good: delivered.all_met,
                ..row
            }],
            Ok(delivered) => {
                let masters = delivered.reports().into_iter().enumerate();
                masters
                    .map(|(variant, (output, report))| Row {
                        place: (place, variant),
                        output,
                        figures: figures(&report),
                        verdict: verdict(&report),
                        is_good: report.all_met,
                        ..row.clone()
                    })
                    .collect()
            }
        };
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.extend(new);
    }

    /// Them all, in the order of the jobs.
    pub fn rows(self) -> Rows {
        let rows = self.rows.into_inner();
        let mut rows = rows.unwrap_or_else(PoisonError::into_inner);
        rows.sort_by_key(|row| row.place);
        Rows(rows)
    }
}

/// How the masters of a run ended, in the order of the jobs.
pub struct Rows(Vec<Row>);

impl Rows {
    /// Says a line for each song, and writes what was asked for.
    pub fn write(&self, args: &MasterArgs, files: &Files, console: &Console) -> anyhow::Result<()> {
        let Self(rows) = self;
        if files.is_batch {
            for row in rows {
                console.say_lines(&row.line());
            }
        }
        if let Some(path) = &files.csv {
            acetate_io::deliver_text(path, &csv(rows), args.overwrite)?;
        }
        if let Some(path) = &files.index {
            let rows: Vec<IndexRow> = rows.iter().map(|row| row.linked(path)).collect();
            acetate_io::deliver_text(path, &index_page(&rows), args.overwrite || is_ours(path))?;
            console.say(&format!("{}: lists the masters", path.display()));
        }
        Ok(())
    }

    /// How many jobs ended how.
    pub fn counts(&self) -> String {
        let Self(rows) = self;
        // Variants are rows of one job.
        let jobs = || rows.iter().filter(|row| row.place.1 == 0);
        let count =
            |wanted: &[Option<Outcome>]| jobs().filter(|row| wanted.contains(&row.outcome)).count();
        format!(
            "{} mastered and verified, {} delivered with the target missed, {} skipped, {} failed",
            count(&[Some(Outcome::Met)]),
            count(&[Some(Outcome::Missed)]),
            count(&[Some(Outcome::Skipped), Some(Outcome::DeliveredBefore)]),
            count(&[None])
        )
    }
}

/// What is written about all masters together.
pub struct Files {
    is_batch: bool,
    csv: Option<PathBuf>,
    index: Option<PathBuf>,
}

impl Files {
    /// Where these go.
    pub fn of(args: &MasterArgs, jobs: &[Job]) -> Self {
        let folder = args.report.as_ref().filter(|_| jobs.len() > 1);
        // Each part would list its own masters alone.
        let folder = folder.filter(|_| args.batch.shard.is_none());
        let index = args.index.clone();
        Self {
            is_batch: jobs.len() > 1,
            csv: args.csv.clone(),
            index: index.or_else(|| folder.map(|folder| folder.join(INDEX))),
        }
    }

    /// Each, its name in errors, and whether it may replace what is there.
    pub fn written(&self, overwrite: bool) -> Vec<(PathBuf, &'static str, bool)> {
        let csv = self
            .csv
            .iter()
            .map(|path| (path.clone(), "table", overwrite));
        let index = self.index.iter().map(|path| {
            let replaces = overwrite || is_ours(path);
            (path.clone(), "index page", replaces)
        });
        csv.chain(index).collect()
    }
}

/// Whether a file is an index that an earlier run wrote.
fn is_ours(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = acetate_io::open_regular(path)
        .map(|file: File| file.take(HEAD_BYTES).read_to_end(&mut head));
    let mark = INDEX_MARK.as_bytes();
    matches!(read, Ok(Ok(_))) && head.windows(mark.len()).any(|bytes| bytes == mark)
}

fn figures(report: &Report) -> Option<Figures> {
    let mastering = report.mastering.as_ref()?;
    let after = mastering.after.as_ref()?;
    Some(Figures {
        integrated_lufs: after.integrated_lufs,
        true_peak_dbtp: after.true_peak_dbtp,
        loudness_range_lu: after.loudness_range_lu,
        limiting_db: mastering.treatment.limiting_db,
    })
}

fn verdict(report: &Report) -> &'static str {
    let is_written = report
        .mastering
        .as_ref()
        .is_some_and(|mastering| mastering.after.is_some());
    match (is_written, report.all_met) {
        (false, _) => "not written (dry run)",
        (true, true) => "verified",
        (true, false) if report.is_not_whole() => "the song is not whole",
        (true, false) => "target missed",
    }
}

impl Row {
    fn name(&self) -> String {
        let named = if is_pipe(&self.output) || self.figures.is_none() {
            &self.input
        } else {
            &self.output
        };
        let name = named.file_name().unwrap_or(named.as_os_str());
        plain::field(&name.to_string_lossy()).into_owned()
    }

    fn line(&self) -> String {
        let mut name: String = self.name();
        if name.chars().count() > MAX_NAME {
            name = name.chars().take(MAX_NAME - 1).collect();
            name.push('…');
        }
        match self.figures {
            Some(figures) => format!(
                "  {name:<MAX_NAME$} {:>6.1} LUFS {:>6.1} dBTP  {}",
                figures.integrated_lufs, figures.true_peak_dbtp, self.verdict
            ),
            None => format!(
                "  {name:<MAX_NAME$} {:>6} LUFS {:>6} dBTP  {}",
                "-", "-", self.verdict
            ),
        }
    }

    fn linked(&self, index: &Path) -> IndexRow {
        let page = self.page.as_ref().filter(|page| page.exists());
        IndexRow {
            song: self.name(),
            page: page.map(|page| relative(page, index)),
            integrated_lufs: self
                .figures
                .map_or(f64::NAN, |figures| figures.integrated_lufs),
            true_peak_dbtp: self
                .figures
                .map_or(f64::NAN, |figures| figures.true_peak_dbtp),
            verdict: self.verdict.to_owned(),
            is_good: self.is_good,
        }
    }
}

/// The way from one file to another.
fn relative(to: &Path, from: &Path) -> String {
    let (to, from) = (resolved(to), resolved(from));
    let folder: Vec<Component<'_>> = from.parent().unwrap_or(&from).components().collect();
    let target: Vec<Component<'_>> = to.components().collect();
    let same = folder
        .iter()
        .zip(&target)
        .take_while(|(a, b)| a == b)
        .count();
    let up = std::iter::repeat_n("..".to_owned(), folder.len() - same);
    let down = target.iter().skip(same);
    let down = down.map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// A table of the masters (RFC 4180); names are texts to a spreadsheet, never formulas.
fn csv(rows: &[Row]) -> String {
    let mut text =
        "input,output,verdict,integrated_lufs,true_peak_dbtp,loudness_range_lu,limiting_db,error\n"
            .to_owned();
    for row in rows {
        let path = |path: &Path| csv_field(&plain::path(path));
        let figure = |get: fn(Figures) -> f64| {
            let value = row.figures.map(get).filter(|value| value.is_finite());
            value.map_or_else(String::new, |value| format!("{value:.2}"))
        };
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{},{}",
            path(&row.input),
            path(&row.output),
            csv_field(row.verdict),
            figure(|figures| figures.integrated_lufs),
            figure(|figures| figures.true_peak_dbtp),
            figure(|figures| figures.loudness_range_lu),
            figure(|figures| figures.limiting_db),
            csv_field(&plain::line(&row.error)),
        );
    }
    text
}
