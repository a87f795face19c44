//! [`Facts`]: everything that a detector may look at.

use acetate_dsp::Analysis;
use acetate_dsp::measure::bands::{THIRD_OCTAVES, edges_hz};
use acetate_dsp::measure::lone_transients::LoneTransient;
use acetate_dsp::measure::peak_steps::at_ceiling_percent;
use acetate_dsp::measure::weighting::k_weight_power;
use acetate_dsp::solve::stems::LeadFigures;
use acetate_dsp::units::{db_from_power, power_from_db};

use crate::corpus::Corpus;
use crate::scan::Scan;
use crate::tone::ToneJudgment;

/// From this probability on a program is told to be a finished master.
const FINISHED: f64 = 0.5;

/// Everything that a detector may look at.
pub struct Facts<'a> {
    /// The analysis of the program without its lone transients …
    pub analysis: &'a Analysis,
    /// … and those.
    pub lone_transients: &'a [LoneTransient],
    /// What the closer look found; `None` in the short form.
    pub scan: Option<&'a Scan>,
    /// What released music shows.
    pub corpus: &'a Corpus,
    /// What the predictor knows of the tone; none where nothing was judged.
    pub tone: Option<&'a ToneJudgment>,
    /// The lead against the rest; none without stems.
    pub lead: Option<&'a LeadFigures>,
    /// Share of 10 ms blocks that peak at the program's ceiling, percent.
    pub at_ceiling_percent: f64,
    /// True where the program looks like a finished master.
    pub mastered: bool,
}

impl<'a> Facts<'a> {
    /// Gathers them.
    pub fn new(
        analysis: &'a Analysis,
        scan: Option<&'a Scan>,
        tone: Option<&'a ToneJudgment>,
        corpus: &'a Corpus,
    ) -> Self {
        let lone_transients = &analysis.lone_transients;
        let analysis = analysis.program();
        let at_ceiling_percent = at_ceiling_percent(&analysis.sequences.peak_10ms);
        let mastered = tone.is_some_and(|tone| tone.finished_probability >= FINISHED);
        Self {
            analysis,
            lone_transients,
            scan,
            corpus,
            tone,
            lead: None,
            at_ceiling_percent,
            mastered,
        }
    }

    /// With what stems tell of the lead.
    #[must_use]
    pub fn with_lead(self, lead: &'a LeadFigures) -> Self {
        Self {
            lead: Some(lead),
            ..self
        }
    }

    /// Power of mid and side in the third octaves between two frequencies, full scale = 1.
    pub fn mid_side_power(&self, from_hz: f64, to_hz: f64) -> [f64; 2] {
        let spectrum = &self.analysis.spectrum;
        [&spectrum.mid_db, &spectrum.side_db].map(|levels| {
            bands_between(from_hz, to_hz)
                .filter_map(|band| levels.get(band))
                .map(|&level_db| power_from_db(level_db))
                .sum()
        })
    }

    /// K-weighted power of mid and side, full scale = 1.
    pub fn k_weighted_mid_side(&self) -> [f64; 2] {
        let spectrum = &self.analysis.spectrum;
        [&spectrum.mid_db, &spectrum.side_db].map(|levels| {
            let centers = spectrum.center_hz.iter().zip(levels);
            centers
                .map(|(&hz, &level_db)| power_from_db(level_db) * k_weight_power(hz))
                .sum()
        })
    }

    /// Level of the program, mean over the channels, dBFS.
    pub fn rms_dbfs(&self) -> f64 {
        let [mid, side] = self.mid_side_power(0.0, 30_000.0);
        db_from_power((mid + side).max(1e-30))
    }

    /// True for two channels.
    pub fn is_stereo(&self) -> bool {
        self.analysis.channels == 2
    }
}

/// Third octaves whose center lies between two frequencies.
pub fn bands_between(from_hz: f64, to_hz: f64) -> impl Iterator<Item = usize> {
    (0..THIRD_OCTAVES).filter(move |&band| {
        let (low_hz, high_hz) = edges_hz(band);
        let center_hz = (low_hz * high_hz).sqrt();
        (from_hz..to_hz).contains(&center_hz)
    })
}
