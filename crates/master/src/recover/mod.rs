//! What was done to a mix, in the chain's terms, from the mix and the master that somebody made of it.
//!
//! Tone, width and the spread of levels are fitted on both programs' own figures, then corrected on
//! what the chain really renders. A compressor, moves of the song's parts and a de-esser are added one after the other,
//! each only if it explains more than its parameters cost; where frames show no difference it is not even rendered. What
//! the figures do not hold (time constants, the limiter's character, the compressor's threshold) keeps its default.

mod choice;
mod criterion;
mod deessing;
mod distance;
mod frames;
mod pair;
mod parts;
mod ratio;
mod recovered;
mod render;
mod stretch;
mod told;

pub use recovered::{DeesserLeftOut, LeftOut, Recovered, SectionsLeftOut};

use acetate_dsp::Source;

use crate::error::MasterError;
use deessing::{DEESSER_PARAMETERS, Treble};
use pair::{CORRECTIONS, Fit, Pair, REFINEMENTS};
use parts::SongParts;
use recovered::Refused;
use stretch::Stretch;

/// Highest ratio that is tried.
const MAX_RATIO: f64 = 2.5;
/// A de-esser of which frames promise no more than of treble that is turned down whenever it is loud must leave so much
/// less of it than that.
const CLEARLY: f64 = 0.5;
/// Fits that are corrected anew at most, after the first two: sections with a compressor and without, de-esser.
const REFINED: usize = 3;

/// Recovers the settings behind a master. `progress` is told the share that is done, 0 to 1.
///
/// Of explanations of equal fit the simplest stands: a compressor, sections and a de-esser are each held against the best
/// settings without, and taken only if they follow the master over time better by more than chance would have it.
///
/// # Errors
/// [`MasterError`]: a source fails or has no loudness.
pub fn recover(
    mix: &mut dyn Source,
    master: &mut dyn Source,
    progress: &mut dyn FnMut(f64),
) -> Result<Recovered, MasterError> {
    let passes = (3 + 2 * (CORRECTIONS + 1) + REFINED * REFINEMENTS) as f64;
    let mut done = 0.0;
    let mut step = || {
        done += 1.0;
        progress(done / passes);
    };
    let pair = Pair::measured(mix, master, &mut step)?;
    let mut compared = Stretch::new(mix, 0, pair.fades_from_s)?;
    let mut stepwise = Stepwise {
        pair: &pair,
        mix: &mut compared,
        step: &mut step,
        refused: Refused::default(),
    };
    let (base, other) = stepwise.compressor()?;
    let song = SongParts::new(&pair);
    let base = match &song {
        Some(song) => stepwise.sections(song, base, other)?,
        None => base,
    };
    let fit = stepwise.deesser(song.as_ref(), base)?;
    let refused = stepwise.refused;
    progress(1.0);
    told::told(&pair, song.as_ref(), fit, &refused)
}

/// Stages added one after the other.
struct Stepwise<'a> {
    pair: &'a Pair,
    mix: &'a mut dyn Source,
    step: &'a mut dyn FnMut(),
    refused: Refused,
}

impl Stepwise<'_> {
    /// The better one of the fits with a compressor and without, and the other one where there is any.
    fn compressor(&mut self) -> Result<(Fit, Option<Fit>), MasterError> {
        let compressed = self.pair.fit(self.mix, MAX_RATIO, self.step)?;
        if compressed.ratio() == 1.0 {
            return Ok((compressed, None));
        }
        let plain = self.pair.fit(self.mix, 1.0, self.step)?;
        Ok(self.better(compressed, plain))
    }

    /// The compressed fit if it explains more, else the plain one; and the other one.
    fn better(&mut self, compressed: Fit, plain: Fit) -> (Fit, Option<Fit>) {
        if self.pair.explains_more(&compressed, &plain) {
            self.refused.compressor = None;
            (compressed, Some(plain))
        } else {
            self.refused.compressor = Some(LeftOut {
                ratio: compressed.ratio(),
                riding_db: self.pair.riding_db(&compressed.found),
            });
            (plain, Some(compressed))
        }
    }

    /// `base`, or what explains more with moves of the song's parts. They are sought on either fit: moves of parts look
    /// like a compressor, and the reverse.
    fn sections(
        &mut self,
        song: &SongParts<'_>,
        base: Fit,
        other: Option<Fit>,
    ) -> Result<Fit, MasterError> {
        let before = song.left(&base.found);
        let worth = |fit: &Fit| {
            let moves = song.moves(&[], &fit.found);
            let is_compressed = [&base, fit].map(|fit| f64::from(u8::from(fit.ratio() > 1.0)));
            let ratio_price = pair::COMPRESSOR_PARAMETERS * before[0].price();
            let worth = before[0].gain(moves.left[0]) + before[1].gain(moves.left[1])
                - moves.parameters() * song.price(before[0])
                - (is_compressed[1] - is_compressed[0]) * ratio_price;
            (moves, worth)
        };
        let fits = [Some(&base), other.as_ref()].into_iter().flatten();
        let tried = fits.map(|fit| (fit, worth(fit)));
        let tried = tried.filter(|(_, (moves, worth))| moves.parameters() > 0.0 && *worth > 0.0);
        let Some((start, (moves, _))) = tried.max_by(|a, b| a.1.1.total_cmp(&b.1.1)) else {
            return Ok(base);
        };
        let mut draft = start.draft.with_ratio(start.ratio());
        draft.settings.sections = moves.sections;
        let refused = self.refused;
        let (moved, chosen) = self.moved(song, draft)?;
        let parameters = chosen.iter().sum::<usize>() as f64;
        let left = song.left(&moved.found);
        let gain = before[0].gain(left[0]) + before[1].gain(left[1]);
        // What moves a part's level shows in its loudness as in its bands.
        let riding = [&base, &moved].map(|fit| self.pair.riding_left(&fit.found));
        let is_heard = chosen[0] == 0 || riding[0].is_beaten_by(riding[1], chosen[0] as f64);
        if parameters > 0.0 && is_heard && gain > parameters * song.price(before[0]) {
            return Ok(moved);
        }
        self.refused = refused;
        self.refused.sections = SectionsLeftOut::of(&moved.draft.settings.sections);
        Ok(base)
    }

    /// Settings with sections, corrected, with a compressor if that explains more; and how many moves they have.
    fn moved(
        &mut self,
        song: &SongParts<'_>,
        draft: pair::Draft,
    ) -> Result<(Fit, [usize; 2]), MasterError> {
        let mut refine = |draft: pair::Draft, is_compressed: bool| {
            let mut chosen = [0; 2];
            let fit = self.pair.refined(
                self.mix,
                draft,
                &mut |settings, found| {
                    let moves = song.moves(&settings.sections, found);
                    settings.sections = moves.sections;
                    chosen = moves.chosen;
                    if is_compressed {
                        settings.compressor.ratio = song.ratio(&settings.compressor, found);
                    }
                },
                self.step,
            )?;
            Ok::<_, MasterError>((fit, chosen))
        };
        let (fit, chosen) = refine(draft, true)?;
        if fit.ratio() == 1.0 {
            self.refused.compressor = None;
            return Ok((fit, chosen));
        }
        let (plain, plain_chosen) = refine(fit.draft.with_ratio(1.0), false)?;
        let (better, _) = self.better(fit, plain);
        let chosen = if better.ratio() > 1.0 {
            chosen
        } else {
            plain_chosen
        };
        Ok((better, chosen))
    }

    /// `base`, or what explains more with a de-esser.
    fn deesser(&mut self, song: Option<&SongParts<'_>>, base: Fit) -> Result<Fit, MasterError> {
        let treble = Treble::new(self.pair);
        let before = treble.left(&base.found);
        let settings = &base.draft.settings;
        let Some(found) = treble
            .search(settings, &base.found)
            .filter(|found| before.is_beaten_by(found.left, DEESSER_PARAMETERS))
        else {
            return Ok(base);
        };
        let anywhere = treble.search_anywhere(settings, &base.found);
        let mut draft = base.draft.clone();
        draft.settings.deesser = found.deesser;
        let fit = self.pair.refined(
            self.mix,
            draft,
            &mut |settings, found| {
                if let Some(song) = song
                    && !settings.sections.is_empty()
                {
                    // S sounds are in the middle: with them down, side is less wide than it seemed.
                    settings.sections = song.moves(&settings.sections, found).sections;
                }
                if let Some(found) = treble.search(settings, found) {
                    settings.deesser = found.deesser;
                }
            },
            self.step,
        )?;
        let left = treble.left(&fit.found);
        let is_any_treble = anywhere.is_some_and(|any| {
            let any = any.left.mean_square;
            any < found.left.mean_square && left.mean_square > CLEARLY * any
        });
        if !is_any_treble && before.is_beaten_by(left, DEESSER_PARAMETERS) {
            return Ok(fit);
        }
        self.refused.deesser = Some(DeesserLeftOut {
            deesser: fit.draft.settings.deesser,
            treble_db: left.mean_square.sqrt(),
            treble_without_db: before.mean_square.sqrt(),
            is_any_treble,
        });
        Ok(base)
    }
}
