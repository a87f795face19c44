//! What a retraining says: the verdict in one line, and the model card.

use std::fmt::Write;

use acetate_dsp::measure::bands::judged_hz;
use acetate_dsp::plain;
use acetate_model::usual::told;

use super::judge::{Comparison, Errors};
use super::tune::Tune;
use super::{Answer, RetrainError, Retrained};
use crate::run::CARD_HEAD;

/// What is said of a catalog that nothing was trained on: too few `songs`, where at least `least` are needed.
///
/// # Errors
/// [`RetrainError::Weights`] when the shipped weights cannot be read.
pub fn too_few(
    tune: &Tune,
    (songs, least): (usize, usize),
    pairs: bool,
) -> Result<Retrained, RetrainError> {
    let noun = if pairs { "pairs" } else { "masters" };
    Ok(Retrained {
        verdict: format!(
            "{songs} {noun} are too few to retrain on (at least {least}): no weights were written, the shipped ones stay"
        ),
        ..Retrained::untrained(tune, pairs)?
    })
}

/// The answer in one line: own held-out songs, the interval, the public set, what was written.
pub fn verdict(retrained: &Retrained) -> String {
    let Some(own) = &retrained.own else {
        return retrained.verdict.clone();
    };
    let place = if retrained.left_out_in_turn {
        "pairs, each judged by what the others taught"
    } else if retrained.split_by_song {
        "held-out songs"
    } else {
        "held-out albums"
    };
    let figures = format!("{}{}", against(own), interval(own));
    let mut text = match retrained.answer {
        Answer::Better => format!("better on your {place}: {figures}"),
        Answer::NotShown => format!("not shown to be better on your {place}: {figures}"),
        Answer::OutOfBounds => format!(
            "better in tone on your {place}, but worse elsewhere (side {}, level spread {}, \
            untouched masters {}): {figures}",
            change(own, |errors| errors.side_db),
            change(own, |errors| errors.spread_db),
            change(own, |errors| errors.harm_db),
        ),
        _ => "retraining did not help on the songs set aside to choose by".to_owned(),
    };
    if let Some(usual) = retrained
        .usual_move
        .as_ref()
        .filter(|_| retrained.retrained_written)
    {
        let _ = write!(
            text,
            "; the engineer's usual move is made: {}",
            told(&usual.tone_db)
        );
    }
    match &retrained.public {
        _ if retrained.lambda == 0.0 => {}
        None => text.push_str("; public set: not in the cache, not measured"),
        Some(public) => {
            let _ = write!(
                text,
                "; public set: {}, {}",
                against(public),
                difference(-public.gain_db)
            );
        }
    }
    if retrained.answer != Answer::Better {
        text.push_str(if retrained.retrained_written {
            "; the retrained weights were written all the same (--force)"
        } else {
            "; no weights were written, the shipped ones stay"
        });
    }
    text
}

fn against(comparison: &Comparison) -> String {
    format!(
        "{:.2} dB against {:.2}",
        comparison.retrained.mid_db, comparison.shipped.mid_db
    )
}

fn difference(worse_db: f64) -> String {
    let hundredths = (100.0 * worse_db).round();
    if hundredths == 0.0 {
        "no difference".to_owned()
    } else if hundredths > 0.0 {
        format!("{:.2} worse", hundredths / 100.0)
    } else {
        format!("{:.2} better", -hundredths / 100.0)
    }
}

fn change(comparison: &Comparison, figure: fn(&Errors) -> f64) -> String {
    difference(figure(&comparison.retrained) - figure(&comparison.shipped))
}

fn interval(own: &Comparison) -> String {
    let plural = |count: usize, noun: &str| {
        let ending = if count == 1 { "" } else { "s" };
        format!("{count} {noun}{ending}")
    };
    let [songs, albums] = [plural(own.songs, "song"), plural(own.albums, "album")];
    let optimistic = if own.counts_songs() {
        ", optimistic: songs of one album resemble each other"
    } else {
        ""
    };
    match own.gain_interval_db {
        Some([low, high]) => format!(
            " (95 % interval of the gain {low:.2} to {high:.2}, {songs} of {albums}{optimistic})"
        ),
        None => format!(" (one song gives no interval, {songs} of {albums})"),
    }
}

/// The model card that goes beside the weights.
pub fn model_card(retrained: &Retrained, tune: &Tune) -> String {
    let weights = super::WEIGHTS_NAME;
    let mut text = format!(
        "{CARD_HEAD}weights retrained on a catalog\n\n**{}**\n\n\
        - Weights: `{weights}`, BLAKE3 `{}`: {}\n\
        - Use: `acetate master --weights {weights}`\n\
        - Made by: `acetate train {}` {}\n\
        - Songs: {}\n\
        - Decision: {}\n\n",
        retrained.verdict,
        retrained.weights_hash,
        what(retrained),
        if retrained.pairs {
            "--pairs"
        } else {
            "--masters"
        },
        how(retrained, tune),
        songs(retrained, tune),
        decision(retrained),
    );
    tables(retrained, &mut text);
    text
}

/// What the weights are.
fn what(retrained: &Retrained) -> String {
    if !retrained.retrained_written {
        return "not written; the shipped weights stay".to_owned();
    }
    let usual = match &retrained.usual_move {
        Some(_) => ", with the engineer's usual move",
        None => "",
    };
    if retrained.lambda == 0.0 {
        format!("the shipped net{usual}")
    } else {
        let percent = 100.0 * retrained.lambda;
        format!("{percent:.0} % of the way from the shipped to the fine-tuned weights{usual}")
    }
}

/// How they were made.
fn how(retrained: &Retrained, tune: &Tune) -> String {
    if retrained.left_out_in_turn {
        return "without training: fewer pairs than a net can be retrained on".to_owned();
    }
    format!(
        "with recipe `{}` ({} steps of {} mixes at most, seed {}), from the shipped weights; kept steps {:?}",
        retrained.recipe, tune.fit.steps, tune.fit.batch, tune.fit.seed, retrained.best_steps
    )
}

/// What they learned from and were judged by.
fn songs(retrained: &Retrained, tune: &Tune) -> String {
    let [fit, choosing, held_out] = retrained.songs;
    if retrained.left_out_in_turn {
        return format!("{fit} pairs, each judged by what the others taught");
    }
    let which = if retrained.split_by_song {
        " (drawn song by song: there are too few albums)".to_owned()
    } else if retrained.held_out_albums.is_empty() {
        String::new()
    } else {
        format!(" ({})", plain::field(&retrained.held_out_albums.join(", ")))
    };
    format!(
        "{fit} learned from, {choosing} to choose by, {held_out} held out{which}; {} public masters at a share of {} of \
        the mixes",
        retrained.public_mixed_in, tune.public_share
    )
}

/// Where the priors come from.
fn decision(retrained: &Retrained) -> &'static str {
    match (retrained.pairs, &retrained.usual_move) {
        (false, _) => {
            "the share of mixes that are right and how much the evidence counts, fitted on the songs to choose by"
        }
        (true, Some(_)) => {
            "how large faults are and the usual move, from the pairs; all else as in the shipped weights"
        }
        (true, None) => "as in the shipped weights",
    }
}

fn tables(retrained: &Retrained, text: &mut String) {
    if retrained.own.is_none() {
        return;
    }
    text.push_str(
        "What is left of the faults, dB (mean |dB| over third octaves from 39 Hz to 16 kHz after a \
        loudness match; of masters, drawn faults of 0 to 6 dB RMS, those about 1 dB counting most; of \
        pairs, the real difference):\n\n\
        | songs | weights | mid | side | level spread | harm to untouched masters |\n\
        |---|---|---|---|---|---|\n",
    );
    for (songs, comparison) in [
        ("your held-out songs", &retrained.own),
        ("public test albums", &retrained.public),
    ] {
        if let Some(comparison) = comparison {
            row(text, songs, "shipped", &comparison.shipped);
            row(text, songs, "retrained", &comparison.retrained);
        }
    }
    usual_move(retrained, text);
    if retrained.choices.is_empty() {
        return;
    }
    text.push_str(
        "\nShares of the way that were tried, on the songs set aside to choose by:\n\n\
        | share | usual move | mid | side | level spread | harm | within bounds |\n|---|---|---|---|---|---|---|\n",
    );
    for choice in &retrained.choices {
        let errors = &choice.errors;
        let _ = writeln!(
            text,
            "| {} | {} | {:.3} | {:.3} | {:.3} | {:.3} | {} |",
            choice.lambda,
            yes_or_no(choice.has_usual_move),
            errors.mid_db,
            errors.side_db,
            errors.spread_db,
            errors.harm_db,
            yes_or_no(choice.within_bounds)
        );
    }
}

fn yes_or_no(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// Third octaves that the table of the usual move shows: every third of the net's bands.
const SHOWN_BANDS: usize = 3;

fn usual_move(retrained: &Retrained, text: &mut String) {
    let Some(usual) = &retrained.usual_move else {
        return;
    };
    let shown: Vec<usize> = (0..usual.tone_db.len()).step_by(SHOWN_BANDS).collect();
    let cells = |cell: &dyn Fn(usize) -> String| -> String {
        let cells: Vec<String> = shown.iter().map(|&band| cell(band)).collect();
        cells.join(" | ")
    };
    let _ = write!(
        text,
        "\nWhat the engineer of {} pairs does to a mix whatever it sounds like, and the weights with it: {:.0} % of the \
        pairs' mean move, since few pairs tell little. A finished master with a limiter's traces does not get it; one \
        without them does.\n\n\
        | Hz | {} | side, all | level spread |\n|---|{}---|---|\n| dB | {} | {:+.2} | {:+.2} |\n",
        usual.pairs,
        100.0 * usual.kept_share,
        cells(&|band| format!("{:.0}", judged_hz(band))),
        "---|".repeat(shown.len()),
        cells(&|band| format!("{:+.2}", usual.tone_db[band])),
        usual.side_gain_db,
        usual.level_spread_db,
    );
}

fn row(text: &mut String, songs: &str, weights: &str, errors: &Errors) {
    let _ = writeln!(
        text,
        "| {songs} | {weights} | {:.3} | {:.3} | {:.3} | {:.3} |",
        errors.mid_db, errors.side_db, errors.spread_db, errors.harm_db
    );
}
