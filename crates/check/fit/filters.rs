//! Second-order sections (the audio EQ cookbook) for the injected faults.

use acetate_dsp::Audio;

/// A section: b0, b1, b2, a1, a2.
pub type Section = [f64; 5];

/// Peaking section.
pub fn bell(rate: f64, center_hz: f64, q: f64, gain_db: f64) -> Section {
    let (cos, alpha) = corner(rate, center_hz, q);
    let a = 10f64.powf(gain_db / 40.0);
    let norm = 1.0 + alpha / a;
    [
        (1.0 + alpha * a) / norm,
        -2.0 * cos / norm,
        (1.0 - alpha * a) / norm,
        -2.0 * cos / norm,
        (1.0 - alpha / a) / norm,
    ]
}

/// High shelf of slope 1.
pub fn high_shelf(rate: f64, corner_hz: f64, gain_db: f64) -> Section {
    let (cos, alpha) = corner(rate, corner_hz, std::f64::consts::FRAC_1_SQRT_2);
    let a = 10f64.powf(gain_db / 40.0);
    let root = 2.0 * a.sqrt() * alpha;
    let norm = (a + 1.0) - (a - 1.0) * cos + root;
    [
        a * ((a + 1.0) + (a - 1.0) * cos + root) / norm,
        -2.0 * a * ((a - 1.0) + (a + 1.0) * cos) / norm,
        a * ((a + 1.0) + (a - 1.0) * cos - root) / norm,
        2.0 * ((a - 1.0) - (a + 1.0) * cos) / norm,
        ((a + 1.0) - (a - 1.0) * cos - root) / norm,
    ]
}

/// Butterworth high-pass.
pub fn high_pass(rate: f64, corner_hz: f64) -> Section {
    let (cos, alpha) = corner(rate, corner_hz, std::f64::consts::FRAC_1_SQRT_2);
    let norm = 1.0 + alpha;
    [
        0.5 * (1.0 + cos) / norm,
        -(1.0 + cos) / norm,
        0.5 * (1.0 + cos) / norm,
        -2.0 * cos / norm,
        (1.0 - alpha) / norm,
    ]
}

/// Butterworth low-pass.
pub fn low_pass(rate: f64, corner_hz: f64) -> Section {
    let (cos, alpha) = corner(rate, corner_hz, std::f64::consts::FRAC_1_SQRT_2);
    let norm = 1.0 + alpha;
    [
        0.5 * (1.0 - cos) / norm,
        (1.0 - cos) / norm,
        0.5 * (1.0 - cos) / norm,
        -2.0 * cos / norm,
        (1.0 - alpha) / norm,
    ]
}

/// First-order all-pass: -90 degrees at its corner.
pub fn all_pass(rate: f64, corner_hz: f64) -> Section {
    let t = (std::f64::consts::PI * corner_hz / rate).tan();
    let c = (t - 1.0) / (t + 1.0);
    [c, 1.0, 0.0, c, 0.0]
}

fn corner(rate: f64, hz: f64, q: f64) -> (f64, f64) {
    // A corner above what the rate carries stands at its end.
    let omega = std::f64::consts::TAU * (hz / rate).min(0.49);
    (omega.cos(), omega.sin() / (2.0 * q))
}

/// One channel through a section.
pub fn run(section: Section, samples: &[f32]) -> Vec<f32> {
    let [b0, b1, b2, a1, a2] = section;
    let (mut s1, mut s2) = (0.0, 0.0);
    samples
        .iter()
        .map(|&x| {
            let x = f64::from(x);
            let y = b0 * x + s1;
            s1 = b1 * x - a1 * y + s2;
            s2 = b2 * x - a2 * y;
            y as f32
        })
        .collect()
}

/// Both channels through a section.
pub fn filtered(audio: &Audio, section: Section) -> Audio {
    let mut out = audio.clone();
    for (channel, samples) in out.channels_mut().zip(audio.channels()) {
        channel.copy_from_slice(&run(section, samples));
    }
    out
}
