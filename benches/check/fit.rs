//! Fits the corpus on training albums: quantiles, limits, the tonal estimate.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use acetate_check::corpus::{CORPUS_FORMAT, Corpus, Figure, Record, Rows, SHARES_PERCENT};
use acetate_check::detect::edges::LOOP_DB;
use acetate_check::detect::{About, DETECTORS, Limits, Worse};
use acetate_check::fault_eq::fault_eq_db;
use acetate_check::tone::{INPUTS, TONE_CODES, ToneModel, inputs_after};
use acetate_training::eval::linear::{mirror, solve};
use acetate_training::eval::statistics::quantile;
use anyhow::{Context, Result};

use crate::protocol;
use crate::rows::{Row, read};

/// Where the corpus goes.
const CORPUS_FILE: &str = "crates/check/corpus.json";
/// The command of the record.
const COMMAND: &str = "cargo run --release --example check -- fit (benches/check)";
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
/// Tonal faults that the estimate is fitted on, dB.
const TONE_STRENGTHS_DB: [f64; 4] = [3.0, 6.0, 9.0, 12.0];
/// The strength at which the estimate is calibrated, dB.
const TONE_PLAIN_DB: f64 = 12.0;
/// Ridges that are tried, per row.
const RIDGES: [f64; 5] = [0.003, 0.03, 0.3, 3.0, 30.0];
/// Folds of album groups that choose the ridge.
const FOLDS: usize = 5;

/// Reads rows and writes the corpus.
pub fn run(clean: &Path, injected: &Path, mixes: &Path) -> Result<()> {
    let mut clean = read(clean)?;
    clean.retain(|row| row.is_finished);
    let mut injected = read(injected)?;
    let mut mixes = read(mixes)?;
    let tone = fit_tone(&clean)?;
    for row in clean.iter_mut().chain(&mut injected).chain(&mut mixes) {
        with_tone(row, &tone);
    }
    let mut figures = BTreeMap::new();
    for detector in DETECTORS {
        let about = detector.about();
        if let Some(figure) = figure(about, &clean, &injected)? {
            println!(
                "{:<15} median {:>9.2}  99 % {:>9.2}  remark {:>9.2}  full {:>9.2}",
                about.code,
                figure.median(),
                figure.quantiles[14],
                figure.remark,
                figure.full
            );
            figures.insert(about.code.to_owned(), figure);
        }
    }
    let (mastered_pile_percent, mastered_plr_db) = mastered(&clean, &mixes);
    let groups: BTreeSet<&str> = clean.iter().map(|row| row.group.as_str()).collect();
    let corpus = Corpus {
        format: CORPUS_FORMAT.to_owned(),
        record: Record {
            command: COMMAND.to_owned(),
            tracks: clean.len(),
            groups: groups.len(),
            datasets_blake3: blake3::hash(include_bytes!("../../datasets.toml")).to_string(),
            protocol_blake3: blake3::hash(protocol::TEXT.as_bytes()).to_string(),
            again: BTreeMap::new(),
        },
        figures,
        tone,
        mastered_pile_percent,
        mastered_plr_db,
    };
    write(&corpus)?;
    println!(
        "mastered from {mastered_pile_percent:.1} % of peaks at the ceiling and PLR below {mastered_plr_db:.1} dB; wrote {CORPUS_FILE}"
    );
    Ok(())
}

/// Fits single findings again on other rows, and leaves the rest of the corpus as it was: `clean` may hold whole
/// tracks or untouched excerpts. One tonal code stands for all of them, which share one estimate.
pub fn again(clean: &Path, injected: &Path, codes: &[&str]) -> Result<()> {
    let text = std::fs::read_to_string(CORPUS_FILE).context(CORPUS_FILE)?;
    let mut corpus = Corpus::parse(&text).map_err(anyhow::Error::msg)?;
    let mut clean = read(clean)?;
    clean.retain(|row| row.is_finished && matches!(row.fault.as_str(), "" | "none"));
    let mut injected = read(injected)?;
    let mut codes: BTreeSet<&str> = codes.iter().copied().collect();
    if TONE_CODES.iter().any(|code| codes.contains(code)) {
        codes.extend(TONE_CODES);
        corpus.tone = fit_tone(&clean)?;
    }
    for row in clean.iter_mut().chain(&mut injected) {
        with_tone(row, &corpus.tone);
    }
    let groups: BTreeSet<&str> = clean.iter().map(|row| row.group.as_str()).collect();
    for code in codes {
        let detector = DETECTORS
            .iter()
            .find(|detector| detector.about().code == code)
            .with_context(|| format!("expected the code of a finding, got {code}"))?;
        let figure = figure(detector.about(), &clean, &injected)?
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

fn write(corpus: &Corpus) -> Result<()> {
    let text = serde_json::to_string_pretty(corpus)?;
    Ok(std::fs::write(CORPUS_FILE, format!("{text}\n"))?)
}

/// Puts the estimate's figures into a row.
pub fn with_tone(row: &mut Row, tone: &ToneModel) {
    for (code, value) in TONE_CODES.iter().zip(tone.estimate(&row.tone_inputs)) {
        row.figures.insert((*code).to_owned(), value);
    }
}

/// Five digits are more than anything here is known to.
fn rounded(value: f64) -> f64 {
    let text = format!("{value:.5e}");
    text.parse().unwrap_or(value)
}

/// Quantiles and limits of one detector; `None` where nobody can say.
fn figure(about: &About, clean: &[Row], injected: &[Row]) -> Result<Option<Figure>> {
    let of = |rows: &[&Row]| -> Vec<f64> {
        let values = rows.iter().filter_map(|row| row.figures.get(about.code));
        values.map(|&value| about.worse.place(value)).collect()
    };
    let released = of(&clean
        .iter()
        .filter(|row| !is_a_note(row, about.code))
        .collect::<Vec<_>>());
    if released.is_empty() {
        return Ok(None);
    }
    let plain: Vec<&Row> = protocol::read()?
        .fault
        .iter()
        .filter(|fault| fault.code == about.code)
        .flat_map(|fault| {
            let is_it = |row: &&Row| row.fault == fault.name && row.strength == fault.plain;
            injected.iter().filter(is_it).collect::<Vec<_>>()
        })
        .collect();
    let plain = of(&plain);
    let at = |values: &[f64], share: f64| quantile(values, share).context("no values");
    let usual = at(&released, CLEAN_SHARE)?;
    // One track may be what it likes: some are made of gaps or of noise.
    let most = second_largest(&released);
    let (remark, full) = if plain.is_empty() {
        (
            usual,
            most.max(usual) + (most - usual).max(1e-3 * usual.abs()),
        )
    } else {
        let faint = at(&plain, MISSED_SHARE)?;
        let remark = if faint > usual {
            usual + BETWEEN * (faint - usual)
        } else {
            let most_tracks = at(&released, CLEAN_SHARE_OVERLAPPING)?;
            most_tracks + BETWEEN * (faint - most_tracks).max(0.0)
        };
        (remark, most.max(at(&plain, SERIOUS_SHARE)?).max(remark))
    };
    let mut quantiles: Vec<f64> = SHARES_PERCENT
        .iter()
        .map(|share| Ok(about.worse.value(at(&released, 0.01 * share)?)))
        .collect::<Result<_>>()?;
    if about.worse == Worse::Less {
        // Shares are of the value itself, not of how bad it is.
        quantiles = SHARES_PERCENT
            .iter()
            .map(|share| Ok(about.worse.value(at(&released, 1.0 - 0.01 * share)?)))
            .collect::<Result<_>>()?;
    }
    let (remark, full) = match about.limits {
        Limits::Fitted => (about.worse.value(remark), about.worse.value(full)),
        Limits::Given { remark, full } => (remark, full),
    };
    Ok(Some(Figure {
        quantiles: quantiles.into_iter().map(rounded).collect(),
        remark: rounded(remark),
        full: rounded(full),
    }))
}

/// Loops begin and end within the music, which is said as a note and must not widen the limits.
fn is_a_note(row: &Row, code: &str) -> bool {
    let edge = |code: &str| row.figures.get(code).is_some_and(|&db| db > LOOP_DB);
    matches!(code, "start-cut" | "tail-cut") && edge("start-cut") && edge("tail-cut")
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

/// What a limiter leaves behind, told from what it has not touched: the limit with the highest balanced
/// accuracy between finished masters and unmastered mixes.
fn mastered(clean: &[Row], mixes: &[Row]) -> (f64, f64) {
    let share = |rows: &[Row], pile: f64, plr_db: f64| {
        let those = rows
            .iter()
            .filter(|row| row.pile_percent >= pile && row.plr_db < plr_db);
        those.count() as f64 / rows.len().max(1) as f64
    };
    let mut best = (f64::NEG_INFINITY, 5.0, 14.5);
    for pile_step in 2..40 {
        for plr_step in 16..36 {
            let (pile, plr_db) = (0.5 * f64::from(pile_step), 0.5 * f64::from(plr_step));
            let accuracy = share(clean, pile, plr_db) - share(mixes, pile, plr_db);
            if accuracy > best.0 {
                best = (accuracy, pile, plr_db);
            }
        }
    }
    println!(
        "mastered: {:.0} % of released tracks, {:.0} % of unmastered mixes",
        100.0 * share(clean, best.1, best.2),
        100.0 * share(mixes, best.1, best.2)
    );
    (best.1, best.2)
}

/// One row of the tonal regression: its fold, inputs and targets.
struct Example {
    fold: usize,
    inputs: Vec<f64>,
    targets: [f64; TONE_CODES.len()],
}

/// The ridge regression of the tonal faults, calibrated at the plain strength.
fn fit_tone(clean: &[Row]) -> Result<ToneModel> {
    let groups: BTreeSet<&str> = clean.iter().map(|row| row.group.as_str()).collect();
    let folds: BTreeMap<&str, usize> = groups
        .iter()
        .enumerate()
        .map(|(index, group)| (*group, index % FOLDS))
        .collect();
    let mut examples = Vec::new();
    for row in clean {
        let fold = folds.get(row.group.as_str()).copied().unwrap_or(0);
        examples.push(Example {
            fold,
            inputs: row.tone_inputs.clone(),
            targets: [0.0; TONE_CODES.len()],
        });
        for (index, code) in TONE_CODES.iter().enumerate() {
            for strength_db in TONE_STRENGTHS_DB {
                let eq = |freq_hz: f64| fault_eq_db(code, strength_db, freq_hz);
                let mut targets = [0.0; TONE_CODES.len()];
                targets[index] = strength_db;
                examples.push(Example {
                    fold,
                    inputs: inputs_after(&row.tone_inputs, &eq),
                    targets,
                });
            }
        }
    }
    let mut best: Option<(f64, f64)> = None;
    for ridge in RIDGES {
        let mut squares = 0.0;
        for held_out in 0..FOLDS {
            let (inside, outside): (Vec<&Example>, Vec<&Example>) = examples
                .iter()
                .partition(|example| example.fold != held_out);
            let model = regress(&inside, ridge).context("singular")?;
            for example in outside {
                let estimate = model.estimate(&example.inputs);
                let errors = estimate
                    .iter()
                    .zip(example.targets)
                    .map(|(a, b)| (a - b) * (a - b));
                squares += errors.sum::<f64>();
            }
        }
        let error_db = (squares / (examples.len() * TONE_CODES.len()) as f64).sqrt();
        println!("tone: ridge {ridge}: {error_db:.3} dB RMS on held-out groups");
        if best.is_none_or(|(_, least)| error_db < least) {
            best = Some((ridge, error_db));
        }
    }
    let (ridge, _) = best.context("no ridge")?;
    let mut model = regress(&examples.iter().collect::<Vec<_>>(), ridge).context("singular")?;
    calibrate(&mut model, clean);
    for row in &mut model.weights {
        row.iter_mut().for_each(|w| *w = rounded(*w));
    }
    model.mean.iter_mut().for_each(|x| *x = rounded(*x));
    model.offset.iter_mut().for_each(|x| *x = rounded(*x));
    Ok(model)
}

/// Released music reads 0 in the middle, and the plain strength its decibels more.
fn calibrate(model: &mut ToneModel, clean: &[Row]) {
    for (index, code) in TONE_CODES.iter().enumerate() {
        let eq = |freq_hz: f64| fault_eq_db(code, TONE_PLAIN_DB, freq_hz);
        let estimates = |inputs: &dyn Fn(&Row) -> Vec<f64>| -> Vec<f64> {
            clean
                .iter()
                .map(|row| model.estimate(&inputs(row))[index])
                .collect()
        };
        let before = estimates(&|row| row.tone_inputs.clone());
        let after = estimates(&|row| inputs_after(&row.tone_inputs, &eq));
        let middle = |values: &[f64]| quantile(values, 0.5).unwrap_or(0.0);
        let (low, high) = (middle(&before), middle(&after));
        let scale = TONE_PLAIN_DB / (high - low).max(1e-6);
        model.weights[index].iter_mut().for_each(|w| *w *= scale);
        model.offset[index] = (model.offset[index] - low) * scale;
    }
}

/// Ridge regression with `ridge` per row.
fn regress(examples: &[&Example], ridge: f64) -> Option<ToneModel> {
    let count = examples.len() as f64;
    let mean: Vec<f64> = (0..INPUTS)
        .map(|index| examples.iter().map(|e| e.inputs[index]).sum::<f64>() / count)
        .collect();
    let offset: Vec<f64> = (0..TONE_CODES.len())
        .map(|index| examples.iter().map(|e| e.targets[index]).sum::<f64>() / count)
        .collect();
    let mut square = vec![vec![0.0; INPUTS]; INPUTS];
    let mut product = vec![vec![0.0; TONE_CODES.len()]; INPUTS];
    for example in examples {
        let x: Vec<f64> = example
            .inputs
            .iter()
            .zip(&mean)
            .map(|(x, m)| x - m)
            .collect();
        for i in 0..INPUTS {
            for j in 0..=i {
                square[i][j] += x[i] * x[j];
            }
            for (cell, (target, offset)) in product[i]
                .iter_mut()
                .zip(example.targets.iter().zip(&offset))
            {
                *cell += x[i] * (target - offset);
            }
        }
    }
    mirror(&mut square);
    for (index, row) in square.iter_mut().enumerate() {
        row[index] += ridge * count;
    }
    let solved = solve(&square, &product)?;
    let weights = (0..TONE_CODES.len())
        .map(|fault| solved.iter().map(|row| row[fault]).collect())
        .collect();
    Some(ToneModel {
        mean,
        weights,
        offset,
    })
}
