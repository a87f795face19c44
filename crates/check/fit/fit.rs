//! Fits the corpus on training albums: quantiles and limits. Tonal findings have their own fit (`tone.rs`), and stay.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use acetate_check::FindingCode;
use acetate_check::corpus::{CORPUS_FORMAT, Corpus, Figure, Record, Rows, SHARES_PERCENT};
use acetate_check::detect::edges::LOOP_DB;
use acetate_check::detect::{DETECTORS, DetectorInfo, Direction, Limits};
use acetate_check::tone::TONE_CODES;
use acetate_dsp::numeric::quantile;
use anyhow::{Context, Result, bail};

use crate::protocol;
use crate::rows::{Row, read};

/// Where the corpus goes.
pub const CORPUS_FILE: &str = "crates/check/corpus.json";
/// The command of the record.
const COMMAND: &str = "cargo run --release --example check -- fit (crates/check/fit)";
/// Share of released tracks that stay below a limit.
const CLEAN_SHARE: f64 = 0.99;
/// The same where the fault cannot be told apart from released music.
const CLEAN_SHARE_OVERLAPPING: f64 = 0.95;
/// Share of plain faults that may be missed.
const MISSED_SHARE: f64 = 0.025;
/// Share of plain faults that are less than serious.
const SERIOUS_SHARE: f64 = 0.1;
/// Where the limit lies between released music and plain faults.
const BETWEEN: f64 = 0.3;

/// Reads rows and writes the corpus.
pub fn run(clean: &Path, injected: &Path) -> Result<()> {
    let mut clean: Vec<Row> = read(clean)?;
    clean.retain(|row| row.is_finished);
    let injected: Vec<Row> = read(injected)?;
    let before = Corpus::embedded()?;
    let mut figures = BTreeMap::new();
    for detector in DETECTORS {
        let info = detector.info();
        if TONE_CODES.contains(&info.code) {
            let kept = before
                .figures
                .get(info.code.as_str())
                .map(|figure| (info.code.to_string(), figure.clone()));
            figures.extend(kept);
            continue;
        }
        if let Some(figure) = figure(info, &clean, &injected)? {
            println!(
                "{:<15} median {:>9.2}  99 % {:>9.2}  remark {:>9.2}  full {:>9.2}",
                info.code,
                figure.median(),
                figure.quantiles[14],
                figure.remark,
                figure.full
            );
            figures.insert(info.code.to_string(), figure);
        }
    }
    let groups: BTreeSet<&str> = clean.iter().map(|row| row.group.as_str()).collect();
    let corpus = Corpus {
        format: CORPUS_FORMAT.to_owned(),
        record: Record {
            command: COMMAND.to_owned(),
            tracks: clean.len(),
            groups: groups.len(),
            datasets_blake3: blake3::hash(include_bytes!("../../../datasets.toml")).to_string(),
            protocol_blake3: blake3::hash(protocol::TEXT.as_bytes()).to_string(),
            again: BTreeMap::new(),
        },
        figures,
    };
    write(&corpus)?;
    println!("wrote {CORPUS_FILE}");
    Ok(())
}

/// Fits single findings again on other rows, and leaves the rest of the corpus as it was: `clean` may hold whole
/// tracks or untouched excerpts. Tonal findings are fitted by `tone`.
pub fn again(clean: &Path, injected: &Path, codes: &[&str]) -> Result<()> {
    let text = std::fs::read_to_string(CORPUS_FILE).context(CORPUS_FILE)?;
    let mut corpus = Corpus::parse(&text).map_err(anyhow::Error::msg)?;
    let mut clean: Vec<Row> = read(clean)?;
    clean.retain(|row| row.is_finished && matches!(row.fault.as_str(), "" | "none"));
    let injected: Vec<Row> = read(injected)?;
    let codes: BTreeSet<&str> = codes.iter().copied().collect();
    if let Some(code) = TONE_CODES.iter().find(|code| codes.contains(code.as_str())) {
        bail!("{code} is fitted by the command tone");
    }
    let groups: BTreeSet<&str> = clean.iter().map(|row| row.group.as_str()).collect();
    for code in codes {
        let detector = DETECTORS
            .iter()
            .find(|detector| detector.info().code.as_str() == code)
            .with_context(|| format!("expected the code of a finding, got {code}"))?;
        let figure = figure(detector.info(), &clean, &injected)?
            .with_context(|| format!("no row has a figure of {code}"))?;
        println!(
            "{code:<15} 99 % {:>9.2}  remark {:>9.2}  full {:>9.2}",
            figure.quantiles[14], figure.remark, figure.full
        );
        corpus.figures.insert(code.to_owned(), figure);
        let rows = Rows {
            tracks: clean.len(),
            groups: groups.len(),
        };
        corpus.record.again.insert(code.to_owned(), rows);
    }
    write(&corpus)
}

/// Writes the corpus.
pub fn write(corpus: &Corpus) -> Result<()> {
    let text = serde_json::to_string_pretty(corpus)?;
    Ok(std::fs::write(CORPUS_FILE, format!("{text}\n"))?)
}

/// Five digits are more than anything here is known to.
pub fn rounded(value: f64) -> f64 {
    let text = format!("{value:.5e}");
    text.parse().unwrap_or(value)
}

/// Quantiles and limits of one detector; `None` where nobody can say.
fn figure(info: &DetectorInfo, clean: &[Row], injected: &[Row]) -> Result<Option<Figure>> {
    let of = |rows: &[&Row]| -> Vec<f64> {
        let values = rows
            .iter()
            .filter_map(|row| row.figures.get(info.code.as_str()));
        values.map(|&value| info.worse.place(value)).collect()
    };
    let released = of(&clean
        .iter()
        .filter(|row| !is_a_note(row, info.code))
        .collect::<Vec<_>>());
    if released.is_empty() {
        return Ok(None);
    }
    let plain: Vec<&Row> = protocol::read()?
        .fault
        .iter()
        .filter(|fault| fault.code == info.code.as_str())
        .flat_map(|fault| {
            let is_it = |row: &&Row| row.fault == fault.name && row.strength == fault.plain;
            injected.iter().filter(is_it).collect::<Vec<_>>()
        })
        .collect();
    limited(info, &released, &of(&plain)).map(Some)
}

/// Quantiles and limits of one detector from places (`Direction::place`) in released music and with its plain fault.
pub fn limited(info: &DetectorInfo, released: &[f64], plain: &[f64]) -> Result<Figure> {
    let at = |values: &[f64], share: f64| quantile(values, share).context("no values");
    let usual = at(released, CLEAN_SHARE)?;
    // One track may be what it likes: some are made of gaps or of noise.
    let most = second_largest(released);
    let (remark, full) = if plain.is_empty() {
        (
            usual,
            most.max(usual) + (most - usual).max(1e-3 * usual.abs()),
        )
    } else {
        let faint = at(plain, MISSED_SHARE)?;
        let remark = if faint > usual {
            usual + BETWEEN * (faint - usual)
        } else {
            let most_tracks = at(released, CLEAN_SHARE_OVERLAPPING)?;
            most_tracks + BETWEEN * (faint - most_tracks).max(0.0)
        };
        (remark, most.max(at(plain, SERIOUS_SHARE)?).max(remark))
    };
    let mut quantiles: Vec<f64> = SHARES_PERCENT
        .iter()
        .map(|share| Ok(info.worse.value(at(released, 0.01 * share)?)))
        .collect::<Result<_>>()?;
    if info.worse == Direction::Less {
        // Shares are of the value itself, not of how bad it is.
        quantiles = SHARES_PERCENT
            .iter()
            .map(|share| Ok(info.worse.value(at(released, 1.0 - 0.01 * share)?)))
            .collect::<Result<_>>()?;
    }
    let (remark, full) = match info.limits {
        Limits::Fitted => (info.worse.value(remark), info.worse.value(full)),
        Limits::Given { remark, full } => (remark, full),
    };
    Ok(Figure {
        quantiles: quantiles.into_iter().map(rounded).collect(),
        remark: rounded(remark),
        full: rounded(full),
    })
}

/// Loops begin and end within the music, which is said as a note and must not widen the limits.
fn is_a_note(row: &Row, code: FindingCode) -> bool {
    let edges = [FindingCode::StartCut, FindingCode::TailCut];
    let is_cut = |code: &FindingCode| {
        let figure = row.figures.get(code.as_str());
        figure.is_some_and(|&db| db > LOOP_DB)
    };
    edges.contains(&code) && edges.iter().all(is_cut)
}

/// The largest value but one.
fn second_largest(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    sorted
        .get(1)
        .or(sorted.first())
        .copied()
        .unwrap_or(f64::NAN)
}
