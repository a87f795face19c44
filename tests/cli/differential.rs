//! Our figures of real music against ffmpeg's `ebur128` filter, where ffmpeg is installed.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::dir::Dir;
use crate::mastering::EXCERPTS;

/// ffmpeg prints one decimal: half of one, and what its gate may differ by, LU.
const LOUDNESS_LU: f64 = 0.1;
/// Its range comes from a histogram of 0.1 LU; a short excerpt has few values around a percentile, LU.
const RANGE_LU: f64 = 0.4;
/// It interpolates to 192 kHz and does not read the ringing after the last sample: by so much it may
/// read below us, dB.
const TRUE_PEAK_BELOW_DB: f64 = 0.35;
/// By so much it may read above us, half a decimal included, dB.
const TRUE_PEAK_ABOVE_DB: f64 = 0.1;

/// What ffmpeg read.
struct Ffmpeg {
    summary: String,
}

impl Ffmpeg {
    /// `None`, said on standard error, where ffmpeg is not installed.
    fn measure(dir: &Dir, name: &str) -> Option<Self> {
        let output = Command::new("ffmpeg")
            .args(["-nostats", "-hide_banner", "-nostdin", "-i"])
            .arg(dir.path(name))
            .args(["-af", "ebur128=peak=true", "-f", "null", "-"])
            .stdin(Stdio::null())
            .output();
        let Ok(output) = output else {
            eprintln!("ffmpeg is not installed: its meter was not asked");
            return None;
        };
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let summary = text[text.rfind("Summary:").expect("ffmpeg's summary")..].to_owned();
        Some(Self { summary })
    }

    fn figure(&self, label: &str) -> f64 {
        let from = self.summary.find(label).expect("a figure") + label.len();
        let rest = &self.summary[from..];
        rest.split_whitespace().next().unwrap().parse().unwrap()
    }
}

fn ours(report: &Value, figure: &str) -> f64 {
    report[figure].as_f64().unwrap()
}

#[test]
fn ffmpeg_reads_the_same_loudness_range_and_true_peak_of_real_music() {
    for name in EXCERPTS {
        let dir = Dir::new();
        dir.excerpt(name);
        let Some(ffmpeg) = Ffmpeg::measure(&dir, name) else {
            return;
        };
        let report = dir.run(&["analyze", name, "--json"]).expect(0).json();
        let off_lu = ours(&report, "integrated_lufs") - ffmpeg.figure("I:");
        assert!(
            off_lu.abs() <= LOUDNESS_LU,
            "{name}: loudness differs by {off_lu} LU"
        );
        let off_lu = ours(&report, "loudness_range_lu") - ffmpeg.figure("LRA:");
        assert!(
            off_lu.abs() <= RANGE_LU,
            "{name}: range differs by {off_lu} LU"
        );
        let off_db = ours(&report, "true_peak_dbtp") - ffmpeg.figure("Peak:");
        assert!(
            (-TRUE_PEAK_ABOVE_DB..=TRUE_PEAK_BELOW_DB).contains(&off_db),
            "{name}: true peak differs by {off_db} dB"
        );
    }
}

#[test]
fn ffmpeg_agrees_on_a_master() {
    let dir = Dir::new();
    let mix = EXCERPTS[0];
    dir.excerpt(mix);
    dir.run(&["master", mix, "-o", "master.wav"]).expect(0);
    let Some(ffmpeg) = Ffmpeg::measure(&dir, "master.wav") else {
        return;
    };
    assert!(
        (ffmpeg.figure("I:") + 14.0).abs() <= 0.15,
        "{}",
        ffmpeg.summary
    );
    assert!(ffmpeg.figure("Peak:") <= -1.0 + 0.05, "{}", ffmpeg.summary);
}
