//! What a training run shows: tables, the model card, the loss curve.

use std::fmt::Write;

use acetate_model::predictor::{MAX_EQ_BAND_DB, MAX_EQ_RMS_DB};
use plotters::prelude::*;

use crate::fit::Member;
use crate::priors::{MAX_HARM_DB, MAX_MOVE_95_DB, MAX_UNLIKE_HARM_DB, MAX_UNLIKE_MOVE_95_DB};
use crate::recipe::Recipe;
use crate::trained::{CARD_HEAD, TrainError, Trained};
use crate::validation::{Row, SEVERITIES_DB};

/// Size of the loss curve, pixels.
const CURVE_SIZE: (u32, u32) = (900, 420);

/// The validation tables as Markdown.
pub fn tables(trained: &Trained) -> String {
    let mut text = String::new();
    for (title, figure) in [
        (
            "Mid, tonal error in dB",
            (|row: &Row| row.mid_error_db) as fn(&Row) -> f64,
        ),
        ("Side, tonal error in dB", |row| row.side_error_db),
        ("Share of mixes that end closer to their master, %", |row| {
            100.0 * row.improved_share
        }),
    ] {
        let _ = write!(text, "| {title}; severity, dB RMS |");
        for severity in SEVERITIES_DB {
            let _ = write!(text, " {severity} |");
        }
        text.push_str("\n|---|");
        text.push_str(&"---|".repeat(SEVERITIES_DB.len()));
        text.push('\n');
        for rows in trained.valid.chunks(SEVERITIES_DB.len()) {
            let _ = write!(text, "| {} |", rows[0].method);
            for row in rows {
                let _ = write!(text, " {:.2} |", figure(row));
            }
            text.push('\n');
        }
        text.push('\n');
    }
    text.push_str(
        "| Group of outputs: mean error, dB | left out | frozen at its mean | net | earns its place |\n\
        |---|---|---|---|---|\n",
    );
    for row in &trained.groups {
        let _ = writeln!(
            text,
            "| {} | {:.3} | {:.3} | {:.3} | {} |",
            row.group,
            row.nothing_db,
            row.frozen_db,
            row.net_db,
            if row.earns_its_place() { "yes" } else { "no" }
        );
    }
    text.push_str("\n| Level spread, mean error in dB; expansion to be undone |");
    for row in &trained.dynamics {
        let _ = write!(text, " {} |", row.expansion);
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(trained.dynamics.len()));
    text.push_str("\n| do nothing |");
    for row in &trained.dynamics {
        let _ = write!(text, " {:.2} |", row.nothing_db);
    }
    text.push_str("\n| net |");
    for row in &trained.dynamics {
        let _ = write!(text, " {:.2} |", row.net_db);
    }
    text.push('\n');
    text
}

/// The model card that goes beside the weights.
pub fn model_card(trained: &Trained, recipe: &Recipe) -> String {
    let [train, valid] = trained.tracks;
    let priors = &trained.priors;
    format!(
        "{CARD_HEAD}{recipe}\n\n\
        What they are: {members} set networks (DeepSets) of the same shape, averaged. They read \
        third-octave mid and side frames, the long-term spectrum and level statistics of a mix, \
        relative to its loudness, and give smooth modes of the EQ curve, side gain and tilt, and the wanted change of \
        level spread and of peak to loudness ratio, each with a variance.\n\n\
        What they are not: they never saw a real mix with its master, vocals are rare in the data, \
        and nothing above 16 kHz was learned.\n\n\
        - Weights: `default.safetensors`, BLAKE3 `{hash}`\n\
        - Made by: `acetate train` with recipe `{recipe}` ({steps} steps of {batch} mixes at most, \
        seed {seed}); kept steps {best:?}; loss curve in `loss.svg`, figures in `metrics.json`\n\
        - Data: finished masters of tiers A and B in `datasets.toml`: {train} tracks for training, \
        {valid} for validation (early stopping, priors), split by album group. Test albums were not \
        read.\n\
        - Decision: the posterior mean under a mixture of fault sizes, from none to large \
        (`crates/model/src/posterior.rs`); the sizes are the recipe's, and the share of mixes that are right as they \
        are, a factor on the variances and an exponent of the evidence were fitted on validation albums for the \
        least error from severity 1 up among those that harm untouched masters by at most {harm} dB and move 95 % \
        of them by at most {most_95} dB RMS. Right as they are: tone {tone_right:.2}, side {side_right:.2}, level \
        spread {spread_right:.2}, PLR {plr_right:.2}. Never more than {most} dB RMS of EQ or {most_band} dB in a band\n\
        - Unlike songs: the EQ's harm is bounded by {unlike_most} dB on {unlike} untouched songs that are unlike \
        those learned from (unmastered tracker modules; masters that are mono, quiet, unbalanced or \
        narrow-band; no test albums), with moves of at most {unlike_95} dB for 95 % of them. Harm now {unlike_harm:.2} dB, \
        95 % move by at most {unlike_move:.2} dB (validation albums {valid_harm:.2} and {valid_move:.2})\n\
        - Predicted deviations: scaled per group of outputs so that on validation albums the 80 % interval \
        holds 80 % of the errors, before the priors were fitted; the posterior deviation of tone once more\n\
        - The proof on audio, on test albums that training never reads: `eval.md` (`acetate eval`), and \
        every run of it in `test_runs.md`\n\n\
        ## Validation albums: the priors, the kept steps and the best fixed share were chosen on them\n\n\
        A quick look on band frames, to which a static EQ applies exactly; no audio is rendered here. \
        Faults are those of `acetate eval` (tilt, shelves, bells, named faults, every curve together \
        with its mirror, and a side gain and tilt of 0.8 of the severity). Tonal error: mean |dB| over \
        third octaves from 39 Hz to 16 kHz after a K-weighted loudness match, bands above -60 dB.\n\n\
        {tables}",
        members = recipe.members,
        hash = trained.weights_hash,
        recipe = trained.recipe,
        steps = recipe.steps,
        batch = recipe.batch,
        seed = recipe.seed,
        best = trained.best_steps,
        harm = MAX_HARM_DB,
        most = MAX_EQ_RMS_DB,
        most_95 = MAX_MOVE_95_DB,
        unlike_most = MAX_UNLIKE_HARM_DB,
        unlike_95 = MAX_UNLIKE_MOVE_95_DB,
        unlike = trained.unlike.cases,
        unlike_harm = trained.unlike.mid_error_db,
        unlike_move = trained.unlike.move_95_db,
        valid_harm = trained.harm.mid_error_db,
        valid_move = trained.harm.move_95_db,
        most_band = MAX_EQ_BAND_DB,
        tone_right = priors.tone.shares[0],
        side_right = priors.side.shares[0],
        spread_right = priors.spread.shares[0],
        plr_right = priors.plr.shares[0],
        tables = tables(trained),
    )
}

/// Training and validation loss of every member over the steps, as SVG.
///
/// # Errors
/// [`TrainError::Plot`] when the curve cannot be drawn.
pub fn loss_curve(members: &[Member]) -> Result<String, TrainError> {
    let mut svg = String::new();
    draw(members, &mut svg).map_err(|error| TrainError::Plot(error.to_string()))?;
    Ok(svg)
}

fn draw(members: &[Member], svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let looks = || members.iter().flat_map(|member| &member.looks);
    let last_step = looks().map(|look| look.step).max().unwrap_or(1);
    let losses = || looks().flat_map(|look| [look.train_loss, look.valid_loss]);
    let low = losses().fold(f64::INFINITY, f64::min);
    let high = losses().fold(f64::NEG_INFINITY, f64::max).max(low + 1e-6);
    let area = SVGBackend::with_string(svg, CURVE_SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(
            "Loss of each member: training (gray), validation (blue)",
            ("sans-serif", 18),
        )
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(48)
        .build_cartesian_2d(0..last_step, low..high)?;
    chart
        .configure_mesh()
        .x_desc("step")
        .y_desc("loss")
        .draw()?;
    for member in members {
        let train = member.looks.iter().map(|look| (look.step, look.train_loss));
        let valid = member.looks.iter().map(|look| (look.step, look.valid_loss));
        chart.draw_series(LineSeries::new(train, RGBColor(150, 150, 150)))?;
        chart.draw_series(LineSeries::new(valid, BLUE.stroke_width(2)))?;
    }
    area.present()?;
    drop(chart);
    Ok(())
}
