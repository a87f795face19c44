//! What stands out in a mix before it is mastered, each with a stable code and its evidence.

use acetate_dsp::Analysis;
use acetate_dsp::units::db_from_gain;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a finding matters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Better mended in the mix.
    Remark,
    /// Mastering makes it permanent.
    Problem,
}

/// Something that stands out in the input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Stable code.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// The measured figure.
    pub evidence: f64,
    /// Unit of the figure.
    pub unit: String,
    /// What was found, one sentence.
    pub text: String,
    /// What to do in the mix, one sentence.
    pub advice: String,
}

/// A finding about damage that the reader of a file went past; its words come from there.
pub fn damaged(what: &str) -> Finding {
    Finding {
        code: "damaged".to_owned(),
        severity: Severity::Problem,
        evidence: 1.0,
        unit: String::new(),
        text: format!("the file is damaged: {what}"),
        advice: "export or copy the mix again; --strict refuses such files".to_owned(),
    }
}

/// Clipped samples in a million from which a mix counts as clipped.
const CLIPPED_PPM: f64 = 20.0;
/// A mix with less peak to loudness ratio than this has been limited already, dB.
const LIMITED_PLR_DB: f64 = 9.0;
/// A larger DC offset than this is reported, dBFS.
const DC_DBFS: f64 = -50.0;
/// Correlation below which a mix disappears in mono.
const ANTI_PHASE: f64 = -0.2;
/// A mix whose spectrum ends below this came from a narrow source, Hz.
const NARROW_HZ: f64 = 15_000.0;

/// Everything that stands out, most severe first.
pub fn find(analysis: &Analysis) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |code: &str, severity, evidence: f64, unit: &str, text: String, advice: &str| {
        findings.push(Finding {
            code: code.to_owned(),
            severity,
            evidence,
            unit: unit.to_owned(),
            text,
            advice: advice.to_owned(),
        });
    };
    if analysis.non_finite_samples > 0 {
        add(
            "not-a-number",
            Severity::Problem,
            analysis.non_finite_samples as f64,
            "samples",
            format!(
                "{} samples are not numbers; they are read as silence",
                analysis.non_finite_samples
            ),
            "export the mix again: a plug-in has failed",
        );
    }
    let clipped: u64 = analysis.clipped_samples.iter().sum();
    let samples = (analysis.frames * analysis.channels as u64).max(1);
    let clipped_ppm = clipped as f64 * 1e6 / samples as f64;
    if clipped_ppm > CLIPPED_PPM {
        add(
            "clipping",
            Severity::Problem,
            clipped_ppm,
            "ppm",
            format!(
                "{clipped} samples in {} runs are clipped",
                analysis.clipped_runs.iter().sum::<u64>()
            ),
            "turn the mix bus down and export again: what is cut off cannot be brought back",
        );
    } else if analysis.plr_db < LIMITED_PLR_DB {
        add(
            "limited",
            Severity::Remark,
            analysis.plr_db,
            "dB",
            format!(
                "peaks stand only {:.1} dB above the loudness: it has been limited already",
                analysis.plr_db
            ),
            "take the limiter off the mix bus, unless this is a finished master",
        );
    }
    let dc = analysis
        .dc_offset
        .iter()
        .fold(0.0_f64, |most, offset| most.max(offset.abs()));
    if db_from_gain(dc) > DC_DBFS {
        add(
            "dc-offset",
            Severity::Note,
            db_from_gain(dc),
            "dBFS",
            format!(
                "the signal stands {:.0} dBFS off zero; the master takes it away",
                db_from_gain(dc)
            ),
            "nothing to do",
        );
    }
    if analysis.channels == 2 && analysis.correlation < ANTI_PHASE {
        add(
            "anti-phase",
            Severity::Problem,
            analysis.correlation,
            "",
            format!(
                "left and right are out of phase (correlation {:.2})",
                analysis.correlation
            ),
            "check the polarity of a channel: on a phone most of this mix disappears",
        );
    }
    let nyquist_hz = f64::from(analysis.sample_rate_hz) / 2.0;
    if analysis.bandwidth_hz < NARROW_HZ.min(0.9 * nyquist_hz) {
        add(
            "narrow-band",
            Severity::Note,
            analysis.bandwidth_hz,
            "Hz",
            format!(
                "nothing above {:.1} kHz: a lossy or resampled source",
                analysis.bandwidth_hz / 1000.0
            ),
            "master from the original export if there is one",
        );
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}
