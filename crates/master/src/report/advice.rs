//! What helps where a figure does not say how loud a file plays: mono, whichever way it is stored.

use acetate_dsp::Analysis;
use acetate_dsp::analysis::Spectrum;

/// Nothing is there below this, dB.
const ABSENT_DB: f64 = -150.0;
/// Mid and side of one channel alone differ by less, dB.
const SAME_DB: f64 = 0.03;

/// Of a mono file that is measured as one speaker plays it.
pub const MONO: &str = "a mono file plays from both speakers: beside stereo songs of the same LUFS it sounds 3 dB \
     louder; with --dual-mono it is measured as it sounds there, and comes out as loud as they are";

/// What the numbers leave out.
pub fn of(analysis: &Analysis, dual_mono: bool) -> Vec<String> {
    let text = match (analysis.channels, dual_mono) {
        (1, false) => Some(MONO),
        (2, true) => Some(
            "--dual-mono changes nothing here: it is for files of one channel, and this one has two",
        ),
        (2, false) if is_twice_the_same(&analysis.spectrum) => Some(
            "both channels hold the same sound: it plays as loud beside stereo songs as its LUFS say, and needs no \
             --dual-mono; if you export it again as a mono file, use --dual-mono, or that file sounds 3 dB louder",
        ),
        (2, false) if is_one_alone(&analysis.spectrum) => Some(
            "only one of the two channels has sound, and it plays from one speaker: export it as a mono file and \
             master that with --dual-mono, or put the sound on both channels",
        ),
        _ => None,
    };
    text.map(str::to_owned).into_iter().collect()
}

/// No difference between the channels in any band.
fn is_twice_the_same(spectrum: &Spectrum) -> bool {
    let is_there = |db: &f64| *db > ABSENT_DB;
    spectrum.mid_db.iter().any(is_there) && !spectrum.side_db.iter().any(is_there)
}

/// Mid and side are the same in every band, which two channels with sound in them never are.
fn is_one_alone(spectrum: &Spectrum) -> bool {
    let bands = || spectrum.mid_db.iter().zip(&spectrum.side_db);
    let mut there = bands().filter(|(mid, _)| **mid > ABSENT_DB).peekable();
    there.peek().is_some() && there.all(|(mid, side)| (mid - side).abs() <= SAME_DB)
}
