//! The conformance signals of EBU Tech 3341 v4, EBU Tech 3342 v4 and ITU-R BS.2217-2 that fit a
//! stereo file, made in code at any sample rate, and what a meter has to read. All are the same in
//! both channels. 3341's case 6 has five channels, 7 and 8 are real programs.

use std::f64::consts::{PI, TAU};

use crate::measure::loudness::OFFSET_LU;
use crate::numeric::bessel_i0;
use crate::units::{db_from_gain, gain_from_db};

const SILENCE: f64 = f64::NEG_INFINITY;
/// Tolerance of EBU Tech 3341 for loudness, and of BS.2217, LU.
const LOUDNESS_LU: f64 = 0.1;
/// Tolerance of EBU Tech 3342, LU.
const RANGE_LU: f64 = 1.0;
/// Tolerance of EBU Tech 3341 for true peak, below and above, dB.
const TRUE_PEAK_DB: (f64, f64) = (0.4, 0.2);
/// Rate at which BS.2217 gives its positions, Hz.
const BS_2217_HZ: f64 = 48_000.0;

/// One figure that a meter has to read.
pub struct Expected {
    /// The field of a report.
    pub figure: &'static str,
    /// What it should read.
    pub value: f64,
    below: f64,
    above: f64,
}

impl Expected {
    fn of(figure: &'static str, value: f64, tolerance: f64) -> Self {
        Self {
            figure,
            value,
            below: tolerance,
            above: tolerance,
        }
    }

    fn true_peak(value: f64) -> Self {
        let (below, above) = TRUE_PEAK_DB;
        Self {
            figure: "true_peak_dbtp",
            value,
            below,
            above,
        }
    }

    /// Whether a reading is within the standard's tolerance.
    pub fn holds(&self, got: f64) -> bool {
        (-self.below..=self.above).contains(&(got - self.value))
    }
}

/// How a case sounds.
enum Signal {
    /// 1 kHz: seconds and level in dBFS, one after the other.
    Tones(Vec<(f64, f64)>),
    /// 4 s of one tone: frequency in Hz and level in dBFS.
    Steady(f64, f64),
    /// A tone of a fraction of the sample rate: divisor, phase in degrees, level in dBFS.
    BetweenSamples(f64, f64, f64),
    /// The transient of 3341's cases 20 to 23 from this offset on.
    Transient(usize),
    /// 4 s of ±1 LSB of 16 bits with 1 kHz in between: first and last frame at 48 kHz, dBFS.
    Gated(Vec<(u32, u32, f64)>),
}

/// One conformance signal.
pub struct Case {
    /// Standard and number.
    pub name: String,
    signal: Signal,
    /// What a meter has to read.
    pub expected: Vec<Expected>,
}

/// Every case.
pub fn cases() -> Vec<Case> {
    let mut cases = tech_3341_loudness();
    cases.extend(tech_3341_maxima());
    cases.extend(tech_3341_true_peak());
    cases.extend(tech_3342());
    cases.extend(bs_2217());
    cases
}

fn case(name: impl Into<String>, signal: Signal, expected: Vec<Expected>) -> Case {
    Case {
        name: name.into(),
        signal,
        expected,
    }
}

fn tech_3341_loudness() -> Vec<Case> {
    let lufs = |figure, value| Expected::of(figure, value, LOUDNESS_LU);
    let steady = |number, level| {
        let figures = [
            "integrated_lufs",
            "short_term_max_lufs",
            "momentary_max_lufs",
        ];
        let expected = figures.map(|figure| lufs(figure, level)).into();
        case(
            format!("3341-{number}"),
            Signal::Tones(vec![(20.0, level)]),
            expected,
        )
    };
    let integrated = |number, parts: &[(f64, f64)]| {
        let expected = vec![lufs("integrated_lufs", -23.0)];
        case(
            format!("3341-{number}"),
            Signal::Tones(parts.to_vec()),
            expected,
        )
    };
    vec![
        steady(1, -23.0),
        steady(2, -33.0),
        integrated(3, &[(10.0, -36.0), (60.0, -23.0), (10.0, -36.0)]),
        integrated(
            4,
            &[
                (10.0, -72.0),
                (10.0, -36.0),
                (60.0, -23.0),
                (10.0, -36.0),
                (10.0, -72.0),
            ],
        ),
        integrated(5, &[(20.0, -26.0), (20.1, -20.0), (20.0, -26.0)]),
        case(
            "3341-9",
            Signal::Tones([(1.34, -20.0), (1.66, -30.0)].repeat(5)),
            vec![lufs("short_term_max_lufs", -23.0)],
        ),
        case(
            "3341-12",
            // The first window that holds the whole pattern begins with the signal.
            Signal::Tones([(0.18, -20.0), (0.22, -30.0)].repeat(25)),
            vec![lufs("momentary_max_lufs", -23.0)],
        ),
    ]
}

fn tech_3341_maxima() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |number, step, parts: Vec<(f64, f64)>, figure, level| {
        let expected = vec![Expected::of(figure, level, LOUDNESS_LU)];
        cases.push(case(
            format!("3341-{number}-{step}"),
            Signal::Tones(parts),
            expected,
        ));
    };
    for step in 0..20 {
        let level = f64::from(step) - 38.0;
        let (short, momentary) = ("short_term_max_lufs", "momentary_max_lufs");
        let delay_s = 0.15 * f64::from(step);
        add(
            10,
            step,
            vec![(delay_s, SILENCE), (3.0, -23.0), (1.0, SILENCE)],
            short,
            -23.0,
        );
        let rest_s = 3.0 - delay_s;
        add(
            11,
            step,
            vec![(delay_s, SILENCE), (3.0, level), (rest_s, SILENCE)],
            short,
            level,
        );
        let delay_s = 0.02 * f64::from(step);
        add(
            13,
            step,
            vec![(delay_s, SILENCE), (0.4, -23.0), (1.0, SILENCE)],
            momentary,
            -23.0,
        );
        let rest_s = 0.4 - delay_s;
        add(
            14,
            step,
            vec![(delay_s, SILENCE), (0.4, level), (rest_s, SILENCE)],
            momentary,
            level,
        );
    }
    cases
}

fn tech_3341_true_peak() -> Vec<Case> {
    let tones = [
        (15, 4.0, 0.0, -6.0),
        (16, 4.0, 45.0, -6.0),
        (17, 6.0, 60.0, -6.0),
        (18, 8.0, 67.5, -6.0),
        (19, 4.0, 45.0, 3.0),
    ];
    let tones = tones.map(|(number, divisor, phase_degrees, level)| {
        let signal = Signal::BetweenSamples(divisor, phase_degrees, level);
        case(
            format!("3341-{number}"),
            signal,
            vec![Expected::true_peak(level)],
        )
    });
    let transients = [0, 1, 2, 3].map(|offset| {
        let signal = Signal::Transient(offset);
        case(
            format!("3341-{}", 20 + offset),
            signal,
            vec![Expected::true_peak(0.0)],
        )
    });
    tones.into_iter().chain(transients).collect()
}

fn tech_3342() -> Vec<Case> {
    let cases: [(&[f64], f64); 4] = [
        (&[-20.0, -30.0], 10.0),
        (&[-20.0, -15.0], 5.0),
        (&[-40.0, -20.0], 20.0),
        (&[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0),
    ];
    let numbered = cases.iter().enumerate();
    numbered
        .map(|(index, (levels, range))| {
            let parts = levels.iter().map(|&level| (20.0, level)).collect();
            let expected = vec![Expected::of("loudness_range_lu", *range, RANGE_LU)];
            case(
                format!("3342-{}", index + 1),
                Signal::Tones(parts),
                expected,
            )
        })
        .collect()
}

fn bs_2217() -> Vec<Case> {
    let integrated = |value| vec![Expected::of("integrated_lufs", value, LOUDNESS_LU)];
    let absolute = [38_400, 86_400, 134_400].map(|from| (from, from + 24_000, -69.5));
    let relative = [
        (24_000, 67_200, -19.9),
        (67_200, 129_600, -7.1),
        (129_600, 168_000, -19.9),
    ];
    let mut cases = vec![
        case(
            "2217-absolute",
            Signal::Gated(absolute.into()),
            integrated(-69.5),
        ),
        case(
            "2217-relative",
            Signal::Gated(relative.into()),
            integrated(-10.0),
        ),
    ];
    for freq_hz in [25.0, 100.0, 500.0, 1_000.0, 2_000.0, 10_000.0] {
        for level in [-23.0, -24.0] {
            // Two channels in phase add 3.01 dB, a tone's mean square is 3.01 dB below its peak.
            let peak_dbfs = level - OFFSET_LU - table_gain_db(freq_hz);
            let signal = Signal::Steady(freq_hz, peak_dbfs);
            cases.push(case(
                format!("2217-{freq_hz}Hz{level}"),
                signal,
                integrated(level),
            ));
        }
    }
    cases
}

/// Gain of the K-weighting at 48 kHz from the coefficients of BS.1770-5, Annex 1, Tables 1 and 2.
fn table_gain_db(freq_hz: f64) -> f64 {
    let sections = [
        [
            1.535_124_859_586_97,
            -2.691_696_189_406_38,
            1.198_392_810_852_85,
        ],
        [1.0, -1.690_659_293_182_41, 0.732_480_774_215_85],
        [1.0, -2.0, 1.0],
        [1.0, -1.990_047_454_833_98, 0.990_072_250_366_21],
    ];
    let omega = TAU * freq_hz / BS_2217_HZ;
    let [shelf, shelf_poles, high_pass, high_pass_poles] = sections.map(|[c0, c1, c2]| {
        let real = c0 + c1 * libm::cos(omega) + c2 * libm::cos(2.0 * omega);
        let imaginary = c1 * libm::sin(omega) + c2 * libm::sin(2.0 * omega);
        libm::hypot(real, imaginary)
    });
    db_from_gain(shelf / shelf_poles * high_pass / high_pass_poles)
}

impl Case {
    /// The samples of either channel.
    pub fn channel(&self, rate_hz: u32) -> Vec<f32> {
        let rate = f64::from(rate_hz);
        match &self.signal {
            Signal::Tones(parts) => tones(rate_hz, parts),
            Signal::Steady(freq_hz, level_dbfs) => {
                let step = TAU * freq_hz / rate;
                let amplitude = gain_from_db(*level_dbfs);
                (0..4 * rate_hz)
                    .map(|n| (amplitude * libm::sin(step * f64::from(n))) as f32)
                    .collect()
            }
            Signal::BetweenSamples(divisor, phase_degrees, level_dbfs) => {
                let (frames, fade) = (rate_hz / 5, rate / 100.0);
                let phase = phase_degrees * PI / 180.0;
                (0..frames)
                    .map(|n| {
                        let edge = (f64::from(n.min(frames - 1 - n)) / fade).min(1.0);
                        let angle = TAU * f64::from(n) / divisor + phase;
                        (gain_from_db(*level_dbfs) * edge * libm::sin(angle)) as f32
                    })
                    .collect()
            }
            Signal::Transient(offset) => transient(*offset),
            Signal::Gated(parts) => {
                let at = |frame: u32| (f64::from(frame) * rate / BS_2217_HZ).round() as usize;
                let lsb = |n: u32| if n.is_multiple_of(2) { 1.0 } else { -1.0 } / 32_768.0;
                let mut channel: Vec<f32> = (0..4 * rate_hz).map(lsb).collect();
                for &(from, to, level_dbfs) in parts {
                    for (n, sample) in channel.iter_mut().enumerate().take(at(to)).skip(at(from)) {
                        *sample = (gain_from_db(level_dbfs)
                            * libm::sin(TAU * 1_000.0 * n as f64 / rate))
                            as f32;
                    }
                }
                channel
            }
        }
    }
}

/// 1 kHz at one level after another: `(seconds, peak in dBFS)`.
pub fn tones(rate_hz: u32, parts: &[(f64, f64)]) -> Vec<f32> {
    // 1 kHz repeats after at most `rate / 100` frames at every rate used here.
    let period = (rate_hz / 100) as usize;
    let cycle: Vec<f64> = (0..period)
        .map(|n| libm::sin(TAU * 1_000.0 * n as f64 / f64::from(rate_hz)))
        .collect();
    let mut channel = Vec::new();
    let mut end_s = 0.0;
    for &(duration_s, level_dbfs) in parts {
        end_s += duration_s;
        let end = (end_s * f64::from(rate_hz)).round() as usize;
        let amplitude = gain_from_db(level_dbfs);
        channel.extend((channel.len()..end).map(|n| (amplitude * cycle[n % period]) as f32));
    }
    channel
}

/// A half wave of full scale in a tone at -6 dB, made at four times the rate, band-limited (Kaiser
/// window, β = 14, 1025 taps, corner at half the base rate) and decimated from `offset`.
pub fn transient(offset: usize) -> Vec<f32> {
    let (frames, center) = (4 * 1_200usize, 2_400i64);
    let fine: Vec<f64> = (0..frames as i64)
        .map(|n| {
            let d = (n - center) as f64;
            let edge = (n.min(frames as i64 - n) as f64 / 480.0).min(1.0);
            let tone = |d: f64| gain_from_db(-6.0) * libm::sin(TAU * d / 24.0);
            edge * if d < -8.0 {
                tone(d + 8.0)
            } else if d > 8.0 {
                tone(d - 8.0)
            } else {
                -libm::sin(TAU * d / 16.0)
            }
        })
        .collect();
    let sinc = |t: f64| {
        if t == 0.0 {
            1.0
        } else {
            libm::sin(PI * t) / (PI * t)
        }
    };
    let taps: Vec<f64> = (-512..=512)
        .map(|n| {
            let n = f64::from(n);
            let window = bessel_i0(14.0 * (1.0 - (n / 512.0).powi(2)).sqrt()) / bessel_i0(14.0);
            0.25 * sinc(n / 4.0) * window
        })
        .collect();
    let filtered = |at: usize| {
        let reach = taps.iter().enumerate();
        reach
            .filter_map(|(j, tap)| Some(tap * fine.get((at + j).checked_sub(512)?)?))
            .sum::<f64>() as f32
    };
    (offset..frames).step_by(4).map(filtered).collect()
}
